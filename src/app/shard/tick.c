#include "app/shard/tick.h"

enum {
    BUSY_SHARE = 40, /* busy: over a fortieth of the period is used */
    CALM_SHARE = 50,
    CALM_TICKS = 50,     /* before the period shrinks, so that it does not swing */
    OVERLOAD_TICKS = 10, /* a second of the longest period */
    OVERLOAD_PER_CENT = 85,
};

void tick_init(struct tick *tick, int64_t now_ms) {
    *tick = (struct tick){.period_ms = TICK_MIN_MS, .due_ms = now_ms};
}

int64_t tick_late_ms(const struct tick *tick, int64_t now_ms) {
    return now_ms > tick->due_ms ? now_ms - tick->due_ms : 0;
}

/* Most of a tick's cost is one read a socket, whatever the period: a shorter one would have cost
 * the same. So the period shrinks only if that cost would not make it grow again at once. */
static void period_adapt(struct tick *tick, uint64_t used_us) {
    uint64_t period_us = (uint64_t)tick->period_ms * 1000;
    if (used_us * BUSY_SHARE > period_us) {
        tick->calm = 0;
        if (tick->period_ms < TICK_MAX_MS)
            tick->period_ms += TICK_STEP_MS;
    } else if (tick->period_ms > TICK_MIN_MS &&
               used_us * CALM_SHARE < period_us - TICK_STEP_MS * UINT64_C(1000)) {
        if (++tick->calm >= CALM_TICKS) {
            tick->calm = 0;
            tick->period_ms -= TICK_STEP_MS;
        }
    } else {
        tick->calm = 0;
    }
}

int64_t tick_done(struct tick *tick, int64_t now_ms, uint64_t used_us) {
    bool is_full = tick->period_ms == TICK_MAX_MS &&
                   used_us * 100 > (uint64_t)TICK_MAX_MS * 1000 * OVERLOAD_PER_CENT;
    tick->overloaded = is_full ? tick->overloaded + 1 : 0;
    period_adapt(tick, used_us);
    tick->due_ms += tick->period_ms;
    if (tick->due_ms <= now_ms)
        tick->due_ms += ((now_ms - tick->due_ms) / tick->period_ms + 1) * tick->period_ms;
    return tick->due_ms - now_ms;
}

bool tick_is_overloaded(const struct tick *tick) {
    return tick->overloaded >= OVERLOAD_TICKS;
}
