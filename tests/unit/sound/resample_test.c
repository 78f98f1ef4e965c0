#include "sound/resample.h"

#include "unit.h"

#include <math.h>

enum { MOST = 2000 };

static const unsigned rates[] = {8000,  11025, 12000, 16000, 22050,  24000,  32000,
                                 44100, 48000, 88200, 96000, 176400, 192000, 44101};

/* A fifth of a second of a tone at rate_hz in, RMS of the last 2000 samples of 16 kHz out. */
static double through(unsigned rate_hz, double tone_hz, enum resample_quality quality,
                      size_t *outputs) {
    static struct resample r;
    const struct kernels *k = kernels_best();
    double squares = 0;
    size_t count = 0, fed = 0;

    resample_init(&r, rate_hz, quality);
    while (fed < rate_hz / 5) {
        int16_t line[RESAMPLE_TAPS_MAX + RESAMPLE_BLOCK], *x = line + RESAMPLE_TAPS_MAX, y[320];
        size_t n = resample_room(&r, 320);
        n = n < rate_hz / 5 - fed ? n : rate_hz / 5 - fed;
        n = n < RESAMPLE_BLOCK ? n : RESAMPLE_BLOCK;
        for (size_t i = 0; i < n; i++)
            x[i] = (int16_t)lrint(
                32000 * sin(2 * 3.14159265358979 * tone_hz * (double)(fed + i) / rate_hz));
        size_t out = resample_run(&r, k, x, n, y, 320);
        for (size_t i = 0; i < out; i++)
            squares += count + i >= 1200 ? y[i] / 32000.0 * y[i] / 32000.0 : 0;
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
        (void)through(rates[i], 500, RESAMPLE_TO_LISTEN, &n);
        assert_in_range(n, 3198, 3200);
        (void)through(rates[i], 500, RESAMPLE_TO_MEASURE, &n);
        assert_in_range(n, 3198, 3200);
    }
}

static void folds_less_than(double limit_db, enum resample_quality quality) {
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        size_t n;
        for (double hz = 100; hz < 0.32 * fmin(rates[i], 16000); hz *= 1.5)
            assert_true(fabs(20 * log10(through(rates[i], hz, quality, &n) * sqrt(2))) < 1.0);
        for (double hz = 9000; hz < 0.5 * rates[i]; hz *= 1.4)
            assert_true(20 * log10(through(rates[i], hz, quality, &n) * sqrt(2) + 1e-9) < limit_db);
    }
}

static void test_speech_passes_and_what_would_fold_does_not(void **state) {
    (void)state;
    folds_less_than(-35, RESAMPLE_TO_LISTEN);
    folds_less_than(-35, RESAMPLE_TO_MEASURE);
}

static void test_pieces_give_the_same_samples(void **state) {
    (void)state;
    const struct kernels *k = kernels_at(0);
    static struct resample whole, pieces, passed;

    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        int16_t line[RESAMPLE_TAPS_MAX + RESAMPLE_BLOCK], *x = line + RESAMPLE_TAPS_MAX;
        int16_t part[RESAMPLE_TAPS_MAX + 8], a[MOST], b[MOST];
        resample_init(&whole, rates[i], RESAMPLE_TO_MEASURE);
        resample_init(&pieces, rates[i], RESAMPLE_TO_MEASURE);
        resample_init(&passed, rates[i], RESAMPLE_TO_MEASURE);
        for (int round = 0; round < 20; round++) {
            for (int j = 0; j < RESAMPLE_BLOCK; j++)
                x[j] = (int16_t)(32767 * sinf((float)(j * j + round)));
            size_t na = resample_run(&whole, k, x, RESAMPLE_BLOCK, a, MOST), nb = 0;
            for (size_t at = 0, n = 1; at < RESAMPLE_BLOCK; at += n, n = n % 7 + 1) {
                n = n < RESAMPLE_BLOCK - at ? n : RESAMPLE_BLOCK - at;
                memcpy(part + RESAMPLE_TAPS_MAX, x + at, n * sizeof *x);
                nb += resample_run(&pieces, k, part + RESAMPLE_TAPS_MAX, n, b + nb, MOST);
            }
            assert_int_equal(na, nb);
            assert_memory_equal(a, b, na * sizeof *a);
            assert_int_equal(resample_pass(&passed, RESAMPLE_BLOCK, MOST), na);
        }
    }
}

static void test_room_never_overfills(void **state) {
    (void)state;
    const struct kernels *k = kernels_at(0);
    static struct resample r;

    for (unsigned rate_hz = 8000; rate_hz <= 192000; rate_hz += 7919) {
        int16_t line[RESAMPLE_TAPS_MAX + RESAMPLE_BLOCK] = {0}, y[321];
        size_t got = 0;
        resample_init(&r, rate_hz, RESAMPLE_TO_LISTEN);
        for (int i = 0; i < 1000; i++) {
            size_t want = 1 + (size_t)(i * 7) % 320, n = resample_room(&r, want);
            n = n < RESAMPLE_BLOCK ? n : RESAMPLE_BLOCK;
            size_t out = resample_run(&r, k, line + RESAMPLE_TAPS_MAX, n, y, want);
            assert_true(out == want || (out < want && n == RESAMPLE_BLOCK));
            got += out;
        }
        assert_true(got > 15000);
    }
}

RUN_TESTS(TEST(test_as_long_out_as_in), TEST(test_speech_passes_and_what_would_fold_does_not),
          TEST(test_pieces_give_the_same_samples), TEST(test_room_never_overfills))
