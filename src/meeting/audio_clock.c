#include "meeting/audio_clock.h"

#include <assert.h>

enum {
    READS_MIN = 4,        /* before the usual spacing is known */
    FIRST_HOLE_MS = 1500, /* until then, only so long an interval is a hole */
    LACK_MS = 25,         /* less is jitter and never silence that belongs in */
    STEADY_MS = 200,      /* a lag that has not shrunk for so long has stopped shrinking */
    BRIEF_MS = 100,       /* the same before the next hole, for a sender with many pauses */
    WINDOW_MS = 1000,
    WINDOW_READS = 8,
    DRIFT_PERMILLE = 5, /* the anchor follows no faster, as long as a hole may explain the lag */
    PEAK_DECAY = 64,
    MEAN_OF = 16,
};

void audio_clock_init(struct audio_clock *clock, unsigned rate_hz) {
    assert(rate_hz > 0);
    *clock = (struct audio_clock){.rate_hz = rate_hz};
}

static int64_t min_ms(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* Never overflows: 2^63 / 1000 samples are 1,500 years at 192 kHz. */
static int64_t samples_to_ms(const struct audio_clock *clock, uint64_t samples) {
    return (int64_t)(samples * 1000 / clock->rate_hz);
}

static uint64_t ms_to_samples(const struct audio_clock *clock, int64_t ms) {
    return (uint64_t)ms * clock->rate_hz / 1000;
}

int64_t audio_clock_end_ms(const struct audio_clock *clock) {
    return clock->anchor_ms + samples_to_ms(clock, clock->samples);
}

int64_t audio_clock_drift_ms(const struct audio_clock *clock) {
    return clock->moved_ms + clock->least.steady_ms;
}

/* ---- What reads usually bring ---- */

static int16_t ring_ms(int64_t ms) {
    return (int16_t)(ms > INT16_MAX ? INT16_MAX : ms < INT16_MIN ? INT16_MIN : ms);
}

static void read_note(struct audio_clock *clock, int64_t interval_ms, int64_t missed_ms) {
    clock->reads.intervals_ms[clock->reads.next] = ring_ms(interval_ms);
    clock->reads.missed_ms[clock->reads.next] = ring_ms(missed_ms);
    clock->reads.next = (clock->reads.next + 1) % AUDIO_CLOCK_READS;
    if (clock->reads.count < AUDIO_CLOCK_READS)
        clock->reads.count++;
}

static int64_t median_ms(const int16_t values[AUDIO_CLOCK_READS], unsigned count) {
    int16_t sorted[AUDIO_CLOCK_READS];
    for (unsigned i = 0; i < count; i++) {
        unsigned at = i;
        for (; at > 0 && sorted[at - 1] > values[i]; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = values[i];
    }
    return sorted[count / 2];
}

/* Between two reads, as sender and reader have it; 0 while that is not known. */
static int64_t spacing_ms(const struct audio_clock *clock) {
    return clock->reads.count < READS_MIN
               ? 0
               : median_ms(clock->reads.intervals_ms, clock->reads.count);
}

/* A read that brought much less, for the time since the last one, than reads usually do. */
static bool is_hole(const struct audio_clock *clock, int64_t interval_ms, int64_t missed_ms) {
    if (clock->reads.count < READS_MIN)
        return interval_ms >= FIRST_HOLE_MS;
    int64_t usual_ms = median_ms(clock->reads.missed_ms, clock->reads.count);
    if (usual_ms > 0)
        missed_ms -= usual_ms;
    return missed_ms * 2 > interval_ms ||
           (missed_ms >= LACK_MS && interval_ms >= 2 * spacing_ms(clock));
}

/* What the read before missed: the stream stopped, or resumed, in its course. */
static int64_t part_missed_ms(const struct audio_clock *clock) {
    unsigned last = (clock->reads.next + AUDIO_CLOCK_READS - 1) % AUDIO_CLOCK_READS;
    return clock->reads.missed_ms[last] > 0 ? clock->reads.missed_ms[last] : 0;
}

/* ---- Least lags, jitter and drift ---- */

static void window_open(struct audio_clock *clock, int64_t now_ms) {
    clock->least.from_ms = clock->least.short_from_ms = now_ms;
    clock->least.lag_ms = clock->least.short_lag_ms = INT64_MAX;
    clock->least.reads = 0;
}

static int64_t least_of_seconds_ms(const struct audio_clock *clock) {
    int64_t least_ms = clock->least.lag_ms;
    for (unsigned i = 0; i < AUDIO_CLOCK_LEASTS; i++)
        least_ms = min_ms(least_ms, clock->least.last_ms[i]);
    return least_ms;
}

/* A lag that was more for a while and came back was jitter: so much more proves no gap. */
static void jitter_note(struct audio_clock *clock, int64_t lag_ms, int64_t now_ms) {
    clock->least.short_lag_ms = min_ms(clock->least.short_lag_ms, lag_ms);
    if (now_ms - clock->least.short_from_ms < STEADY_MS)
        return;
    int64_t over_us = (clock->least.short_lag_ms - least_of_seconds_ms(clock)) * 1000;
    clock->jitter.peak_us -= clock->jitter.peak_us / PEAK_DECAY;
    if (over_us > clock->jitter.excess_us)
        clock->jitter.excess_us = over_us;
    if (over_us < LACK_MS * 1000 / 2) {
        if (clock->jitter.excess_us > clock->jitter.peak_us)
            clock->jitter.peak_us = clock->jitter.excess_us;
        clock->jitter.excess_us = 0;
    }
    clock->jitter.mean_us += (over_us - clock->jitter.mean_us) / MEAN_OF;
    clock->least.short_from_ms = now_ms;
    clock->least.short_lag_ms = INT64_MAX;
}

static int64_t lack_ms(const struct audio_clock *clock) {
    return LACK_MS + clock->jitter.peak_us / 1000;
}

static void anchor_move(struct audio_clock *clock, int64_t by_ms) {
    clock->anchor_ms += by_ms;
    clock->moved_ms += by_ms;
}

static void window_close(struct audio_clock *clock, int64_t now_ms) {
    clock->least.steady_ms = clock->least.lag_ms;
    clock->least.last_ms[clock->least.next++ % AUDIO_CLOCK_LEASTS] = clock->least.lag_ms;
    int64_t by_ms = clock->least.steady_ms - AUDIO_CLOCK_SLACK_MS;
    if (by_ms <= clock->silent_ms) /* nothing came for so long: the next hole will tell */
        by_ms = min_ms(by_ms, (now_ms - clock->least.from_ms) * DRIFT_PERMILLE / 1000);
    if (by_ms > 0) {
        anchor_move(clock, by_ms);
        clock->least.steady_ms -= by_ms;
    }
    window_open(clock, now_ms);
}

/*
 * The anchor follows a lag or lead beyond the slack, to its edge. Within the slack it stays: what
 * one gap was measured wrong by is made good by the next, so that such errors do not add up.
 */
static void drift_follow(struct audio_clock *clock, int64_t lag_ms, int64_t now_ms) {
    clock->least.lag_ms = min_ms(clock->least.lag_ms, lag_ms);
    jitter_note(clock, lag_ms, now_ms);
    if (lag_ms < -AUDIO_CLOCK_SLACK_MS) /* no sample comes before its time */
        anchor_move(clock, lag_ms + AUDIO_CLOCK_SLACK_MS);
    clock->least.reads++;
    if (clock->least.reads >= WINDOW_READS && now_ms - clock->least.from_ms >= WINDOW_MS)
        window_close(clock, now_ms);
}

/* ---- Gaps ---- */

static void lag_shrunk(struct audio_clock *clock, int64_t lag_ms, int64_t now_ms) {
    clock->doubt.lag_least_ms = lag_ms;
    clock->doubt.lag_since_ms = INT64_MAX;
    clock->doubt.shrunk_ms = now_ms;
    clock->doubt.shrunk_at = clock->samples;
}

/* One hole more. Where there are too many, the larger of the last two stands for both. */
static void doubt_begin(struct audio_clock *clock, uint64_t at, int64_t lag_ms, int64_t now_ms) {
    int64_t before_ms = clock->doubt.is_open ? clock->doubt.lag_least_ms : 0;
    if (!clock->doubt.is_open)
        clock->doubt.hole_count = 0;
    struct audio_hole *last = &clock->doubt.holes[AUDIO_CLOCK_HOLES - 1];
    if (clock->doubt.hole_count < AUDIO_CLOCK_HOLES)
        clock->doubt.holes[clock->doubt.hole_count++] = (struct audio_hole){at, before_ms};
    else if (lag_ms - before_ms > before_ms - last->lag_ms)
        last->at = at;
    clock->doubt.is_open = true;
    lag_shrunk(clock, lag_ms, now_ms);
}

static void doubt_end(struct audio_clock *clock, int64_t now_ms) {
    clock->doubt.is_open = false;
    window_open(clock, now_ms);
}

/*
 * Which hole is the largest gap, when *missing_ms are missing in all; they become that hole's
 * share. No more can be missing before a hole than the least lag before it.
 */
static unsigned largest_gap(const struct audio_clock *clock, int64_t *missing_ms) {
    int64_t left_ms = *missing_ms;
    unsigned largest = 0;
    *missing_ms = 0;
    for (unsigned i = clock->doubt.hole_count; i-- > 0;) {
        int64_t before_ms = min_ms(clock->doubt.holes[i].lag_ms, left_ms);
        if (left_ms - before_ms > *missing_ms) {
            *missing_ms = left_ms - before_ms;
            largest = i;
        }
        left_ms = before_ms;
    }
    return largest;
}

static void hole_remove(struct audio_clock *clock, unsigned which, int64_t filled_ms) {
    struct audio_hole *holes = clock->doubt.holes;
    clock->doubt.hole_count--;
    for (unsigned i = which; i < clock->doubt.hole_count; i++)
        holes[i] =
            (struct audio_hole){holes[i + 1].at + clock->change, holes[i + 1].lag_ms - filled_ms};
    holes[0].lag_ms = 0;
}

static void silence_put_in(struct audio_clock *clock, uint64_t at, int64_t ms, int64_t now_ms) {
    uint64_t reach = ms_to_samples(clock, AUDIO_CLOCK_REACH_MS);
    clock->change = ms_to_samples(clock, ms);
    clock->tail = clock->samples - at < reach ? clock->samples - at : reach;
    clock->samples += clock->change;
    clock->silent_ms -= ms;
    clock->fill.end = clock->samples - clock->tail;
    clock->fill.samples = clock->change;
    clock->fill.put_ms = now_ms;
    clock->gaps++;
}

static enum audio_verdict gap_put_in(struct audio_clock *clock, int64_t now_ms) {
    int64_t missing_ms = clock->doubt.lag_since_ms - clock->jitter.mean_us / 1000;
    missing_ms = min_ms(missing_ms, clock->silent_ms);
    unsigned which = largest_gap(clock, &missing_ms);
    if (missing_ms < LACK_MS) {
        doubt_end(clock, now_ms);
        return AUDIO_FLOWS;
    }
    silence_put_in(clock, clock->doubt.holes[which].at, missing_ms, now_ms);
    hole_remove(clock, which, missing_ms);
    clock->doubt.lag_least_ms -= missing_ms;
    clock->doubt.lag_since_ms -= missing_ms;
    if (clock->doubt.hole_count == 0 || clock->doubt.lag_since_ms < lack_ms(clock))
        doubt_end(clock, now_ms);
    return AUDIO_GAP;
}

/* Whether at now_ms, with so many samples, the stream flows and its lag has not shrunk for `ms`. */
static bool is_steady(const struct audio_clock *clock, int64_t now_ms, uint64_t samples,
                      int64_t ms) {
    int64_t passed_ms = now_ms - clock->doubt.shrunk_ms;
    return passed_ms >= ms &&
           samples_to_ms(clock, samples - clock->doubt.shrunk_at) * 2 >= passed_ms;
}

static enum audio_verdict doubt_go_on(struct audio_clock *clock, int64_t lag_ms, int64_t now_ms) {
    int64_t steady_ms = 4 * spacing_ms(clock);
    if (steady_ms < STEADY_MS)
        steady_ms = STEADY_MS;
    if (lag_ms < clock->doubt.lag_least_ms)
        lag_shrunk(clock, lag_ms, now_ms);
    else
        clock->doubt.lag_since_ms = min_ms(clock->doubt.lag_since_ms, lag_ms);
    if (clock->doubt.lag_least_ms < lack_ms(clock))
        doubt_end(clock, now_ms);
    else if (is_steady(clock, now_ms, clock->samples, steady_ms))
        return gap_put_in(clock, now_ms);
    return AUDIO_FLOWS;
}

/* Silence goes from its end: what was found lies between what was left and what came after. */
static enum audio_verdict fill_take_back(struct audio_clock *clock, int64_t lead_ms) {
    uint64_t samples = ms_to_samples(clock, lead_ms);
    if (samples > clock->fill.samples)
        samples = clock->fill.samples;
    clock->change = samples;
    clock->tail = clock->samples - clock->fill.end;
    clock->samples -= samples;
    clock->fill.end -= samples;
    clock->fill.samples -= samples;
    if (clock->fill.samples == 0)
        clock->gaps--;
    return AUDIO_FOUND;
}

/* ---- A read ---- */

static void stretch_begin(struct audio_clock *clock, uint64_t samples, int64_t now_ms) {
    clock->is_started = true;
    clock->samples = samples;
    clock->anchor_ms = now_ms - samples_to_ms(clock, samples);
    clock->first_ms = clock->last_ms = now_ms;
    clock->silent_ms = 0;
    for (unsigned i = 0; i < AUDIO_CLOCK_LEASTS; i++)
        clock->least.last_ms[i] = INT64_MAX;
    window_open(clock, now_ms);
}

/* What is missing may still wait to be read, or fell into the reader's own standstill. */
static void behind_go_on(struct audio_clock *clock, uint64_t before, int64_t lag_ms,
                         int64_t now_ms) {
    clock->silent_ms = lag_ms > 0 ? lag_ms : 0;
    if (clock->doubt.is_open)
        lag_shrunk(clock, lag_ms, now_ms);
    else if (lag_ms > LACK_MS)
        doubt_begin(clock, before, lag_ms, now_ms);
}

/* The hole lies before sample `before`. If the stream was steady up to it, the doubt of the holes
 * before is over. */
static enum audio_verdict hole_go_on(struct audio_clock *clock, uint64_t before, int64_t began_ms,
                                     int64_t now_ms) {
    enum audio_verdict verdict = AUDIO_FLOWS;
    if (clock->doubt.is_open && is_steady(clock, began_ms, before, BRIEF_MS))
        verdict = gap_put_in(clock, now_ms);
    if (verdict == AUDIO_GAP)
        before += clock->change;
    doubt_begin(clock, before, now_ms - audio_clock_end_ms(clock), now_ms);
    return verdict;
}

static enum audio_verdict flow_go_on(struct audio_clock *clock, int64_t lag_ms, int64_t now_ms) {
    if (clock->doubt.is_open)
        return doubt_go_on(clock, lag_ms, now_ms);
    if (lag_ms < -LACK_MS && clock->fill.samples > 0)
        return fill_take_back(clock, -lag_ms);
    if (lag_ms < 0 && now_ms - clock->first_ms < AUDIO_CLOCK_SETTLE_MS)
        anchor_move(clock, lag_ms);
    else
        drift_follow(clock, lag_ms, now_ms);
    return AUDIO_FLOWS;
}

enum audio_verdict audio_clock_hear(struct audio_clock *clock, uint64_t samples, int64_t now_ms,
                                    bool is_behind) {
    assert(samples > 0);
    if (!clock->is_started) {
        stretch_begin(clock, samples, now_ms);
        return AUDIO_FLOWS;
    }
    if (now_ms < clock->last_ms)
        now_ms = clock->last_ms;
    int64_t began_ms = clock->last_ms, interval_ms = now_ms - began_ms;
    uint64_t before = clock->samples;
    clock->last_ms = now_ms;
    clock->samples += samples;
    int64_t lag_ms = now_ms - audio_clock_end_ms(clock);
    if (now_ms - clock->fill.put_ms >= AUDIO_CLOCK_FINAL_MS)
        clock->fill.samples = 0;
    if (is_behind) {
        behind_go_on(clock, before, lag_ms, now_ms);
        return AUDIO_FLOWS;
    }
    int64_t missed_ms = interval_ms - samples_to_ms(clock, samples);
    bool was_hole = is_hole(clock, interval_ms, missed_ms);
    if (lag_ms < LACK_MS)
        clock->silent_ms = 0;
    else if (was_hole)
        clock->silent_ms += missed_ms + part_missed_ms(clock);
    enum audio_verdict verdict = was_hole && lag_ms >= lack_ms(clock)
                                     ? hole_go_on(clock, before, began_ms, now_ms)
                                     : flow_go_on(clock, lag_ms, now_ms);
    read_note(clock, interval_ms, missed_ms);
    return verdict;
}

enum audio_verdict audio_clock_settle(struct audio_clock *clock) {
    if (!clock->doubt.is_open || !is_steady(clock, clock->last_ms, clock->samples, BRIEF_MS))
        return AUDIO_FLOWS;
    return gap_put_in(clock, clock->last_ms);
}

void audio_clock_pause(struct audio_clock *clock) {
    /* The window that is still open knows more than the one before. */
    bool knows = clock->least.reads >= WINDOW_READS;
    clock->moved_ms += knows ? clock->least.lag_ms : clock->least.steady_ms;
    clock->least.steady_ms = 0;
    clock->doubt.is_open = false;
    clock->fill.samples = 0;
    clock->is_started = false;
}
