/* Where a track's samples lie in time.
 *
 * Audio arrives in bursts, late, with holes, and by a clock that is not ours. A track's time is
 * counted in its own samples from an anchor: anchor + samples / rate. The anchor is set so that the
 * first read ends at its arrival. The clock tells apart jitter (late audio that catches up), gaps (audio that never
 * came) and drift (a sender that is a little slow or fast), for recording and analysis alike:
 *
 *   gap     no sample for 200 ms, and 300 ms after the stream resumed more than 200 ms are still
 *           missing. Silence of that length belongs where the stream stopped.
 *   drift   the audio is more than 200 ms behind without such a pause, or ahead: the anchor moves,
 *           the samples stay as they are.
 *
 * Pure: plain data, time is an argument. All times are ms of one steady clock of the caller's. */
#ifndef MEETING_AUDIO_CLOCK_H
#define MEETING_AUDIO_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

enum {
    AUDIO_CLOCK_STALL_MS = 200,   /* no sample for this long: the stream has stopped */
    AUDIO_CLOCK_SLACK_MS = 200,   /* lead or lag that may be jitter */
    AUDIO_CLOCK_DOUBT_MS = 300,   /* how long a resumed stream may take to catch up */
    AUDIO_CLOCK_STEADY_MS = 1000, /* a lag that was never smaller for this long is drift */
};

enum audio_verdict {
    AUDIO_FLOWS, /* no gap: what was held back follows, then these samples */
    AUDIO_DOUBT, /* a gap is possible before these samples: hold them back */
    AUDIO_GAP,   /* gap_samples of silence follow, then what was held back, then these samples */
};

struct audio_clock {
    unsigned rate_hz;
    bool is_started;       /* a sample came since init or pause */
    bool is_doubtful;      /* stopped and resumed, not decided yet */
    int64_t anchor_ms;     /* time of sample 0 of this stretch */
    uint64_t samples;      /* of this stretch, gaps included */
    int64_t last_ms;       /* when samples came last */
    int64_t doubt_ms;      /* when doubt began */
    int64_t window_ms;     /* when the present second of lag_least_ms began */
    int64_t lag_least_ms;  /* smallest lag since window_ms or doubt_ms: the part without jitter */
    int64_t lag_steady_ms; /* the same of the second before */
    int64_t moved_ms;      /* how far drift has moved the anchor; positive: the sender is slow */
    uint64_t gap_samples;  /* of the latest AUDIO_GAP */
    uint64_t gaps;         /* how many so far */
};

void audio_clock_init(struct audio_clock *clock, unsigned rate_hz);

/* `samples` sample frames (more than 0; all of one read) arrived at now_ms. The verdict is about
 * these and those held back before. A now_ms before the last one counts as the last one. */
enum audio_verdict audio_clock_hear(struct audio_clock *clock, uint64_t samples, int64_t now_ms);

/* Called on a tick while is_doubtful, so that a decision does not wait for another sample. */
enum audio_verdict audio_clock_tick(struct audio_clock *clock, int64_t now_ms);

/* Mute, or any other announced pause: the next samples start a new stretch, without a gap. An open
 * doubt ends without a gap as well. */
void audio_clock_pause(struct audio_clock *clock);

/* Time of the end of the samples heard so far. Meaningful once is_started. */
int64_t audio_clock_end_ms(const struct audio_clock *clock);

/* How far the samples are behind wall time, pauses and gaps aside: recorded time + pauses + drift =
 * wall time, within AUDIO_CLOCK_SLACK_MS. */
int64_t audio_clock_drift_ms(const struct audio_clock *clock);

#endif
