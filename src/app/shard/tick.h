/*
 * When a shard drains its media sockets next. The period is short while there is little to do and
 * grows when the work fills a fortieth of it, as a network driver polls under load: fewer, larger
 * reads cost less. Late ticks are skipped, never replayed. Pure: times are arguments.
 */
#ifndef APP_TICK_H
#define APP_TICK_H

#include <stdbool.h>
#include <stdint.h>

enum { TICK_MIN_MS = 20, TICK_MAX_MS = 100, TICK_STEP_MS = 20 };

struct tick {
    unsigned period_ms;
    /* When the present tick should begin, steady clock. */
    int64_t due_ms;
    /* Ticks in a row for which a shorter period would also have sufficed. */
    unsigned calm;
    /* Ticks in a row that used nearly all of the longest period. */
    unsigned overloaded;
};

void tick_init(struct tick *, int64_t now_ms);

/* How late the tick that begins now is, ms. */
int64_t tick_late_ms(const struct tick *, int64_t now_ms);

/* The tick used `used_us` and ends now. Returns the wait for the next in ms, at least 1. */
int64_t tick_done(struct tick *, int64_t now_ms, uint64_t used_us);

/* For a second the work has not fitted into the longest period: some of it must be given up. */
bool tick_is_overloaded(const struct tick *);

#endif
