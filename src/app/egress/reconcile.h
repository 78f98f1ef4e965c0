/*
 * What webhooks should have reported and did not: at start, and every RECONCILE_SECONDS, LiveKit's
 * rooms, participants and tracks are compared with what is known here. Rooms without a session of
 * ours are left alone unless RECONCILE_ROOMS=all. Each room's participants are listed by a call of
 * their own, so that a failing call delays no other meeting. Control thread only.
 */
#ifndef APP_RECONCILE_H
#define APP_RECONCILE_H

struct config;
struct egresses;
struct livekit;
struct loop;
struct reconcile;
struct session;
struct sessions;

/* All must outlive it. */
struct reconcile *reconcile_new(struct loop *loop, const struct config *config,
                                struct livekit *livekit, struct sessions *sessions,
                                struct egresses *egresses);
/* Called when the people of a meeting's room have been listed. */
typedef void reconcile_listed_fn(const struct session *session, void *user);
void reconcile_set_listed(struct reconcile *reconcile, reconcile_listed_fn *fn, void *user);
/* Lists one room now. */
void reconcile_room(struct reconcile *reconcile, const struct session *session);
void reconcile_free(struct reconcile *reconcile); /* NULL is fine */

#endif
