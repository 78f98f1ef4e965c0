/*
 * Do two channels carry two sources, or one microphone twice? LiveKit Egress sends every microphone
 * on two channels that are almost equal. The side signal (L-R)/2 tells: it must carry sound, above
 * -50 dBFS and within 30 dB of the middle (L+R)/2, for 200 ms. Plain data, counted in sample
 * frames, in any pieces.
 */
#ifndef SOUND_STEREO_H
#define SOUND_STEREO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    STEREO_WINDOW_MS = 20,
    STEREO_PROOF_MS = 200, /* of side signal, less the time without it */
};

struct stereo {
    uint32_t window_frames, filled;
    uint32_t until_next; /* sample frames before the next one that is measured */
    float middle, side;  /* power sums of the unfinished window */
    uint32_t proof_ms;
    bool is_stereo;    /* proven, from then on */
    bool is_antiphase; /* in the last whole window (L+R)/2 would have cancelled the sound */
};

void stereo_init(struct stereo *, unsigned rate_hz);

/* Interleaved s16 of two channels, at any address. */
void stereo_hear(struct stereo *, const uint8_t *bytes, size_t frames);

/* Both channels as one: their rounded mean, or the left one where that would cancel the sound. */
void stereo_mix(const struct stereo *, const uint8_t *bytes, size_t frames, int16_t *mono);

#endif
