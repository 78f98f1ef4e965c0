#include "sound/pitch.h"

#include "unit.h"

#include <math.h>

static const double PI = 3.14159265358979323846;

/* A second of harmonics of f0 at 4 kHz (1/h each), plus a constant; the last answer. */
static struct pitch of_tone(double f0_hz, double constant) {
    struct pitch_tracker t = {0};
    struct pitch p = {0};
    const struct kernels *k = kernels_best();

    for (int frame = 0; frame < 50; frame++) {
        int16_t x[PITCH_FRAME];
        for (int i = 0; i < PITCH_FRAME; i++) {
            double s = constant, at = frame * PITCH_FRAME + i;
            for (int h = 1; h * f0_hz < 1100; h++)
                s += 0.1 / h * sin(2 * PI * h * f0_hz * at / PITCH_RATE_HZ + h);
            x[i] = (int16_t)lrint(s * 32768);
        }
        p = pitch_track(&t, k, x);
    }
    return p;
}

static void test_harmonic_tones(void **state) {
    (void)state;
    for (double f0 = 75; f0 <= 380; f0 *= 1.04) {
        struct pitch p = of_tone(f0, 0);
        assert_true(p.periodicity > 0.95f);
        assert_true(fabs((double)p.f0_hz - f0) < 0.02 * f0);
    }
}

static void test_a_constant_does_not_look_periodic(void **state) {
    (void)state;
    assert_true(fabs((double)of_tone(150, 0.3).f0_hz - 150) < 3);
    assert_true(of_tone(3000, 0.5).f0_hz == 0); /* nothing but the constant */
}

static void test_noise_has_no_pitch(void **state) {
    (void)state;
    struct pitch_tracker t = {0};
    uint32_t seed = 3;
    int voiced = 0;

    for (int frame = 0; frame < 500; frame++) {
        int16_t x[PITCH_FRAME];
        for (int i = 0; i < PITCH_FRAME; i++) {
            seed = seed * 1664525u + 1013904223u;
            x[i] = (int16_t)((int32_t)seed / 65536);
        }
        voiced += pitch_track(&t, kernels_at(0), x).f0_hz > 0;
    }
    assert_true(voiced < 10);
}

/* Ten seconds of a voice that swings by `semitones` to either side. */
static bool spread_of(double semitones, float *out) {
    struct pitch_span span = {0};

    for (int i = 0; i < PITCH_SPAN_FRAMES; i++) {
        double f0 = 120 * pow(2, semitones * sin(i * 0.05) / 12);
        if (i % 60 == 7) /* an octave error now and then */
            f0 *= 2;
        pitch_span_hear(&span, (float)f0, i % 3 ? 0.9f : 0.4f);
    }
    return pitch_span_spread(&span, out);
}

static void test_spread_tells_flat_from_lively(void **state) {
    (void)state;
    float flat, lively;

    assert_true(spread_of(0.3, &flat));
    assert_true(spread_of(4, &lively));
    assert_true(flat < 0.6f);
    /* a sine's 10th and 90th percentiles lie at 0.951 of its height */
    assert_true(fabs((double)lively - 2 * 4 * 0.951 / 2.56) < 0.15);
}

static void test_two_seconds_voiced_before_anything_is_told(void **state) {
    (void)state;
    struct pitch_span span = {0};
    float spread = -1;

    for (int i = 0; i < PITCH_VOICED_FRAMES - 1; i++)
        pitch_span_hear(&span, 100, 0.9f);
    for (int i = 0; i < 50; i++)
        pitch_span_hear(&span, 100, 0.6f);
    assert_false(pitch_span_spread(&span, &spread));
    assert_true(spread == -1);
    pitch_span_hear(&span, 100, 0.9f);
    assert_true(pitch_span_spread(&span, &spread));
    assert_true(spread == 0);
}

RUN_TESTS(TEST(test_harmonic_tones), TEST(test_a_constant_does_not_look_periodic),
          TEST(test_noise_has_no_pitch), TEST(test_spread_tells_flat_from_lively),
          TEST(test_two_seconds_voiced_before_anything_is_told))
