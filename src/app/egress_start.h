/*
 * Which tracks have an egress, which need one, and which must be left alone. Starts one for every published audio track,
 * once however often it is asked; starts it again when its socket ends while the track is still published; never against
 * somebody's will. All it asks of LiveKit goes through outside/livekit. Control thread only.
 */
#ifndef APP_EGRESS_START_H
#define APP_EGRESS_START_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct egress_start;
struct livekit_egress;
struct livekit_track;
struct session;

/* A track was published, or is seen to be. */
void egress_start_published(struct egress_start *, const struct session *, struct slice identity,
                            const struct livekit_track *);
void egress_start_unpublished(struct egress_start *, const struct session *,
                              struct slice track_sid);
/* Who somebody is has become known, or has changed. */
void egress_start_participant(struct egress_start *, const struct session *, struct slice identity);
/* What LiveKit says about an egress. */
void egress_start_egress(struct egress_start *, const struct livekit_egress *);

#endif
