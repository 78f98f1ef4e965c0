#include "app/shard/pressure.h"

enum {
    RELIEF_STEP_MS = 1000,   /* between two steps of pausing */
    RECOVERY_STEP_MS = 5000, /* of calm before a step of resuming */
    CALM_PER_CENT = 50,      /* calm: a tick uses less of its period */
    STEP_SHARE = 8,          /* one step concerns an eighth */
};

int64_t pressure_look(struct pressure *pressure, const struct tick *tick, uint64_t used_us,
                      int64_t now_ms, uint64_t meetings, uint64_t paused) {
    int64_t since_ms = now_ms - pressure->changed_ms;
    bool is_calm = used_us * 100 < (uint64_t)tick->period_ms * 1000 * CALM_PER_CENT;
    if (tick_is_overloaded(tick)) {
        if (since_ms < RELIEF_STEP_MS || meetings == paused)
            return 0;
        pressure->changed_ms = now_ms;
        return (int64_t)((meetings - paused) / STEP_SHARE + 1);
    }
    if (paused == 0)
        return 0;
    if (!is_calm) {
        pressure->changed_ms = now_ms;
        return 0;
    }
    if (since_ms < RECOVERY_STEP_MS)
        return 0;
    pressure->changed_ms = now_ms;
    return -(int64_t)(paused / STEP_SHARE + 1);
}
