/* What a shard counts about the packets of WebRTC tracks. Nothing but uint64_t: added up. */
#ifndef APP_PACKET_STATS_H
#define APP_PACKET_STATS_H

#include "base/histogram.h"

#include <stdint.h>

extern const struct histogram_bounds packet_lateness_bounds;

struct packet_stats {
    /* Never came in time for the recording; came after they were asked for. */
    uint64_t lost, recovered;
    /* Not used: there already; of no epoch; malformed or of another codec; encrypted. */
    uint64_t repeated, dropped, bad, encrypted;
    /* Came too late for the ears. */
    uint64_t late;
    /* For the ears, in place of what was lost. */
    uint64_t concealed_ms;
    /* Numbers, timestamps or SSRCs that began anew; times that a sender stood still, and for how
     * long in all. */
    uint64_t epochs, steps, step_ms;
    /* How much later than the soonest of its track a packet came. */
    struct histogram lateness;
};

#endif
