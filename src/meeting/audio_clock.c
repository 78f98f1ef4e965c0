#include "meeting/audio_clock.h"

#include <assert.h>
#include <string.h>

enum {
    FLOW_TIMES = 2, /* a stream flows when it brings half of the time that has passed */
    LACK_MS = AUDIO_LACK_MS,
    STEADY_MS = 200, /* a lag that has not shrunk for so long has stopped shrinking */
    BRIEF_MS = 100,  /* the same before the next hole, for a sender with many pauses */
    WINDOW_MS = 1000,
    WINDOW_READS = 8,
    NEAR_MS = 12,          /* to the least lag; less is jitter of a tick */
    STEP_MS = 30,          /* a lag that rises by so much at once, and stays, */
    STEP_LAG_MS = 50,      /* ... to no less than this, is a gap */
    BRIEF_LAG_MS = 120,    /* more of it is no jitter, however briefly it showed */
    MADE_UP_MS = 45,       /* what a slow sender loses anyway from before a hole until behind it */
    DRIFT_PERMILLE = 5,    /* the anchor follows no faster, as long as a hole may explain the lag */
    PEAK_FIRST_US = 40000, /* jitter that is not known yet */
    PEAK_MAX_US = 75000,   /* more is a standstill */
    PEAK_DECAY = 64,
    MEAN_OF = 16,
};

void audio_clock_init(struct audio_clock *clock, unsigned rate_hz) {
    assert(rate_hz > 0);
    *clock = (struct audio_clock){.rate_hz = rate_hz, .jitter.peak_us = PEAK_FIRST_US};
}

static int64_t min_ms(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static int64_t max_ms(int64_t a, int64_t b) {
    return a > b ? a : b;
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

/* ---- How late the sound is ---- */

static int64_t late_ms(const struct audio_clock *clock) {
    return clock->last_ms - clock->first_ms - samples_to_ms(clock, clock->heard);
}

/* Of the last 200 to 400 ms, but only since the last hole. */
static int64_t least_late_ms(const struct audio_clock *clock) {
    return min_ms(clock->late.now_ms, clock->late.last_ms);
}

static void late_note(struct audio_clock *clock, bool was_hole) {
    if (was_hole || clock->last_ms - clock->late.since_ms >= STEADY_MS) {
        clock->late.last_ms = was_hole ? INT64_MAX : clock->late.now_ms;
        clock->late.now_ms = INT64_MAX;
        clock->late.since_ms = clock->last_ms;
    }
    clock->late.now_ms = min_ms(clock->late.now_ms, late_ms(clock));
}

/* ---- Least lags, jitter and drift ---- */

static const struct audio_least none_yet = {.lag_ms = INT64_MAX};

static void window_open(struct audio_clock *clock, int64_t now_ms) {
    clock->least.from_ms = clock->least.short_from_ms = now_ms;
    clock->least.short_lag_ms = INT64_MAX;
    clock->least.now = none_yet;
    clock->least.reads = 0;
}

static int64_t least_of_seconds_ms(const struct audio_clock *clock) {
    int64_t least_ms = clock->least.now.lag_ms;
    for (unsigned i = 0; i < AUDIO_CLOCK_LEASTS; i++)
        least_ms = min_ms(least_ms, clock->least.last[i].lag_ms);
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
            clock->jitter.peak_us = min_ms(clock->jitter.excess_us, PEAK_MAX_US);
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
    int64_t passed_ms = now_ms - clock->least.from_ms;
    memmove(clock->least.last, clock->least.last + 1,
            (AUDIO_CLOCK_LEASTS - 1) * sizeof *clock->least.last);
    clock->least.last[AUDIO_CLOCK_LEASTS - 1] = clock->least.now;
    clock->least.steady_ms = clock->least.now.lag_ms;
    clock->least.steady_at_ms = clock->least.at_ms;
    int64_t by_ms = clock->least.steady_ms - AUDIO_CLOCK_SLACK_MS;
    if (by_ms <= clock->silent_ms) /* nothing came for so long: the next hole will tell */
        by_ms = min_ms(by_ms, passed_ms * DRIFT_PERMILLE / 1000);
    clock->moves_permille = 0;
    if (by_ms > 0) {
        anchor_move(clock, by_ms);
        clock->least.steady_ms -= by_ms;
        if (by_ms * 1000 > passed_ms * DRIFT_PERMILLE)
            clock->moves_permille = by_ms * 1000 / passed_ms;
    }
    window_open(clock, now_ms);
}

/* The lag that a sender at another speed than time has by now without any hole. */
static int64_t drift_lag_ms(const struct audio_clock *clock, int64_t now_ms) {
    if (clock->moves_permille == 0)
        return 0;
    int64_t passed_ms = now_ms - clock->least.steady_at_ms;
    return clock->least.steady_ms + passed_ms * clock->moves_permille / 1000;
}

/* Samples move: least lags of before say nothing about those to come. */
static void windows_forget(struct audio_clock *clock, int64_t now_ms) {
    for (unsigned i = 0; i < AUDIO_CLOCK_LEASTS; i++)
        clock->least.last[i] = none_yet;
    if (clock->moves_permille > 0)
        clock->least.steady_ms = drift_lag_ms(clock, now_ms);
    clock->least.steady_at_ms = now_ms;
    window_open(clock, now_ms);
}

/*
 * The anchor follows a lag or lead beyond the slack, to its edge. Within the slack it stays: what
 * one gap was measured wrong by is made good by the next, so that such errors do not add up.
 */
static void drift_follow(struct audio_clock *clock, int64_t lag_ms, int64_t now_ms) {
    struct audio_least *least = &clock->least.now;
    if (least->lag_ms == INT64_MAX || lag_ms < least->lag_ms + NEAR_MS)
        least->low_at = clock->samples;
    if (lag_ms < least->lag_ms)
        clock->least.at_ms = now_ms;
    least->lag_ms = min_ms(least->lag_ms, lag_ms);
    jitter_note(clock, lag_ms, now_ms);
    if (lag_ms < -AUDIO_CLOCK_SLACK_MS) /* no sample comes before its time */
        anchor_move(clock, lag_ms + AUDIO_CLOCK_SLACK_MS);
    clock->least.reads++;
    if (clock->least.reads >= WINDOW_READS && now_ms - clock->least.from_ms >= WINDOW_MS)
        window_close(clock, now_ms);
}

static int64_t spread_ms(struct audio_least a, struct audio_least b) {
    return a.lag_ms > b.lag_ms ? a.lag_ms - b.lag_ms : b.lag_ms - a.lag_ms;
}

/* ---- Gaps ---- */

/* Up to the latest hole. */
static int64_t doubt_lag_ms(const struct audio_clock *clock) {
    unsigned count = clock->doubt.hole_count;
    return count > 0 ? clock->doubt.holes[count - 1].lag_ms : 0;
}

static void doubt_end(struct audio_clock *clock) {
    clock->doubt.hole_count = clock->doubt.decided = 0;
}

static void hole_drop(struct audio_clock *clock, unsigned which) {
    clock->doubt.hole_count--;
    clock->doubt.decided -= which < clock->doubt.decided;
    for (unsigned i = which; i < clock->doubt.hole_count; i++)
        clock->doubt.holes[i] = clock->doubt.holes[i + 1];
}

static int64_t share_ms(const struct audio_clock *clock, unsigned hole) {
    const struct audio_hole *holes = clock->doubt.holes;
    return holes[hole].lag_ms - (hole > 0 ? holes[hole - 1].lag_ms : 0);
}

static void hole_calm(struct audio_hole *hole, int64_t lag_ms) {
    hole->lag_ms = hole->calm_ms = lag_ms;
    hole->since_ms = INT64_MAX;
    hole->steady_ms = 0;
}

/* One hole more. Where there are too many, the one with the least share goes. */
static void hole_add(struct audio_clock *clock, uint64_t at, int64_t lag_ms) {
    unsigned *count = &clock->doubt.hole_count;
    if (*count == AUDIO_CLOCK_HOLES) {
        unsigned least = 0;
        for (unsigned i = 1; i < AUDIO_CLOCK_HOLES; i++)
            if (share_ms(clock, i) < share_ms(clock, least))
                least = i;
        hole_drop(clock, least);
    }
    struct audio_hole hole = {.at = at, .from_ms = least_late_ms(clock)};
    hole.peak_ms = hole.least_ms = late_ms(clock);
    hole_calm(&hole, lag_ms);
    clock->doubt.holes[(*count)++] = hole;
}

/* A read with that lag: no more than it was missing at any hole before. A lag that shrinks by hardly
 * more than a tick's jitter counts as steady. */
static void holes_hear(struct audio_clock *clock, int64_t lag_ms, int64_t interval_ms,
                       uint64_t samples) {
    struct audio_hole *holes = clock->doubt.holes;
    unsigned count = clock->doubt.hole_count;
    while (count > 1 && lag_ms < holes[count - 2].lag_ms + LACK_MS)
        count--;
    clock->doubt.hole_count = count;
    if (clock->doubt.decided > count)
        clock->doubt.decided = count;
    bool has_shrunk = false;
    for (unsigned i = 0; i < count; i++) {
        has_shrunk = lag_ms < holes[i].calm_ms - NEAR_MS;
        if (has_shrunk)
            hole_calm(&holes[i], lag_ms);
        holes[i].least_ms = min_ms(holes[i].least_ms, late_ms(clock));
        holes[i].lag_ms = min_ms(holes[i].lag_ms, lag_ms);
    }
    if (count == 0 || has_shrunk)
        return;
    struct audio_hole *last = &holes[count - 1];
    last->since_ms = min_ms(last->since_ms, lag_ms);
    if (lag_ms < last->lag_ms + BRIEF_LAG_MS)
        last->steady_ms += min_ms(interval_ms, FLOW_TIMES * samples_to_ms(clock, samples));
}

static void silence_put_in(struct audio_clock *clock, uint64_t at, int64_t ms, int64_t now_ms) {
    uint64_t reach = ms_to_samples(clock, AUDIO_CLOCK_REACH_MS);
    clock->change = ms_to_samples(clock, ms);
    clock->tail = clock->samples - at < reach ? clock->samples - at : reach;
    clock->samples += clock->change;
    clock->silent_ms = max_ms(clock->silent_ms - ms, 0);
    clock->fill.end = clock->samples - clock->tail;
    clock->fill.samples = clock->change;
    clock->fill.put_ms = now_ms;
    clock->gaps++;
    windows_forget(clock, now_ms);
}

/* Most of what did not come in the hole came behind it. */
static bool has_mostly_come(const struct audio_hole *hole) {
    return (hole->peak_ms - hole->least_ms) * 2 > hole->peak_ms - hole->from_ms;
}

/* Nearly all of it: that proves no gap, however late the sound was before. */
static bool is_made_up(const struct audio_hole *hole) {
    return has_mostly_come(hole) && hole->least_ms - hole->from_ms < MADE_UP_MS;
}

static void holes_made_up_drop(struct audio_clock *clock) {
    for (unsigned i = clock->doubt.hole_count; i-- > 0;) {
        const struct audio_hole *hole = &clock->doubt.holes[i];
        if (!is_made_up(hole))
            continue;
        clock->silent_ms = max_ms(clock->silent_ms - (hole->peak_ms - hole->least_ms), 0);
        hole_drop(clock, i);
    }
}

/* The lag has stopped shrinking: what is missing is known, and the holes are gaps. A little lag that
 * showed in hardly a read before the next hole was jitter: what was lost was lost there. */
static void holes_decide(struct audio_clock *clock) {
    struct audio_hole *holes = clock->doubt.holes;
    int64_t missing_ms = holes[clock->doubt.hole_count - 1].since_ms - clock->jitter.mean_us / 1000;
    holes_made_up_drop(clock);
    for (unsigned i = clock->doubt.hole_count; i-- > 1;)
        if (holes[i - 1].steady_ms < BRIEF_MS && share_ms(clock, i - 1) < BRIEF_LAG_MS &&
            share_ms(clock, i - 1) < share_ms(clock, i))
            hole_drop(clock, i - 1);
    unsigned count = clock->doubt.hole_count;
    if (count > 0)
        holes[count - 1].lag_ms = missing_ms;
    for (unsigned i = 0; i < count; i++)
        holes[i].lag_ms = min_ms(holes[i].lag_ms, missing_ms);
    clock->doubt.decided = count;
}

/* The largest of the gaps that were decided. What is left when they are too small stays as it is. */
static enum audio_verdict gap_put_in(struct audio_clock *clock, int64_t now_ms) {
    struct audio_hole *holes = clock->doubt.holes;
    unsigned which = 0;
    for (unsigned i = 1; i < clock->doubt.decided; i++)
        if (share_ms(clock, i) > share_ms(clock, which))
            which = i;
    int64_t missing_ms = min_ms(share_ms(clock, which), clock->silent_ms);
    if (missing_ms < LACK_MS) {
        doubt_end(clock);
        return AUDIO_FLOWS;
    }
    silence_put_in(clock, holes[which].at, missing_ms, now_ms);
    hole_drop(clock, which);
    for (unsigned i = which; i < clock->doubt.hole_count; i++) {
        holes[i].at += clock->change;
        holes[i].lag_ms -= missing_ms;
        holes[i].calm_ms -= missing_ms;
        holes[i].since_ms -= holes[i].since_ms == INT64_MAX ? 0 : missing_ms;
    }
    if (doubt_lag_ms(clock) < lack_ms(clock))
        doubt_end(clock);
    return AUDIO_GAP;
}

/* Whether the stream has flowed since the latest hole for so long, and for so many reads, without
 * a shrinking lag. */
static bool is_steady(const struct audio_clock *clock, int64_t ms, unsigned reads) {
    unsigned count = clock->doubt.hole_count;
    return count > 0 && clock->doubt.holes[count - 1].steady_ms >=
                            max_ms(ms, reads * audio_reads_spacing_ms(&clock->reads));
}

/* Before the next hole, or a pause. What has mostly come, as in bursts, may all come: a brief time
 * proves nothing then. */
static enum audio_verdict settle(struct audio_clock *clock, int64_t now_ms) {
    unsigned count = clock->doubt.hole_count;
    if (is_steady(clock, BRIEF_MS, 1) && !has_mostly_come(&clock->doubt.holes[count - 1]))
        holes_decide(clock);
    return clock->doubt.decided > 0 ? gap_put_in(clock, now_ms) : AUDIO_FLOWS;
}

static enum audio_verdict doubt_go_on(struct audio_clock *clock, int64_t lag_ms,
                                      int64_t interval_ms, uint64_t samples, int64_t now_ms) {
    holes_hear(clock, lag_ms, interval_ms, samples);
    if (doubt_lag_ms(clock) < lack_ms(clock)) {
        doubt_end(clock);
        return AUDIO_FLOWS;
    }
    if (is_steady(clock, STEADY_MS, 4))
        holes_decide(clock);
    return clock->doubt.decided > 0 ? gap_put_in(clock, now_ms) : AUDIO_FLOWS;
}

/*
 * A gap too short for a hole: the least lag was the same for two windows, and is more, and the same,
 * for the two after them. A lag that goes on rising is drift.
 */
static enum audio_verdict step_look(struct audio_clock *clock, int64_t now_ms) {
    const struct audio_least *last = clock->least.last;
    if (clock->least.reads > 0 || last[0].lag_ms == INT64_MAX)
        return AUDIO_FLOWS;
    int64_t before_ms = max_ms(last[0].lag_ms, last[1].lag_ms);
    int64_t after_ms = min_ms(last[2].lag_ms, last[3].lag_ms);
    int64_t by_ms = after_ms - before_ms;
    int64_t slope_ms = max_ms(spread_ms(last[0], last[1]), spread_ms(last[2], last[3]));
    if (by_ms < STEP_MS || slope_ms * 3 > by_ms || after_ms < STEP_LAG_MS)
        return AUDIO_FLOWS;
    silence_put_in(clock, last[1].low_at, by_ms, now_ms);
    return AUDIO_GAP;
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
    clock->samples = clock->heard = samples;
    clock->anchor_ms = now_ms - samples_to_ms(clock, samples);
    clock->first_ms = clock->last_ms = now_ms;
    clock->silent_ms = clock->moves_permille = 0;
    late_note(clock, true);
    windows_forget(clock, now_ms);
}

/* What is missing may still wait to be read, or fell into the reader's own standstill. */
static void behind_go_on(struct audio_clock *clock, uint64_t before, int64_t lag_ms,
                         int64_t now_ms) {
    clock->silent_ms = lag_ms > 0 ? lag_ms : 0;
    if (lag_ms > doubt_lag_ms(clock) + LACK_MS)
        hole_add(clock, before, lag_ms);
    else
        holes_hear(clock, lag_ms, 0, 0);
}

/* The hole lies before sample `before`. If the stream was steady up to it, the doubt of the holes
 * before is over. */
static enum audio_verdict hole_go_on(struct audio_clock *clock, uint64_t before, int64_t lag_ms,
                                     int64_t now_ms) {
    enum audio_verdict verdict = settle(clock, now_ms);
    uint64_t change = verdict == AUDIO_GAP ? clock->change : 0;
    hole_add(clock, before + change, lag_ms - samples_to_ms(clock, change));
    return verdict;
}

static enum audio_verdict flow_go_on(struct audio_clock *clock, int64_t lag_ms, int64_t now_ms) {
    if (lag_ms < -LACK_MS && clock->fill.samples > 0)
        return fill_take_back(clock, -lag_ms);
    if (lag_ms < 0 && now_ms - clock->first_ms < AUDIO_CLOCK_SETTLE_MS)
        anchor_move(clock, lag_ms);
    else
        drift_follow(clock, lag_ms, now_ms);
    return step_look(clock, now_ms);
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
    int64_t interval_ms = now_ms - clock->last_ms;
    uint64_t before = clock->samples;
    clock->last_ms = now_ms;
    clock->samples += samples;
    clock->heard += samples;
    int64_t lag_ms = now_ms - audio_clock_end_ms(clock);
    if (now_ms - clock->fill.put_ms >= AUDIO_CLOCK_FINAL_MS)
        clock->fill.samples = 0;
    if (is_behind) {
        behind_go_on(clock, before, lag_ms, now_ms);
        return AUDIO_FLOWS;
    }
    int64_t over_ms = lag_ms - drift_lag_ms(clock, now_ms);
    int64_t missed_ms = interval_ms - samples_to_ms(clock, samples);
    bool was_hole = audio_reads_find_hole(&clock->reads, interval_ms, missed_ms);
    if (over_ms < LACK_MS)
        clock->silent_ms = 0;
    else if (was_hole)
        clock->silent_ms += missed_ms + audio_reads_missed_ms(&clock->reads);
    int64_t least_ms = audio_clock_doubts(clock) ? doubt_lag_ms(clock) + LACK_MS : lack_ms(clock);
    enum audio_verdict verdict;
    if (was_hole && over_ms >= least_ms)
        verdict = hole_go_on(clock, before, over_ms, now_ms);
    else if (audio_clock_doubts(clock))
        verdict = doubt_go_on(clock, over_ms, interval_ms, samples, now_ms);
    else
        verdict = flow_go_on(clock, lag_ms, now_ms);
    audio_reads_note(&clock->reads, interval_ms, missed_ms);
    late_note(clock, was_hole);
    return verdict;
}

enum audio_verdict audio_clock_settle(struct audio_clock *clock) {
    return settle(clock, clock->last_ms);
}

void audio_clock_pause(struct audio_clock *clock) {
    /* The window that is still open knows more than the one before. */
    bool knows = clock->least.reads >= WINDOW_READS;
    clock->moved_ms += knows ? clock->least.now.lag_ms : clock->least.steady_ms;
    clock->least.steady_ms = 0;
    clock->doubt.hole_count = clock->doubt.decided = 0;
    clock->fill.samples = 0;
    clock->is_started = false;
}
