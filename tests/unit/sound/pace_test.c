#include "sound/pace.h"

#include "unit.h"

#include <math.h>

static const double PI = 3.14159265358979323846;
static const struct pace_limits limits = {.prominence_db = 4, .below_db = 15, .apart_ms = 50};

/* Seconds of speech of so many syllables a second, each a hump of `depth` dB. */
static void speak(struct pace *pace, double seconds, double per_second, double depth) {
    for (int i = 0; i < (int)(seconds * 50); i++) {
        float db[2];
        for (int j = 0; j < 2; j++)
            db[j] = (float)(-30 + depth / 2 * sin(2 * PI * per_second * (2 * i + j) * 0.01));
        pace_hear(pace, db);
    }
}

static void test_counts_humps(void **state) {
    (void)state;
    for (double rate = 2; rate <= 9; rate += 0.5) {
        struct pace pace = {0};
        float per_second;
        speak(&pace, 10, rate, 8);
        assert_true(pace_rate(&pace, &limits, 10, &per_second));
        assert_true(fabs((double)per_second - rate) < 0.25);
    }
}

static void test_ripples_are_no_syllables(void **state) {
    (void)state;
    struct pace pace = {0};
    float per_second = -1;

    speak(&pace, 10, 6, 3.5);
    assert_true(pace_rate(&pace, &limits, 5, &per_second));
    assert_true(per_second < 0.2f);
}

static void test_peaks_keep_their_distance(void **state) {
    (void)state;
    struct pace pace = {0};
    float per_second;

    speak(&pace, 10, 25, 8); /* 40 ms apart */
    assert_true(pace_rate(&pace, &limits, 5, &per_second));
    assert_true(per_second <= 1000.0f / 50);
}

static void test_a_pause_is_neither_speech_nor_a_valley_to_cross(void **state) {
    (void)state;
    struct pace pace = {0};
    float with, without;

    pace_break(&pace);
    assert_int_equal(pace.count, 0);
    for (int turn = 0; turn < 8; turn++) {
        speak(&pace, 1, 5, 8);
        pace_break(&pace);
        pace_break(&pace);
    }
    assert_true(pace_rate(&pace, &limits, 8, &with));
    assert_false(pace_rate(&pace, &limits, 8.02f, &without));
    assert_true(fabsf(with - 5) < 0.6f);
}

static void test_only_the_last_ten_seconds_count(void **state) {
    (void)state;
    struct pace pace = {0};
    float per_second;

    speak(&pace, 20, 8, 8);
    speak(&pace, 10, 4, 8);
    assert_true(pace_rate(&pace, &limits, 5, &per_second));
    assert_true(fabsf(per_second - 4) < 0.3f);
    assert_false(pace_rate(&pace, &limits, 10.01f, &per_second));
}

static void test_soft_peaks_far_below_the_rest_do_not_count(void **state) {
    (void)state;
    struct pace pace = {0};
    float loud_db[2] = {-30, -30}, per_second;

    for (int i = 0; i < 300; i++)
        pace_hear(&pace, loud_db);
    for (int i = 0; i < 100; i++) { /* humps that reach -50 only */
        float db[2] = {i % 10 < 5 ? -50.0f : -60.0f, i % 10 < 5 ? -50.0f : -60.0f};
        pace_hear(&pace, db);
    }
    assert_true(pace_rate(&pace, &limits, 5, &per_second));
    assert_true(per_second < 0.2f);
}

/* Eight syllables a second that hardly part: the former low-pass runs them together. */
static void test_fast_speech_is_not_run_together(void **state) {
    (void)state;
    struct pace sharp = {0}, smooth = {0};
    struct pace_envelope e = {0}, former = {0};
    float sharp_rate, smooth_rate;

    for (int i = 0; i < 500; i++) {
        float now[2], before[2];
        for (int j = 0; j < 2; j++) {
            double t = (2 * i + j) * 0.01;
            now[j] = pace_envelope_hear(&e, (float)(0.1 * (1 + 0.28 * sin(2 * PI * 9 * t))));
            before[j] = pace_envelope_smooth(&former, now[j]);
        }
        pace_hear(&sharp, now);
        pace_hear(&smooth, before);
    }
    assert_true(pace_rate(&sharp, &limits, 5, &sharp_rate));
    assert_true(pace_rate(&smooth, &limits, 5, &smooth_rate));
    assert_true(fabsf(sharp_rate - 9) < 0.5f);
    assert_true(smooth_rate < 1);
}

static void test_the_limits_say_what_a_syllable_is(void **state) {
    (void)state;
    struct pace pace = {0};
    struct pace_limits former = {.prominence_db = 2, .below_db = 12, .apart_ms = 70};
    float strict, loose;

    speak(&pace, 10, 6, 3);
    assert_true(pace_rate(&pace, &limits, 5, &strict));
    assert_true(pace_rate(&pace, &former, 5, &loose));
    assert_true(strict < 0.5f && fabsf(loose - 6) < 0.3f);
}

static void test_the_envelope_follows_syllables_and_not_pitch(void **state) {
    (void)state;
    struct pace_envelope e = {0};
    float high = -200, low = 200, fast_high = -200, fast_low = 200;

    for (int i = 0; i < 300; i++) {
        float db = pace_envelope_hear(&e, 0.1f * (1 + 0.8f * (float)sin(2 * PI * 4 * i * 0.01)));
        high = i > 100 && db > high ? db : high;
        low = i > 100 && db < low ? db : low;
    }
    assert_true(high - low > 14 && high < -13);
    e = (struct pace_envelope){0};
    for (int i = 0; i < 300; i++) {
        float db = pace_envelope_hear(&e, 0.1f * (1 + 0.8f * (float)sin(2 * PI * 33 * i * 0.01)));
        fast_high = i > 100 && db > fast_high ? db : fast_high;
        fast_low = i > 100 && db < fast_low ? db : fast_low;
    }
    assert_true(fast_high - fast_low < 8);
    assert_true(fabsf(fast_high + 20) < 4);
}

RUN_TESTS(TEST(test_counts_humps), TEST(test_ripples_are_no_syllables),
          TEST(test_peaks_keep_their_distance),
          TEST(test_a_pause_is_neither_speech_nor_a_valley_to_cross),
          TEST(test_only_the_last_ten_seconds_count),
          TEST(test_soft_peaks_far_below_the_rest_do_not_count),
          TEST(test_fast_speech_is_not_run_together), TEST(test_the_limits_say_what_a_syllable_is),
          TEST(test_the_envelope_follows_syllables_and_not_pitch))
