/*
 * Two channels as the ears hear them: the samples are those of the louder side, the level is the
 * mean of both sides' powers. Nothing is summed, so nothing cancels. Which side is louder is
 * decided every 20 ms. Plain data, counted in sample frames, in any pieces.
 */
#ifndef SOUND_SIDES_H
#define SOUND_SIDES_H

#include "sound/kernels.h"

enum { SIDES_WINDOW_MS = 20 };

struct sides {
    uint32_t window_frames, filled;
    float now[2];   /* power sums of the unfinished window */
    float power[2]; /* of the last tenth of a second or so */
    uint8_t louder;
    bool has_sound; /* among the samples taken since the caller cleared it */
};

void sides_init(struct sides *, unsigned rate_hz);

/* Interleaved s16 of 1 or 2 channels -> mono. Returns the sum of its squares, of two channels the
 * mean of both sums, full scale 1.0. */
float sides_take(struct sides *, const struct kernels *, const int16_t *pcm, size_t frames,
                 unsigned channels, int16_t *mono);

/* The same for sample frames of zeros. */
void sides_pass(struct sides *, size_t frames);

#endif
