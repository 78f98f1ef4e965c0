/* Interleaved s16 audio: what can be measured on the samples as they arrive. */
#ifndef SOUND_PCM_H
#define SOUND_PCM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PCM_CLIP = 32440, /* |x| from here counts as clipped */
    PCM_FAINT = 2,    /* |x| up to here may be what a codec makes of zeros */
};

/* Digital silence: every sample is exactly 0. Cheap: stops soon after the first that is not. */
bool pcm_is_zero(const int16_t *pcm, size_t n);

/* How many of n samples are not 0. */
size_t pcm_nonzero(const int16_t *pcm, size_t n);

/* How many of n samples are clipped. */
size_t pcm_clipped(const int16_t *pcm, size_t n);

#endif
