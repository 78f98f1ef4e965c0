/*
 * The door of /egress-audio and /egress-video: what a media connection says about itself is checked while a
 * refusal can still be a plain HTTP answer; then its socket goes to the meeting's shard. Control thread only.
 */
#ifndef APP_EGRESS_DOOR_H
#define APP_EGRESS_DOOR_H

#include "app/track_params.h"

#include <stdint.h>

struct directory;
struct egress_door;
struct http_request;
struct routes;

struct egress_stats {
    uint64_t accepted, bad_parameters, refused, full;
};

/*
 * Whether the sender may speak for that track (a signed URL). 0, or the HTTP status to refuse with and a
 * sentence in *why.
 */
typedef int egress_admit_fn(void *arg, const struct http_request *, const struct track_params *,
                            const char **why);

struct egress_door *egress_door_new(struct directory *, egress_admit_fn *admit,
                                    void *arg); /* admit NULL: all */
void egress_door_free(struct egress_door *);
const struct egress_stats *egress_door_stats(const struct egress_door *);

void egress_door_add_routes(struct egress_door *, struct routes *);

#endif
