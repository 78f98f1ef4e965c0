#include "unit.h"

#include "twins.h"

static uint32_t seed = 1;

static float noise(void) {
    seed = seed * 1664525u + 1013904223u;
    return (float)(int32_t)seed / 2147483648.0f;
}

static void fill(float *x, size_t n, float scale) {
    for (size_t i = 0; i < n; i++)
        x[i] = scale * noise();
}

static double worst(const float *is, const double *should, size_t n) {
    double w = 0;

    for (size_t i = 0; i < n; i++)
        w = fmax(w, fabs((double)is[i] - should[i]));
    return w;
}

/* Every table that runs here. */
static int tables(const struct kernels *out[3]) {
    out[0] = kernels_pick(false);
    if (!kernels_have_wide())
        return 1;
    out[1] = kernels_pick(true);
    return 2;
}

#define EACH(k)                                                                                    \
    const struct kernels *every[3] = {0}, *k;                                                      \
    for (int i_ = tables(every) * 0; (k = every[i_]) != NULL; i_++)

static void test_mix_and_peak(void **state) {
    (void)state;
    enum { FRAMES = 237 };
    int16_t pcm[2 * FRAMES];

    for (int i = 0; i < 2 * FRAMES; i++)
        pcm[i] = (int16_t)(32767 * noise());
    pcm[99] = INT16_MIN;
    EACH(k) {
        for (unsigned channels = 1; channels <= 2; channels++) {
            float mono[FRAMES];
            double should[FRAMES], squares = 0;
            for (int i = 0; i < FRAMES; i++) {
                double sum = 0;
                for (unsigned c = 0; c < channels; c++)
                    sum += pcm[(unsigned)i * channels + c];
                should[i] = sum / channels / 32768;
                squares += should[i] * should[i];
            }
            double total = (double)k->mix(pcm, FRAMES, channels, mono);
            assert_true(worst(mono, should, FRAMES) < 1e-7);
            assert_true(fabs(total - squares) < 1e-4 * squares);
        }
        assert_int_equal(k->peak(pcm, 2 * FRAMES), 32768);
        assert_int_equal(k->peak(pcm, 0), 0);
        assert_int_equal(k->peak((int16_t[]){3, -7, 5}, 3), 7);
    }
}

static void test_decimate(void **state) {
    (void)state;
    float x[1200], taps[192];

    fill(x, 1200, 1);
    fill(taps, 192, 0.1f);
    EACH(k) {
        for (size_t step = 1; step <= 12; step++)
            for (size_t ny = 1; ny <= 83; ny += 41) {
                float y[83];
                double should[83];
                size_t ntaps = 16 * step;
                k->decimate(x, taps, ntaps, step, y, ny);
                twin_decimate(x, taps, ntaps, step, should, ny);
                assert_true(worst(y, should, ny) < 1e-5);
            }
    }
}

static void test_spectrum_is_the_definition(void **state) {
    (void)state;
    float x[SPECTRUM_WINDOW], power[SPECTRUM_PADDED];
    double should[SPECTRUM_BINS];

    for (int kind = 0; kind < 4; kind++) {
        fill(x, SPECTRUM_WINDOW, kind == 0 ? 1 : 1e-3f);
        for (int i = 0; i < SPECTRUM_WINDOW && kind > 1; i++)
            x[i] += kind == 2 ? 0.5f : sinf(0.7f * (float)i);
        twin_spectrum(x, should);
        EACH(k) {
            k->spectrum(x, power);
            assert_true(worst(power, should, SPECTRUM_BINS) < 1e-6);
        }
    }
}

static void test_mel_bands(void **state) {
    (void)state;
    float x[SPECTRUM_WINDOW], power[SPECTRUM_PADDED], db[MEL_PADDED];
    double exact[SPECTRUM_BINS], should[MEL_BANDS], sum = 0;

    fill(x, SPECTRUM_WINDOW, 0.3f);
    twin_spectrum(x, exact);
    twin_mel(exact, should);
    for (int b = 0; b < MEL_BANDS; b++)
        sum += pow(10, should[b] / 10);
    EACH(k) {
        k->spectrum(x, power);
        k->mel(power, db);
        assert_true(worst(db, should, MEL_BANDS) < 1e-3);
        assert_true(fabs((double)k->band_sum(db) - 10 * log10(sum)) < 1e-3);
        memset(power, 0, sizeof power);
        k->mel(power, db);
        for (int b = 0; b < MEL_BANDS; b++)
            assert_true(fabsf(db[b] + 110) < 1e-3f);
    }
}

static void test_correlate(void **state) {
    (void)state;
    float line[AUTOCORR_HISTORY + 80], cross[AUTOCORR_LAGS], energy[AUTOCORR_LAGS];
    double c[AUTOCORR_LAGS], e[AUTOCORR_LAGS];

    fill(line, AUTOCORR_HISTORY + 80, 1);
    twin_correlate(line + AUTOCORR_HISTORY, 80, c, e);
    EACH(k) {
        k->correlate(line + AUTOCORR_HISTORY, 80, cross, energy);
        assert_true(worst(cross, c, AUTOCORR_LAGS) < 1e-4);
        assert_true(worst(energy, e, AUTOCORR_LAGS) < 1e-4);
    }
}

static void test_affine_of_every_width(void **state) {
    (void)state;
    float w[48 * 152], bias[152], x[48], y[152];
    double should[152];

    fill(w, 48 * 152, 1);
    fill(bias, 152, 1);
    fill(x, 48, 1);
    EACH(k) {
        for (size_t ny = 8; ny <= 152; ny += 8) {
            k->affine(w, bias, x, 44, y, ny);
            twin_affine(w, bias, x, 44, should, ny);
            assert_true(worst(y, should, ny) < 1e-4);
        }
    }
}

static void test_gru(void **state) {
    (void)state;
    enum { N = 24 };
    float a[3 * N], b[3 * N], before[N], h[N];
    double should[N];

    for (int scale = 1; scale <= 1000; scale *= 10) {
        fill(a, 3 * N, (float)scale);
        fill(b, 3 * N, (float)scale);
        fill(before, N, 1);
        twin_gru(a, b, before, should, N);
        EACH(k) {
            memcpy(h, before, sizeof h);
            k->gru(a, b, h, N);
            assert_true(worst(h, should, N) < 1e-5);
        }
    }
}

RUN_TESTS(TEST(test_mix_and_peak), TEST(test_decimate), TEST(test_spectrum_is_the_definition),
          TEST(test_mel_bands), TEST(test_correlate), TEST(test_affine_of_every_width),
          TEST(test_gru))
