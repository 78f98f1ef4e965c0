/*
 * Which tracks have an egress, which need one, and which must be left alone. Starts one for every published audio track,
 * once however often it is told of it; starts it again when its socket ends while the track is still published; never
 * against somebody's will. A track goes through
 *
 *     asking who it is -> looking at what runs -> starting -> started -> connected
 *                 ^            ^ after an unclear answer, or a lost socket, with back-off
 *
 * or ends as left alone. Control thread only.
 */
#ifndef APP_EGRESSES_H
#define APP_EGRESSES_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct config;
struct egress_start;
struct livekit;
struct livekit_egress;
struct livekit_track;
struct loop;
struct session;
struct sessions;
struct store;

struct egress_start_stats {
    uint64_t started;    /* StartTrackEgress answered with an egress */
    uint64_t restarted;  /* of those, for a track that had one before */
    uint64_t failed;     /* answers that were none */
    uint64_t left_alone; /* tracks somebody stopped, or that can never work */
    uint64_t tracks;     /* published audio tracks known now */
    uint64_t connected;  /* of those, with a socket */
};

/* `store` remembers over a restart what is to be left alone; NULL in tests. */
struct egress_start *egress_start_new(struct loop *, const struct config *, struct livekit *,
                                      struct sessions *, struct store *);
void egress_start_free(struct egress_start *); /* NULL is fine */
const struct egress_start_stats *egress_start_stats(const struct egress_start *);

/* A track was published, or is seen to be. */
void egress_start_published(struct egress_start *, const struct session *, struct slice identity,
                            const struct livekit_track *);
void egress_start_unpublished(struct egress_start *, const struct session *,
                              struct slice track_sid);
/* Who somebody is has become known, or has changed. */
void egress_start_participant(struct egress_start *, const struct session *, struct slice identity);
/* What LiveKit says about an egress. */
void egress_start_egress(struct egress_start *, const struct livekit_egress *);
/* A media socket of the track opened or ended. */
void egress_start_socket(struct egress_start *, struct slice meeting_id, struct slice track_sid,
                         bool is_open);
void egress_start_ended(struct egress_start *, const struct session *);

/* The tracks that LiveKit lists now; what is missing there is not published any more. */
void egress_start_listing_begin(struct egress_start *, const struct session *);
void egress_start_listing_end(struct egress_start *, const struct session *);

#endif
