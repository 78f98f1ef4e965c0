/* The hot loops of this floor, compiled twice: for x86-64-v3 (AVX2, FMA) and for the baseline of the
 * machine. Internal to sound/; the scalar twins that say what each must compute are in the tests. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SPECTRUM_WINDOW = 512,
    SPECTRUM_BINS = 257, /* bin k lies at k * rate / 512 */
    SPECTRUM_PADDED = 264,
    MEL_BANDS = 20,
    MEL_PADDED = 24,
    AUTOCORR_LAG_MIN = 8, /* lags 8..71 are computed: eight vectors, of which 10..66 are used */
    AUTOCORR_LAGS = 64,
    AUTOCORR_HISTORY = 72,
};

struct kernels {
    const char *name;
    /* Interleaved s16 -> mono floats of full scale 1.0; returns the sum of their squares. */
    float (*mix)(const int16_t *pcm, size_t frames, unsigned channels, float *mono);
    /* Largest |x| of n samples, 0..32768. */
    int (*peak)(const int16_t *pcm, size_t n);
    /* y[i] = sum over k of taps[k] * x[i * step + k]; ntaps is a multiple of 8. */
    void (*decimate)(const float *x, const float *taps, size_t ntaps, size_t step, float *y,
                     size_t ny);
    /* Power of each bin under a Hann window, scaled so that they sum to the mean square. */
    void (*spectrum)(const float x[SPECTRUM_WINDOW], float power[SPECTRUM_PADDED]);
    /* Mel bands of such a spectrum in dB; lanes above MEL_BANDS are 0. */
    void (*mel)(const float power[SPECTRUM_PADDED], float db[MEL_PADDED]);
    /* 10 log10 of the sum of the bands' powers. */
    float (*band_sum)(const float db[MEL_PADDED]);
    /* For lag AUTOCORR_LAG_MIN + l: cross[l] = sum of x[i] x[i - lag], energy[l] = sum of
     * x[i - lag]^2, over n samples; x[-AUTOCORR_HISTORY..n) is readable. */
    void (*correlate)(const float *x, size_t n, float cross[AUTOCORR_LAGS],
                      float energy[AUTOCORR_LAGS]);
    /* Sum of squares. */
    float (*squares)(const float *x, size_t n);
    /* y[j] = bias[j] + sum of x[i] * w[i * ny + j]; ny is a multiple of 8. */
    void (*affine)(const float *w, const float *bias, const float *x, size_t nx, float *y,
                   size_t ny);
    /* h <- GRU step of PyTorch's definition, from gates [r z n] of the input and of h. */
    void (*gru)(const float *from_input, const float *from_h, float *h, size_t n);
};

/* The fastest table this machine can run, or the baseline's. */
const struct kernels *kernels_pick(bool wide);
bool kernels_have_wide(void);
