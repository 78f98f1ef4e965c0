#include "meeting/audio_clock.h"

#include <assert.h>

void audio_clock_init(struct audio_clock *clock, unsigned rate_hz) {
    assert(rate_hz > 0);
    *clock = (struct audio_clock){.rate_hz = rate_hz};
}

/* Never overflows: 2^63 / 1000 samples are 1,500 years at 192 kHz. */
static int64_t samples_to_ms(const struct audio_clock *clock, uint64_t samples) {
    return (int64_t)(samples * 1000 / clock->rate_hz);
}

int64_t audio_clock_end_ms(const struct audio_clock *clock) {
    return clock->anchor_ms + samples_to_ms(clock, clock->samples);
}

int64_t audio_clock_drift_ms(const struct audio_clock *clock) {
    return clock->moved_ms + clock->lag_steady_ms;
}

static void clock_open_window(struct audio_clock *clock, int64_t now_ms) {
    clock->window_ms = now_ms;
    clock->lag_least_ms = INT64_MAX;
}

static void clock_move(struct audio_clock *clock, int64_t by_ms) {
    clock->anchor_ms += by_ms;
    clock->moved_ms += by_ms;
}

/* A lag that was never smaller for a whole second is not jitter: beyond the slack the anchor
 * follows. Samples cannot come before their time: then the anchor follows at once. */
static void clock_follow_drift(struct audio_clock *clock, int64_t lag_ms, int64_t now_ms) {
    if (lag_ms < clock->lag_least_ms)
        clock->lag_least_ms = lag_ms;
    if (lag_ms < -AUDIO_CLOCK_SLACK_MS) {
        clock_move(clock, lag_ms);
        clock->lag_steady_ms = 0;
        clock_open_window(clock, now_ms);
    } else if (now_ms - clock->window_ms >= AUDIO_CLOCK_STEADY_MS) {
        clock->lag_steady_ms = clock->lag_least_ms;
        if (clock->lag_steady_ms > AUDIO_CLOCK_SLACK_MS) {
            clock_move(clock, clock->lag_steady_ms);
            clock->lag_steady_ms = 0;
        }
        clock_open_window(clock, now_ms);
    }
}

static enum audio_verdict clock_decide(struct audio_clock *clock, int64_t now_ms) {
    clock->is_doubtful = false;
    clock_open_window(clock, now_ms);
    return AUDIO_FLOWS;
}

static enum audio_verdict clock_doubt(struct audio_clock *clock, int64_t now_ms) {
    if (clock->lag_least_ms <= AUDIO_CLOCK_SLACK_MS)
        return clock_decide(clock, now_ms);
    if (now_ms - clock->doubt_ms < AUDIO_CLOCK_DOUBT_MS)
        return AUDIO_DOUBT;
    clock->gap_samples = (uint64_t)clock->lag_least_ms * clock->rate_hz / 1000;
    clock->samples += clock->gap_samples;
    clock->gaps++;
    clock->lag_steady_ms = 0;
    clock_decide(clock, now_ms);
    return AUDIO_GAP;
}

enum audio_verdict audio_clock_hear(struct audio_clock *clock, uint64_t samples, int64_t now_ms) {
    assert(samples > 0);
    if (!clock->is_started) {
        clock->is_started = true;
        clock->samples = samples;
        clock->anchor_ms = now_ms - samples_to_ms(clock, samples);
        clock->last_ms = now_ms;
        clock_open_window(clock, now_ms);
        return AUDIO_FLOWS;
    }
    if (now_ms < clock->last_ms)
        now_ms = clock->last_ms;
    bool stood_still = now_ms - clock->last_ms >= AUDIO_CLOCK_STALL_MS;
    clock->last_ms = now_ms;
    clock->samples += samples;
    int64_t lag_ms = now_ms - audio_clock_end_ms(clock);
    if (stood_still && !clock->is_doubtful && lag_ms > AUDIO_CLOCK_SLACK_MS) {
        clock->is_doubtful = true;
        clock->doubt_ms = now_ms;
        clock->lag_least_ms = lag_ms;
        return AUDIO_DOUBT;
    }
    if (clock->is_doubtful) {
        if (lag_ms < clock->lag_least_ms)
            clock->lag_least_ms = lag_ms;
        return clock_doubt(clock, now_ms);
    }
    clock_follow_drift(clock, lag_ms, now_ms);
    return AUDIO_FLOWS;
}

enum audio_verdict audio_clock_tick(struct audio_clock *clock, int64_t now_ms) {
    return clock->is_doubtful ? clock_doubt(clock, now_ms) : AUDIO_FLOWS;
}

void audio_clock_pause(struct audio_clock *clock) {
    clock->moved_ms += clock->lag_steady_ms;
    clock->lag_steady_ms = 0;
    clock->is_doubtful = false;
    clock->is_started = false;
}
