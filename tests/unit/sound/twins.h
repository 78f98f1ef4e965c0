/* What each kernel must compute, written as plainly as it can be. */
#ifndef TESTS_UNIT_SOUND_TWINS_H
#define TESTS_UNIT_SOUND_TWINS_H

#include "sound/kernels.h"
#include "sound/tables.h"

#include <math.h>

static inline void twin_decimate(const int16_t *x, const int16_t *taps, size_t ntaps, size_t step,
                                 double *y, size_t ny) {
    for (size_t i = 0; i < ny; i++) {
        y[i] = 0;
        for (size_t k = 0; k < ntaps; k++)
            y[i] += taps[k] / 32768.0 * x[i * step + k];
    }
}

/* The definition of the discrete transform, not a fast one. */
static inline void twin_spectrum(const int16_t *x, double power[SPECTRUM_BINS]) {
    const double pi = 3.14159265358979323846;
    double window = 0;

    for (int i = 0; i < SPECTRUM_WINDOW; i++) {
        double w = 0.5 - 0.5 * cos(2 * pi * (i + 0.5) / SPECTRUM_WINDOW);
        window += w * w;
    }
    for (int k = 0; k < SPECTRUM_BINS; k++) {
        double re = 0, im = 0;
        for (int i = 0; i < SPECTRUM_WINDOW; i++) {
            double w = 0.5 - 0.5 * cos(2 * pi * (i + 0.5) / SPECTRUM_WINDOW);
            re += w * x[i] / 32768 * cos(2 * pi * k * i / SPECTRUM_WINDOW);
            im -= w * x[i] / 32768 * sin(2 * pi * k * i / SPECTRUM_WINDOW);
        }
        power[k] = 2 * (re * re + im * im) / (SPECTRUM_WINDOW * window);
    }
}

static inline double twin_mel_edge(int i) {
    double low = 2595 * log10(1 + 80.0 / 700), high = 2595 * log10(1 + 7200.0 / 700);
    return 700 * (pow(10, (low + (high - low) * i / (MEL_BANDS + 1)) / 2595) - 1);
}

static inline void twin_mel(const double power[SPECTRUM_BINS], double db[MEL_BANDS]) {
    for (int b = 0; b < MEL_BANDS; b++) {
        double low = twin_mel_edge(b), middle = twin_mel_edge(b + 1), high = twin_mel_edge(b + 2);
        double total = 0;
        for (int k = 0; k < SPECTRUM_BINS; k++) {
            double hz = k * 16000.0 / SPECTRUM_WINDOW;
            double up = (hz - low) / (middle - low), down = (high - hz) / (high - middle);
            double w = up < down ? up : down;
            total += w > 0 ? w * power[k] : 0;
        }
        db[b] = 10 * log10(total + 1e-11);
    }
}

static inline void twin_correlate(const int16_t line[AUTOCORR_LINE], double *dc,
                                  double cross[AUTOCORR_LAGS], double power[AUTOCORR_LAGS]) {
    const int16_t *x = line + AUTOCORR_HISTORY;
    double mean = 0;

    for (int i = 0; i < AUTOCORR_FRAME; i++)
        mean += x[i] / (double)AUTOCORR_FRAME;
    *dc += 0.1 * (mean - *dc);
    for (int l = 0; l < AUTOCORR_LAGS; l++) {
        cross[l] = power[l] = 0;
        for (int i = 0; i < AUTOCORR_FRAME; i++) {
            double now = (x[i] - *dc) / 32768;
            double then = (x[i - AUTOCORR_LAG_MIN - l] - *dc) / 32768;
            cross[l] += now * then;
            power[l] += now * now + then * then;
        }
    }
}

/* The vertex of the parabola through three points of which the middle one is the highest. */
static inline void twin_vertex(const double at[3], double *height, double *shift) {
    double bend = at[0] - 2 * at[1] + at[2];

    *height = *shift = 0;
    if (at[1] < at[0] || at[1] <= at[2] || at[1] <= 0)
        return;
    *shift = bend < -1e-6 ? (at[0] - at[2]) / (2 * bend) : 0;
    *height = at[1] - (at[0] - at[2]) * *shift / 4;
}

static inline void twin_affine(const int16_t *w, const float *scale, const float *bias,
                               const int16_t *x, size_t nx, double *y, size_t ny) {
    for (size_t j = 0; j < ny; j++) {
        int64_t total = 0;
        for (size_t i = 0; i < nx; i++)
            total += x[i] * w[i / 2 * 2 * ny + 2 * j + i % 2];
        y[j] = (double)bias[j] + (double)scale[j] * (double)total;
    }
}

static inline double twin_sigmoid(double x) {
    return 1 / (1 + exp(-x));
}

static inline void twin_gru(const float *from_input, const float *from_h, const float *before,
                            double *h, size_t n) {
    for (size_t i = 0; i < n; i++) {
        double r = twin_sigmoid((double)from_input[i] + (double)from_h[i]);
        double z = twin_sigmoid((double)from_input[n + i] + (double)from_h[n + i]);
        double c = tanh((double)from_input[2 * n + i] + r * (double)from_h[2 * n + i]);
        h[i] = (1 - z) * c + z * (double)before[i];
    }
}

#endif
