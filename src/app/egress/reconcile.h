/*
 * What webhooks should have told and did not: at start, and from time to time, LiveKit's rooms, participants and tracks are
 * compared with what is known here. Rooms without a session of ours are left alone unless RECONCILE_ROOMS=all. Each room is
 * asked about by itself, so that one meeting's trouble delays no other. Control thread only.
 */
#ifndef APP_RECONCILE_H
#define APP_RECONCILE_H

#include <stdint.h>

struct config;
struct egress_start;
struct livekit;
struct loop;
struct reconcile;
struct sessions;

struct reconcile *reconcile_new(struct loop *, const struct config *, struct livekit *,
                                struct sessions *, struct egress_start *);
void reconcile_free(struct reconcile *); /* NULL is fine */

#endif
