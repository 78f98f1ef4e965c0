/*
 * What a shard gives up when its work no longer fits into its longest tick: the analysis of whole
 * meetings, an eighth of them a second, until it fits. After five calm seconds, and every five
 * more, an eighth of the paused ones resume. Recordings are not touched. Pure: times are arguments.
 */
#ifndef APP_PRESSURE_H
#define APP_PRESSURE_H

#include "app/shard/tick.h"

struct pressure {
    /* When meetings were last paused or resumed, or when it was last not calm. */
    int64_t changed_ms;
};

/* After each tick. Positive: so many more meetings should pause; negative: so many of the `paused`
 * ones should resume. */
int64_t pressure_look(struct pressure *, const struct tick *, uint64_t used_us, int64_t now_ms,
                      uint64_t meetings, uint64_t paused);

#endif
