/* Fundamental frequency: per 20 ms from the autocorrelation at 4 kHz, and how lively it is over the
 * last ten seconds of speech. */
#ifndef SOUND_PITCH_H
#define SOUND_PITCH_H

#include "sound/kernels.h"

enum {
    PITCH_RATE_HZ = 4000,
    PITCH_FRAME = AUTOCORR_FRAME, /* 20 ms */
    PITCH_LAG_MIN = 10,
    PITCH_LAG_MAX = 66, /* 400 .. 60 Hz */
    PITCH_SPAN_FRAMES = 500,
    PITCH_VOICED_FRAMES = 100, /* 2 s voiced before a spread is told */
};

/* Zeroed at the start. */
struct pitch_tracker {
    float dc;
    int16_t before[AUTOCORR_HISTORY]; /* what the next frame is compared with */
    struct autocorr last;             /* of the 20 ms before */
};

struct pitch {
    float f0_hz;       /* 0 when the peak is below PITCH_VOICED */
    float periodicity; /* best normalised autocorrelation, 0..1 */
    float lag;         /* of that peak, PITCH_LAG_MIN .. PITCH_LAG_MAX, in samples */
};

#define PITCH_VOICED 0.5f

/* 80 samples at 4 kHz, full scale 32768; the answer is for the last 40 ms. */
struct pitch pitch_track(struct pitch_tracker *t, const struct kernels *k,
                         const int16_t x[PITCH_FRAME]);

/* The pitch of the last ten seconds of one person's speech. Zeroed at the start. */
struct pitch_span {
    uint16_t count, next;
    uint32_t heard;                        /* frames since the beginning */
    uint16_t decihertz[PITCH_SPAN_FRAMES]; /* 0 = unvoiced */
};

/* One 20 ms frame of speech; frames whose periodicity is not above 0.7 count as unvoiced. */
void pitch_span_hear(struct pitch_span *span, float f0_hz, float periodicity);

/* Spread of the voiced frames, (P90 - P10) / 2.56 in semitones, after a median of five and within
 * nine semitones of their median. False while fewer than PITCH_VOICED_FRAMES are voiced. Costly:
 * not for every frame. */
bool pitch_span_spread(const struct pitch_span *span, float *semitones);

#endif
