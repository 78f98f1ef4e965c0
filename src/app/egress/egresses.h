/*
 * Which tracks have an egress, which need one, and which must be left alone. Starts one for every
 * published audio track, once however often the track is reported; starts it again when its socket
 * ends while the track is still published; never again after a user stopped it. Control thread
 * only.
 */
#ifndef APP_EGRESSES_H
#define APP_EGRESSES_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct config;
struct directory;
struct egresses;
struct livekit;
struct livekit_egress;
struct livekit_track;
struct loop;
struct session;
struct sessions;
struct store;

/* All must outlive it. The store remembers which tracks to leave alone after a restart; by the
 * directory hosts hear of microphones that are not recorded. */
struct egresses *egresses_new(struct loop *loop, const struct config *config,
                              struct livekit *livekit, struct sessions *sessions,
                              struct store *store, struct directory *directory);
void egresses_free(struct egresses *egresses); /* NULL is fine */

/* Meetings whose tracks come another way: none of theirs gets an egress. */
typedef bool egresses_taken_fn(const struct session *session, void *user);
void egresses_set_taken(struct egresses *egresses, egresses_taken_fn *fn, void *user);

/* Whether an egress of the meeting sends, or is being started. */
bool egresses_hear(const struct egresses *egresses, const struct session *session);

/* Published tracks that have no audio here. */
struct egress_health {
    unsigned failing;    /* the last try to start an egress failed */
    unsigned unrecorded; /* for ten seconds and more */
    unsigned encrypted;  /* end to end, so there can be none */
};
struct egress_health egresses_health(const struct egresses *egresses);
/* Adds those of a meeting (its id or its room's name) to a JSON object, if there are any. */
void egresses_describe(const struct egresses *egresses, struct slice meeting, struct buf *json);

const struct egress_track_stats *egresses_stats(const struct egresses *egresses);

/* A track was published, or is listed as published. */
void egresses_track_published(struct egresses *egresses, const struct session *session,
                              struct slice identity, const struct livekit_track *info);
void egresses_track_unpublished(struct egresses *egresses, const struct session *session,
                                struct slice track_sid);
/* The role of a participant has become known, or has changed, or they have left. */
void egresses_participant_seen(struct egresses *egresses, const struct session *session,
                               struct slice identity);
/* LiveKit reports the state of an egress. */
void egresses_status_seen(struct egresses *egresses, const struct livekit_egress *egress);
/* A media socket of the track opened or ended. */
void egresses_socket_changed(struct egresses *egresses, struct slice meeting_id,
                             struct slice track_sid, bool is_open);
void egresses_session_ended(struct egresses *egresses, const struct session *session);

/* Between the two, egresses_track_published reports every track that LiveKit lists now. At the end,
 * tracks that were not reported count as unpublished. asked_ms: when LiveKit was asked, by
 * loop_now_ms; what was told later is newer than the listing. */
void egresses_listing_begin(struct egresses *egresses, const struct session *session,
                            int64_t asked_ms);
void egresses_listing_end(struct egresses *egresses, const struct session *session);

#endif
