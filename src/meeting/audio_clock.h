/*
 * Where a track's samples lie in time.
 *
 * Audio arrives in bursts, late, with holes, and by a clock that is not ours. TCP keeps its order,
 * so samples follow those before them, unless the sender lost or left out what lay between. Samples
 * are therefore placed at once, and what turns out later is mended later, for recording and
 * analysis alike.
 *
 * The lag of a read is its arrival less the time at which its last sample would lie if nothing were
 * missing: anchor + samples / rate. From the least lag over a while, which neither jitter nor a
 * standstill explains, the clock tells apart:
 *
 *   late    audio that was held up comes faster than real time: the lag shrinks back by itself.
 *   gap     much less came than reads usually bring (a hole), and afterwards the lag does not
 *           shrink. What is missing was lost or was a pause of the sender: silence of that
 *           length belongs into the hole. Of several holes each gets the least lag since then, less
 *           what belongs to those before it. Losses too short for a hole show as a lag that is
 *           higher from some second on.
 *   found   audio comes after all for which silence was put in: that silence goes, as long as it is
 *           not final.
 *   drift   a lag that grows or shrinks without holes: the sender's clock, or a wrong rate. The
 *           anchor follows, the samples stay as they are.
 *
 * Pure: plain data, time is an argument. All times are ms of one steady clock of the caller's.
 */
#ifndef MEETING_AUDIO_CLOCK_H
#define MEETING_AUDIO_CLOCK_H

#include "meeting/audio_reads.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    AUDIO_CLOCK_SLACK_MS = 140, /* lag and lead that the anchor does not follow */
    /* The first read may have been late: so long the anchor follows any lead. */
    AUDIO_CLOCK_SETTLE_MS = 2000,
    AUDIO_CLOCK_FINAL_MS = 5000,  /* silence that was put in longer ago stays */
    AUDIO_CLOCK_REACH_MS = 10000, /* the longest tail: an older hole is mended so far back only */
    AUDIO_CLOCK_HOLES = 6,        /* that are in doubt together */
    AUDIO_CLOCK_LEASTS = 4,       /* windows of which the least lag is known */
};

enum audio_verdict {
    AUDIO_FLOWS, /* the samples follow what came before */
    AUDIO_GAP,   /* `change` samples of silence belong before the last `tail` samples */
    AUDIO_FOUND, /* the last `change` samples of the silence before the last `tail` samples go */
};

struct audio_clock {
    unsigned rate_hz;
    /* A sample came since init or pause. */
    bool is_started;
    /* Of this stretch: the time of sample 0, and its samples with the silence that was put in. */
    int64_t anchor_ms;
    uint64_t samples;
    /* When it began, and when samples came last. */
    int64_t first_ms, last_ms;

    /* Of the last verdict that was not AUDIO_FLOWS. */
    uint64_t change, tail;
    /* So far, less those whose audio was found. */
    uint64_t gaps;

    /* What the latest ones brought. */
    struct audio_reads reads;

    /* How late the sound is by what was heard alone, without silence and anchor: at least in this
     * short while, and in the one before. */
    uint64_t heard;
    struct {
        int64_t since_ms, now_ms, last_ms;
    } late;

    /* For how long nothing came, as far as nothing made up for it: no gap is longer. */
    int64_t silent_ms;

    /* Holes that may be gaps, the oldest first. The least lag since a hole is the most that can be
     * missing up to it, so it rises from hole to hole: what comes late lowers it, and a hole that
     * does not exceed the one before is none. */
    struct {
        unsigned hole_count;
        /* So many of them are gaps, less those that were put in: one a read. */
        unsigned decided;
        struct audio_hole {
            uint64_t at;    /* the sample before which the stream stopped */
            int64_t lag_ms; /* least lag since then */
            /* Since about that was reached (calm_ms), as far as no later hole is in doubt: the
             * least lag, and for how long the stream flowed. */
            int64_t calm_ms, since_ms, steady_ms;
            /* How late the sound was before it, in it, and at least since then. */
            int64_t from_ms, peak_ms, least_ms;
        } holes[AUDIO_CLOCK_HOLES];
    } doubt;

    /* The silence that was put in last: the sample behind it, how much of it may still go, and when
     * it was put in. */
    struct {
        uint64_t end, samples;
        int64_t put_ms;
    } fill;

    /* Least lags: of the present window and short window (INT64_MAX: none yet), of the window
     * before, and of the last ones, the oldest first. at_ms, steady_at_ms: when it was so little.
     * low_at: behind the latest samples near it. */
    struct {
        int64_t from_ms, short_from_ms, short_lag_ms, steady_ms, at_ms, steady_at_ms;
        struct audio_least {
            int64_t lag_ms;
            uint64_t low_at;
        } now, last[AUDIO_CLOCK_LEASTS];
        unsigned reads;
    } least;

    /* By how much the least lag of a short window exceeds that of seconds: since it was back, at
     * most lately, and on average. */
    struct {
        int64_t excess_us, peak_us, mean_us;
    } jitter;

    /* How far the anchor has moved (positive: the sender is slow), and how fast it did in the last
     * window, beyond the drift of any clock (0: not so fast). */
    int64_t moved_ms, moves_permille;
};

void audio_clock_init(struct audio_clock *clock, unsigned rate_hz);

/*
 * `samples` sample frames (more than 0; all that one turn of reading gave) arrived at now_ms.
 * `is_behind`: more is waiting, or the reader itself was late, so the time of arrival says nothing.
 * The verdict is about the stretch with these samples. A now_ms that runs backwards counts as
 * standing still.
 */
enum audio_verdict audio_clock_hear(struct audio_clock *clock, uint64_t samples, int64_t now_ms,
                                    bool is_behind);

/* Whether something is in doubt: audio may be on its way. */
static inline bool audio_clock_doubts(const struct audio_clock *clock) {
    return clock->doubt.hole_count > 0;
}

/*
 * Before a pause: decides what is in doubt by what is known. Never AUDIO_FOUND. To be called until
 * it says AUDIO_FLOWS.
 */
enum audio_verdict audio_clock_settle(struct audio_clock *clock);

/*
 * Mute, or any other pause that was told: what comes next starts a new stretch. What is in doubt
 * was no gap, and silence that was put in is final.
 */
void audio_clock_pause(struct audio_clock *clock);

/* Time of the end of the samples heard so far. Meaningful once is_started. */
int64_t audio_clock_end_ms(const struct audio_clock *clock);

/*
 * How far the samples are behind wall time, pauses and gaps aside: recorded time + pauses + drift =
 * wall time, within AUDIO_CLOCK_SLACK_MS and jitter.
 */
int64_t audio_clock_drift_ms(const struct audio_clock *clock);

#endif
