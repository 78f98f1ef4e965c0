#include "sound/resample.h"

#include "unit.h"

#include <math.h>

enum { MOST = 1000 };

static const unsigned rates[] = {8000,  11025, 12000, 16000, 22050,  24000,  32000,
                                 44100, 48000, 88200, 96000, 176400, 192000, 44101};

/* A fifth of a second of a tone at rate_hz in, RMS of the last 2000 samples of 16 kHz out. */
static double through(unsigned rate_hz, double tone_hz, size_t *outputs) {
    static struct resample r;
    const struct kernels *k = kernels_pick(kernels_have_wide());
    double squares = 0;
    size_t count = 0, fed = 0;

    resample_init(&r, rate_hz);
    while (fed < rate_hz / 5) {
        float x[RESAMPLE_BLOCK], y[320];
        size_t n = resample_room(&r, 320);
        n = n < rate_hz / 5 - fed ? n : rate_hz / 5 - fed;
        n = n < RESAMPLE_BLOCK ? n : RESAMPLE_BLOCK;
        for (size_t i = 0; i < n; i++)
            x[i] = (float)sin(2 * 3.14159265358979 * tone_hz * (double)(fed + i) / rate_hz);
        size_t out = resample_run(&r, k, x, n, y, 320);
        for (size_t i = 0; i < out; i++)
            squares += count + i >= 1200 ? (double)y[i] * (double)y[i] : 0;
        count += out;
        fed += n;
    }
    *outputs = count;
    return sqrt(squares / (double)(count - 1200));
}

static void test_as_long_out_as_in(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        size_t n;
        (void)through(rates[i], 500, &n);
        assert_in_range(n, 3198, 3200);
    }
}

static void test_speech_passes_and_what_would_fold_does_not(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        size_t n;
        for (double hz = 100; hz < 0.32 * fmin(rates[i], 16000); hz *= 1.5)
            assert_true(fabs(20 * log10(through(rates[i], hz, &n) * sqrt(2))) < 1.0);
        for (double hz = 9000; hz < 0.5 * rates[i]; hz *= 1.4)
            assert_true(20 * log10(through(rates[i], hz, &n) * sqrt(2) + 1e-9) < -35);
    }
}

static void test_pieces_give_the_same_samples(void **state) {
    (void)state;
    const struct kernels *k = kernels_pick(false);
    static struct resample whole, pieces, passed;

    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        float x[RESAMPLE_BLOCK], a[MOST], b[MOST];
        resample_init(&whole, rates[i]);
        resample_init(&pieces, rates[i]);
        resample_init(&passed, rates[i]);
        for (int round = 0; round < 20; round++) {
            for (int j = 0; j < RESAMPLE_BLOCK; j++)
                x[j] = sinf((float)(j * j + round));
            size_t na = resample_run(&whole, k, x, RESAMPLE_BLOCK, a, MOST), nb = 0;
            for (size_t at = 0, n = 1; at < RESAMPLE_BLOCK; at += n, n = n % 7 + 1) {
                n = n < RESAMPLE_BLOCK - at ? n : RESAMPLE_BLOCK - at;
                nb += resample_run(&pieces, k, x + at, n, b + nb, MOST);
            }
            assert_int_equal(na, nb);
            for (size_t j = 0; j < na; j++)
                assert_true(fabsf(a[j] - b[j]) < 1e-5f);
            assert_int_equal(resample_pass(&passed, RESAMPLE_BLOCK, MOST), na);
        }
    }
}

static void test_room_never_overfills(void **state) {
    (void)state;
    const struct kernels *k = kernels_pick(false);
    static struct resample r;

    for (unsigned rate_hz = 8000; rate_hz <= 192000; rate_hz += 7919) {
        float x[RESAMPLE_BLOCK] = {0}, y[321];
        size_t got = 0;
        resample_init(&r, rate_hz);
        for (int i = 0; i < 1000; i++) {
            size_t want = 1 + (size_t)(i * 7) % 320, n = resample_room(&r, want);
            n = n < RESAMPLE_BLOCK ? n : RESAMPLE_BLOCK;
            size_t out = resample_run(&r, k, x, n, y, want);
            assert_true(out == want || (out < want && n == RESAMPLE_BLOCK));
            got += out;
        }
        assert_true(got > 15000);
    }
}

RUN_TESTS(TEST(test_as_long_out_as_in), TEST(test_speech_passes_and_what_would_fold_does_not),
          TEST(test_pieces_give_the_same_samples), TEST(test_room_never_overfills))
