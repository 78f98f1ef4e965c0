#include "sound/grouper.h"
#include "unit.h"

#include <math.h>
#include <stdlib.h>

static int16_t *tone(unsigned rate_hz, unsigned channels, double hz, double seconds,
                     double amplitude) {
    size_t frames = (size_t)(rate_hz * seconds);
    int16_t *pcm = malloc(frames * channels * sizeof *pcm);
    for (size_t i = 0; i < frames * channels; i++)
        pcm[i] = (int16_t)lrint(amplitude * 32767 *
                                sin(2 * 3.14159265358979 * hz * (double)(i / channels) / rate_hz));
    return pcm;
}

/* All of it through a grouper in pieces of `piece` frames; returns the samples, checks the groups. */
static size_t run(unsigned rate_hz, unsigned channels, const int16_t *pcm, size_t frames,
                  size_t piece, int16_t *out) {
    struct grouper g;
    size_t n = 0, groups = 0;
    grouper_init(&g, rate_hz, channels, 500);
    for (size_t at = 0; at < frames;) {
        size_t rest = frames - at < piece ? frames - at : piece, written;
        bool is_full;
        int16_t block[100 + 1];
        block[100] = 12345;
        size_t used = grouper_hear(&g, pcm + at * channels, rest, block, 100, &written, &is_full);
        assert_true(used + written > 0 && used <= rest && written <= 100);
        assert_int_equal(block[100], 12345);
        memcpy(out + n, block, written * sizeof *out);
        n += written;
        at += used;
        if (is_full)
            assert_int_equal(n, ++groups * 8000);
    }
    assert_int_equal(groups, n / 8000);
    assert_int_equal(grouper_cut(&g), n % 8000);
    assert_int_equal(grouper_cut(&g), 0);
    return n;
}

/* Level of the part of `out` at `hz`, against full scale, in dB (Goertzel over a whole second). */
static double level_at(const int16_t *out, double hz) {
    double w = 2 * 3.14159265358979 * hz / GROUPER_RATE_HZ, re = 0, im = 0;
    for (int i = 0; i < GROUPER_RATE_HZ; i++) {
        re += out[i] * cos(w * i) / 32767;
        im += out[i] * sin(w * i) / 32767;
    }
    return 20 * log10(sqrt(re * re + im * im) * 2 / GROUPER_RATE_HZ + 1e-9);
}

static const unsigned rates[] = {8000, 16000, 22050, 32000, 44100, 48000, 96000, 192000};

static void a_tone_in_the_band_keeps_its_place_and_level(void **state) {
    int16_t *out = malloc(GROUPER_RATE_HZ * 3 * sizeof *out);
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        for (unsigned channels = 1; channels <= 2; channels++) {
            int16_t *pcm = tone(rates[i], channels, 1000, 2, 0.5);
            size_t n = run(rates[i], channels, pcm, rates[i] * 2, 77 + i * 300, out);
            assert_in_range(n, GROUPER_RATE_HZ * 2 - 1, GROUPER_RATE_HZ * 2 + 1);
            double db = level_at(out + 8000, 1000);
            assert_true(fabs(db - 20 * log10(0.5)) < 0.3);
            assert_true(level_at(out + 8000, 3000) < -60);
            free(pcm);
        }
    free(out);
}

static void what_lies_above_the_band_does_not_fold_into_it(void **state) {
    int16_t *out = malloc(GROUPER_RATE_HZ * 3 * sizeof *out);
    const double tones[] = {9500, 11000, 13000, 15000, 18000};
    for (size_t t = 0; t < sizeof tones / sizeof *tones; t++) {
        int16_t *pcm = tone(48000, 2, tones[t], 2, 0.9);
        run(48000, 2, pcm, 96000, 480, out);
        double folded = fabs(tones[t] - 16000);
        if (level_at(out + 8000, folded) > 20 * log10(0.9) - 50)
            fail_msg("%.0f Hz comes through at %.0f Hz with %.1f dB", tones[t], folded,
                     level_at(out + 8000, folded));
        free(pcm);
    }
    free(out);
}

/* Antiphase would cancel in a sum. */
static void the_louder_channel_is_sent(void **state) {
    int16_t pcm[4800 * 2], out[1700];
    for (size_t i = 0; i < 4800; i++) {
        pcm[i * 2] = -4000;
        pcm[i * 2 + 1] = 8000;
    }
    size_t n = run(48000, 2, pcm, 4800, 4800, out);
    assert_int_equal(n, 1600);
    assert_in_range(out[1000], 7980, 8020);
    for (size_t i = 0; i < 4800; i++)
        pcm[i * 2] = -8000;
    run(48000, 2, pcm, 4800, 4800, out);
    assert_in_range(-out[1000], 7980, 8020);
}

static void what_nobody_wants_is_counted_alike(void **state) {
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct grouper heard, passed;
        int16_t pcm[960] = {0}, out[960];
        grouper_init(&heard, rates[i], 1, 700);
        grouper_init(&passed, rates[i], 1, 700);
        for (size_t frame = 0; frame < 3000; frame++) {
            size_t written = 0, skipped = 0, n = 1 + frame % 240; /* at most RESAMPLE_BLOCK */
            bool full, also_full;
            size_t used = grouper_hear(&heard, pcm, n, out, 960, &written, &full);
            assert_int_equal(grouper_pass(&passed, n, &skipped, &also_full), used);
            assert_int_equal(written, skipped);
            assert_int_equal(full, also_full);
        }
        assert_int_equal(grouper_cut(&heard), grouper_cut(&passed));
    }
}

static void normalizing_lowers_and_never_raises(void **state) {
    int16_t loud[] = {32767, -32768, 100, 0}, quiet[] = {1000, -29204, 5};
    grouper_normalize(loud, 4);
    assert_int_equal(loud[1], -29204);
    assert_in_range(loud[0], 29200, 29204);
    assert_int_equal(loud[2], 89);
    grouper_normalize(quiet, 3);
    assert_int_equal(quiet[0], 1000);
    assert_int_equal(quiet[1], -29204);
    grouper_normalize(quiet, 0);
}

RUN_TESTS(TEST(a_tone_in_the_band_keeps_its_place_and_level),
          TEST(what_lies_above_the_band_does_not_fold_into_it), TEST(the_louder_channel_is_sent),
          TEST(what_nobody_wants_is_counted_alike), TEST(normalizing_lowers_and_never_raises))
