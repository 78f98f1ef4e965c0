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

static void fill_shorts(int16_t *x, size_t n, int scale) {
    for (size_t i = 0; i < n; i++)
        x[i] = (int16_t)((float)scale * noise());
}

static double worst(const float *is, const double *should, size_t n) {
    double w = 0;

    for (size_t i = 0; i < n; i++)
        w = fmax(w, fabs((double)is[i] - should[i]));
    return w;
}

/* Every table that runs here. */
#define EACH(k)                                                                                    \
    const struct kernels *k;                                                                       \
    for (unsigned i_ = 0; i_ < kernels_count() && (k = kernels_at(i_)); i_++)

static void test_take_and_peak(void **state) {
    (void)state;
    enum { FRAMES = 237 };
    int16_t pcm[2 * FRAMES];

    for (int i = 0; i < 2 * FRAMES; i++)
        pcm[i] = (int16_t)(32767 * noise());
    pcm[99] = INT16_MIN;
    EACH(k) {
        for (unsigned channels = 1; channels <= 2; channels++)
            for (unsigned side = 0; side < channels; side++) {
                int16_t mono[FRAMES];
                float of[2];
                double should[2] = {0, 0};
                k->take(pcm, FRAMES, channels, side, mono, of);
                for (unsigned i = 0; i < FRAMES; i++)
                    for (unsigned c = 0; c < channels; c++) {
                        int16_t x = pcm[i * channels + c];
                        should[c != side] += x * x / 32768.0 / 32768.0;
                        assert_true(c != side || mono[i] == x);
                    }
                for (int i = 0; i < 2; i++)
                    assert_true(fabs(of[i] - should[i]) <= 1e-5 * should[i]);
            }
        assert_int_equal(k->peak(pcm, 2 * FRAMES), 32768);
        assert_int_equal(k->peak(pcm, 0), 0);
        assert_int_equal(k->peak((int16_t[]){3, -7, 5}, 3), 7);
    }
}

static void test_full_scale_squares_do_not_overflow(void **state) {
    (void)state;
    int16_t pcm[200], mono[200];
    float of[2];

    for (int i = 0; i < 200; i++)
        pcm[i] = INT16_MIN;
    EACH(k) {
        k->take(pcm, 200, 1, 0, mono, of);
        assert_true(of[0] == 200 && of[1] == 0);
        k->take(pcm, 100, 2, 1, mono, of);
        assert_true(of[0] == 100 && of[1] == 100);
        assert_int_equal(mono[99], INT16_MIN);
    }
}

static void test_decimate(void **state) {
    (void)state;
    int16_t x[1200], taps[192];

    fill_shorts(x, 1200, 32767);
    EACH(k) {
        for (size_t step = 1; step <= 12; step++)
            for (size_t ny = 1; ny <= 83; ny += 41) {
                int16_t y[83];
                double should[83];
                size_t ntaps = 16 * step;
                fill_shorts(taps, ntaps, (int)(65535 / ntaps));
                k->decimate(x, taps, ntaps, step, y, ny);
                twin_decimate(x, taps, ntaps, step, should, ny);
                for (size_t i = 0; i < ny; i++)
                    assert_true(fabs(y[i] - should[i]) <= 0.5);
            }
    }
}

static void test_what_decimate_cannot_hold_is_clipped(void **state) {
    (void)state;
    int16_t x[64], taps[16] = {32767, 32767}, y[17];

    for (int sign = -1; sign <= 1; sign += 2) {
        for (int i = 0; i < 64; i++)
            x[i] = sign > 0 ? INT16_MAX : INT16_MIN;
        EACH(k) {
            k->decimate(x, taps, 16, 1, y, 17);
            assert_true(y[0] == x[0] && y[16] == x[0]);
        }
    }
}

static void test_band_squares(void **state) {
    (void)state;
    int16_t x[400], taps[48];

    fill_shorts(taps, 48, 1300);
    for (int scale = 30; scale < 32768; scale *= 30) {
        fill_shorts(x, 400, scale);
        EACH(k) {
            for (size_t step = 1; step <= 4; step++) {
                double y[80], squares = 0;
                twin_decimate(x, taps, 48, step, y, 80);
                for (int i = 0; i < 80; i++)
                    squares += y[i] * y[i] / 32768 / 32768;
                double is = (double)k->band_squares(x, taps, 48, step, 80);
                assert_true(fabs(is - squares) < 1e-5 * squares);
            }
        }
    }
}

static void test_spectrum_is_the_definition(void **state) {
    (void)state;
    int16_t x[SPECTRUM_WINDOW];
    float power[SPECTRUM_PADDED];
    double should[SPECTRUM_BINS];

    for (int kind = 0; kind < 4; kind++) {
        fill_shorts(x, SPECTRUM_WINDOW, kind == 0 ? 32767 : 30);
        for (int i = 0; i < SPECTRUM_WINDOW && kind > 1; i++)
            x[i] = (int16_t)(x[i] + (kind == 2 ? 16384 : (int)(32000 * sinf(0.7f * (float)i))));
        twin_spectrum(x, should);
        EACH(k) {
            k->spectrum(x, power);
            assert_true(worst(power, should, SPECTRUM_BINS) < 1e-6);
        }
    }
}

static void test_mel_bands(void **state) {
    (void)state;
    int16_t x[SPECTRUM_WINDOW];
    float power[SPECTRUM_PADDED], db[MEL_PADDED];
    double exact[SPECTRUM_BINS], should[MEL_BANDS], sum = 0;

    fill_shorts(x, SPECTRUM_WINDOW, 10000);
    twin_spectrum(x, exact);
    twin_mel(exact, should);
    for (int b = 0; b < MEL_BANDS; b++)
        sum += pow(10, should[b] / 10);
    EACH(k) {
        k->spectrum(x, power);
        float together = k->mel(power, db);
        assert_true(worst(db, should, MEL_BANDS) < 1e-3);
        assert_true(fabs((double)together - 10 * log10(sum)) < 1e-3);
        assert_true(fabs((double)k->band_sum(db) - 10 * log10(sum)) < 1e-3);
        memset(power, 0, sizeof power);
        k->mel(power, db);
        for (int b = 0; b < MEL_BANDS; b++)
            assert_true(fabsf(db[b] + 110) < 1e-3f);
    }
}

static void test_correlate(void **state) {
    (void)state;
    int16_t line[AUTOCORR_LINE] = {0};
    double cross[AUTOCORR_LAGS], power[AUTOCORR_LAGS];

    for (int scale = 280; scale <= 28000; scale *= 10) {
        double dc = scale / 10, most = 0;
        fill_shorts(line, AUTOCORR_LINE, scale);
        twin_correlate(line, &dc, cross, power);
        for (int l = 0; l < AUTOCORR_LAGS; l++)
            most = fmax(most, power[l]);
        EACH(k) {
            struct autocorr now;
            float at = (float)(scale / 10);
            k->correlate(line, &at, &now);
            assert_true(fabs((double)at - dc) < 1e-4 * scale);
            assert_true(worst(now.cross, cross, AUTOCORR_LAGS) < 2e-3 * most);
            assert_true(worst(now.power, power, AUTOCORR_LAGS) < 2e-3 * most);
        }
    }
}

static void test_vertices(void **state) {
    (void)state;
    struct autocorr before, now;
    float height[AUTOCORR_LAGS], shift[AUTOCORR_LAGS];
    double at[AUTOCORR_LAGS];
    int peaks = 0;

    fill(before.cross, AUTOCORR_LAGS, 1);
    fill(now.cross, AUTOCORR_LAGS, 1);
    for (int l = 0; l < AUTOCORR_LAGS; l++) {
        before.power[l] = 3 + noise();
        now.power[l] = 3 + noise();
        at[l] =
            2 * (double)(before.cross[l] + now.cross[l]) / (double)(before.power[l] + now.power[l]);
    }
    EACH(k) {
        k->vertices(&before, &now, height, shift);
        for (int l = 1; l < AUTOCORR_LAGS - 1; l++) {
            double should_height, should_shift;
            twin_vertex(at + l - 1, &should_height, &should_shift);
            assert_true(fabs((double)height[l] - should_height) < 1e-5);
            assert_true(fabs((double)shift[l] - should_shift) < 1e-4);
            peaks += should_height > 0;
        }
    }
    assert_true(peaks > 10);
}

static void test_narrow(void **state) {
    (void)state;
    float x[16] = {0, 0.1f, -0.1f, 1, -1, 100, -100, 0.25f, 3, -3, 7.9f, -7.9f, 8, -8, 1e9f, -1e9f};
    static const int16_t should[16] = {0,     410,    -410,  4096,   -4096, 32767,  -32768, 1024,
                                       12288, -12288, 32358, -32358, 32767, -32768, 32767,  -32768};
    int16_t y[16];

    EACH(k) {
        k->narrow(x, 4096, y, 16);
        assert_memory_equal(y, should, sizeof y);
    }
}

static void test_affine_of_every_width(void **state) {
    (void)state;
    int16_t w[48 * 152], x[48];
    float scale[152], bias[152], y[152];
    double should[152];

    fill_shorts(w, 48 * 152, 2047);
    fill_shorts(x, 48, 8191);
    fill(scale, 152, 1e-6f);
    fill(bias, 152, 1);
    EACH(k) {
        for (size_t ny = 8; ny <= 152; ny += 8) {
            k->affine(w, scale, bias, x, 44, y, ny);
            twin_affine(w, scale, bias, x, 44, should, ny);
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

RUN_TESTS(TEST(test_take_and_peak), TEST(test_full_scale_squares_do_not_overflow),
          TEST(test_decimate), TEST(test_what_decimate_cannot_hold_is_clipped),
          TEST(test_band_squares), TEST(test_spectrum_is_the_definition), TEST(test_mel_bands),
          TEST(test_correlate), TEST(test_vertices), TEST(test_narrow),
          TEST(test_affine_of_every_width), TEST(test_gru))
