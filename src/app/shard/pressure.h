/*
 * What a shard gives up when its work no longer fits into its longest tick: the analysis of whole meetings,
 * an eighth of them a second, until it fits; and when it takes them up again: after five calm seconds, an
 * eighth of those that wait. Recordings are not touched. Pure: times are arguments.
 */
#ifndef APP_PRESSURE_H
#define APP_PRESSURE_H

#include "app/shard/tick.h"

struct pressure {
    int64_t changed_ms; /* when something was last given up or taken up, or it was last not calm */
};

/* After each tick. Positive: so many of the meetings that are analysed should pause; negative: so many of
 * the `paused` ones should resume. */
int64_t pressure_look(struct pressure *, const struct tick *, uint64_t used_us, int64_t now_ms,
                      uint64_t meetings, uint64_t paused);

#endif
