#include "sound/resample.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const double BAND_HZ = 7000, pi = 3.14159265358979323846;

/* Modified Bessel function of order 0. */
static double bessel(double x) {
    double term = 1, total = 1;
    for (int i = 1; term > 1e-12 * total; i++) {
        term *= x * x / (4.0 * i * i);
        total += term;
    }
    return total;
}

/* Both have the same slope, for Kaiser's at 40 dB is as wide over 32 taps as Hamming's over 48. */
static double window(double w, enum resample_quality quality) {
    static const double kaiser = 3.395;
    if (quality == RESAMPLE_TO_MEASURE)
        return bessel(kaiser * sqrt(1 - w * w)) / bessel(kaiser);
    return 0.54 + 0.46 * cos(pi * w);
}

/* Windowed sinc around `centre`, `cutoff` in cycles per sample, gain 1 at 0 Hz. */
static void lowpass(int16_t *taps, size_t n, double centre, double cutoff,
                    enum resample_quality quality) {
    double total = 0, h[RESAMPLE_TAPS_MAX];
    for (size_t i = 0; i < n; i++) {
        double x = (double)i - centre, w = x / ((double)n / 2);
        double sinc = fabs(x) < 1e-9 ? 2 * cutoff : sin(2 * pi * cutoff * x) / (pi * x);
        h[i] = fabs(w) < 1 ? sinc * window(w, quality) : 0;
        total += h[i];
    }
    for (size_t i = 0; i < n; i++)
        taps[i] = (int16_t)fmin(lrint(h[i] / total * 32768), INT16_MAX);
}

static uint32_t taps_for(uint32_t step, enum resample_quality quality) {
    uint32_t taps = step * RESAMPLE_TAPS_EACH;
    if (quality == RESAMPLE_TO_MEASURE)
        taps = taps * 2 / 3;
    return (taps + RESAMPLE_TAPS_UNIT - 1) / RESAMPLE_TAPS_UNIT * RESAMPLE_TAPS_UNIT;
}

void resample_init(struct resample *r, uint32_t rate_hz, enum resample_quality quality) {
    memset(r, 0, sizeof *r);
    r->rate_hz = rate_hz;
    r->step = rate_hz < RESAMPLE_RATE_HZ ? 1 : rate_hz / RESAMPLE_RATE_HZ;
    assert(r->step <= RESAMPLE_STEP_MAX);
    if (rate_hz % RESAMPLE_RATE_HZ) {
        r->scale = RESAMPLE_RATE_HZ * r->step;
        quality = RESAMPLE_TO_LISTEN;
    }
    r->taps = taps_for(r->step, quality);

    double between_hz = (double)rate_hz / r->step;
    if (!r->scale)
        lowpass(r->coefs, r->taps, (r->taps - 1) / 2.0, BAND_HZ / rate_hz, quality);
    else if (r->step == 1) /* all the filtering is the second stage's */
        r->coefs[r->taps - 1] = INT16_MAX;
    else /* only what would fold below 7 kHz must go; the slope is 3.3 / taps wide */
        lowpass(r->coefs, r->taps, (r->taps - 1) / 2.0,
                fmin(0.5 * between_hz, between_hz * (1 - 1.65 / RESAMPLE_TAPS_EACH) - BAND_HZ) /
                    rate_hz,
                quality);
    if (r->scale) {
        double cutoff = fmin(BAND_HZ, 0.45 * between_hz) / between_hz;
        for (int row = 0; row <= RESAMPLE_PHASES; row++)
            lowpass(r->sinc[row], RESAMPLE_SINC_TAPS,
                    RESAMPLE_SINC_TAPS / 2.0 - 1 + (double)row / RESAMPLE_PHASES, cutoff, quality);
    }
    resample_reset(r);
}

void resample_reset(struct resample *r) {
    memset(r->tail, 0, sizeof r->tail);
    memset(r->sinc_tail, 0, sizeof r->sinc_tail);
    r->held = r->taps - r->step;
    r->phase = (int32_t)r->rate_hz;
}

size_t resample_room(const struct resample *r, size_t want) {
    assert(want >= 1);
    size_t inner = want;
    if (r->scale) {
        int64_t last = r->phase + (int64_t)(want - 1) * r->rate_hz;
        inner = last <= 0 ? 0 : (size_t)((last + r->scale - 1) / r->scale);
    }
    return inner ? r->taps + (inner - 1) * r->step - r->held : 0;
}

/* Outputs of the whole-factor stage that `n` more inputs bring. */
static size_t whole_outputs(const struct resample *r, size_t n) {
    size_t total = r->held + n;
    return total < r->taps ? 0 : (total - r->taps) / r->step + 1;
}

/* The output that is due, from the samples of which newest[RESAMPLE_SINC_TAPS - 1] is the last. */
static int16_t sinc_at(const struct resample *r, const struct kernels *k, const int16_t *newest) {
    float at = (1 + (float)r->phase / (float)r->scale) * RESAMPLE_PHASES;
    int row = (int)at;
    int16_t a, b = 0;
    k->decimate(newest, r->sinc[row], RESAMPLE_SINC_TAPS, 1, &a, 1);
    if (row < RESAMPLE_PHASES)
        k->decimate(newest, r->sinc[row + 1], RESAMPLE_SINC_TAPS, 1, &b, 1);
    return (int16_t)lrintf((float)a + (at - (float)row) * (float)(b - a));
}

/* Below 16 kHz an input may bring two outputs; one that is not wanted yet stays due. */
static size_t run_sinc(struct resample *r, const struct kernels *k, const int16_t *x, size_t n,
                       int16_t *y, size_t want) {
    int16_t line[RESAMPLE_SINC_TAPS + RESAMPLE_BLOCK];
    memcpy(line, r->sinc_tail, sizeof r->sinc_tail);
    memcpy(line + RESAMPLE_SINC_TAPS, x, n * sizeof *x);
    size_t out = 0;
    for (size_t i = 0;; i++) {
        for (; r->phase <= 0 && out < want; r->phase += (int32_t)r->rate_hz)
            y[out++] = sinc_at(r, k, line + i);
        if (i == n)
            break;
        r->phase -= (int32_t)r->scale;
    }
    memcpy(r->sinc_tail, line + n, sizeof r->sinc_tail);
    return out;
}

size_t resample_run(struct resample *r, const struct kernels *k, int16_t *x, size_t n, int16_t *y,
                    size_t want) {
    assert(n <= RESAMPLE_BLOCK && n <= resample_room(r, want));
    size_t out = whole_outputs(r, n), total = r->held + n;
    int16_t *line = x - r->held;
    memcpy(line, r->tail, r->held * sizeof *line);
    r->held = (uint32_t)(total - out * r->step);
    if (r->scale) {
        int16_t between[RESAMPLE_BLOCK];
        k->decimate(line, r->coefs, r->taps, r->step, between, out);
        memcpy(r->tail, line + out * r->step, r->held * sizeof *line);
        return run_sinc(r, k, between, out, y, want);
    }
    k->decimate(line, r->coefs, r->taps, r->step, y, out);
    memcpy(r->tail, line + out * r->step, r->held * sizeof *line);
    return out;
}

size_t resample_pass(struct resample *r, size_t n, size_t want) {
    assert(n <= resample_room(r, want));
    size_t inner = whole_outputs(r, n), out = 0;
    r->held = (uint32_t)(r->held + n - inner * r->step);
    if (!r->scale)
        return inner;
    for (;; inner--) {
        for (; r->phase <= 0 && out < want; r->phase += (int32_t)r->rate_hz)
            out++;
        if (!inner)
            return out;
        r->phase -= (int32_t)r->scale;
    }
}
