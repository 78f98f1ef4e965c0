/*
 * The doors of /egress-audio and /egress-video: checks the signature and the parameters of a
 * handshake and hands the socket over to its meeting's shard, or refuses with an HTTP answer before
 * the upgrade. Control thread only.
 */
#ifndef APP_EGRESS_DOOR_H
#define APP_EGRESS_DOOR_H

#include "app/egress/egress_url.h"

#include <stdint.h>

struct config;
struct directory;
struct egress_door;
struct routes;

struct egress_door_stats {
    uint64_t accepted;
    uint64_t refused_signature[EGRESS_URL_FAULTS];
    uint64_t reported_signature; /* let in by EGRESS_AUTH=report */
    uint64_t refused_parameters, refused_full, refused_draining;
};

/* How the metrics show it. */
extern const struct counter_table egress_door_counters;

/* Both must outlive the door. */
struct egress_door *egress_door_new(const struct config *config, struct directory *directory);
void egress_door_free(struct egress_door *door); /* NULL is fine */
void egress_door_add_routes(struct egress_door *door, struct routes *routes);
const struct egress_door_stats *egress_door_stats(const struct egress_door *door);

#endif
