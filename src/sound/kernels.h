/* The hot loops of this floor, compiled for the baseline of the machine and, on x86-64, also for
 * AVX2 with FMA and for AVX-512 with VNNI. Internal to sound/. The tests hold a scalar twin of
 * each, which defines what it must compute.
 *
 * Samples stay s16 for as long as possible, are multiplied in pairs and summed in 32 bits: this
 * takes half the memory of floats and gives twice the lanes. */
#ifndef SOUND_KERNELS_H
#define SOUND_KERNELS_H

#include "sound/tables.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SPECTRUM_BINS = 257, /* bin k lies at k * rate / 512 */
    SPECTRUM_PADDED = 264,
    MEL_PADDED = 24,
    AUTOCORR_LAG_MIN = 8, /* lags 8..71 are computed: eight vectors, of which 10..66 are used */
    AUTOCORR_LAGS = 64,
    AUTOCORR_HISTORY = 72,
    AUTOCORR_FRAME = 80,
    AUTOCORR_LINE = AUTOCORR_HISTORY + AUTOCORR_FRAME + 8, /* the last 8 are padding */
};

/* Of one frame x[0..80), full scale 1.0, element l for lag AUTOCORR_LAG_MIN + l. */
struct autocorr {
    float cross[AUTOCORR_LAGS]; /* sum of x[i] x[i - lag] */
    float power[AUTOCORR_LAGS]; /* sum of x[i]^2 + x[i - lag]^2 */
};

struct kernels {
    const char *name;
    /* Interleaved s16 -> mono s16, of two channels that side; the sums of squares of it and of the
     * other side, full scale 1.0. */
    void (*take)(const int16_t *pcm, size_t frames, unsigned channels, unsigned side,
                 int16_t *mono, float squares[2]);
    /* Largest |x| of n samples, 0..32768. */
    int (*peak)(const int16_t *pcm, size_t n);
    /* y[i] = sum over k of taps[k] * x[i * step + k] / 32768, rounded, at most s16; ntaps is a
     * multiple of 16, and the taps' magnitudes sum to less than 65536. */
    void (*decimate)(const int16_t *x, const int16_t *taps, size_t ntaps, size_t step, int16_t *y,
                     size_t ny);
    /* Sum of the squares of such y, not rounded, full scale 1.0; ny is a multiple of 8. */
    float (*band_squares)(const int16_t *x, const int16_t *taps, size_t ntaps, size_t step,
                          size_t ny);
    /* Power of each bin under a Hann window, scaled so that they sum to the mean square. */
    void (*spectrum)(const int16_t x[SPECTRUM_WINDOW], float power[SPECTRUM_PADDED]);
    /* Mel bands of such a spectrum in dB; lanes above MEL_BANDS are 0. Returns all of them together
     * in dB. */
    float (*mel)(const float power[SPECTRUM_PADDED], float db[MEL_PADDED]);
    /* 10 log10 of the sum of the bands' powers. */
    float (*band_sum)(const float db[MEL_PADDED]);
    /* Frame at line + AUTOCORR_HISTORY, what came before in front of it. The constant part `dc` (a
     * tenth of the way to the frame's mean at each call) is taken off; full scale 32768. */
    void (*correlate)(const int16_t line[AUTOCORR_LINE], float *dc, struct autocorr *now);
    /* Peaks of the normalised autocorrelation 2 cross / power over both frames: the height of the
     * parabola's vertex and how far it lies from its lag; height 0 where there is no peak. */
    void (*vertices)(const struct autocorr *before, const struct autocorr *now,
                     float height[AUTOCORR_LAGS], float shift[AUTOCORR_LAGS]);
    /* y = x * scale, rounded, at most s16; n is a multiple of 16. */
    void (*narrow)(const float *x, float scale, int16_t *y, size_t n);
    /* y[j] = bias[j] + scale[j] * sum of x[i] * w[i / 2 * 2 * ny + 2 * j + i % 2]; ny is a multiple
     * of 8, nx of 2; the sum fits 32 bits. */
    void (*affine)(const int16_t *w, const float *scale, const float *bias, const int16_t *x,
                   size_t nx, float *y, size_t ny);
    /* h <- GRU step of PyTorch's definition, from gates [r z n] of the input and of h. */
    void (*gru)(const float *from_input, const float *from_h, float *h, size_t n);
};

/* The tables that this machine can run: the baseline's is the first, the fastest the last. */
unsigned kernels_count(void);
const struct kernels *kernels_at(unsigned i);

static inline const struct kernels *kernels_best(void) {
    return kernels_at(kernels_count() - 1);
}

#endif
