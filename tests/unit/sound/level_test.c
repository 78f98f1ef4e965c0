#include "sound/level.h"

#include "unit.h"

#include <math.h>

static void test_dbfs(void **state) {
    (void)state;
    assert_true(fabsf(level_dbfs(1)) < 1e-6f);
    assert_true(fabsf(level_dbfs(0.001f) + 30) < 1e-4f);
    assert_true(level_dbfs(0) == -120);
}

static void test_pauses_do_not_dilute_the_active_level(void **state) {
    (void)state;
    struct level level = {0};
    float dbfs = 1;

    assert_int_equal(level_active(&level, 3000, 15000, 0, &dbfs), 0);
    assert_true(dbfs == 1);
    for (int i = 0; i < 50; i++)
        level_hear(&level, 0.011f, 0.001f, 20 * i);
    for (int i = 0; i < 50; i++) /* after a long pause */
        level_hear(&level, 0.011f, 0.001f, 8000 + 20 * i);
    assert_int_equal(level_active(&level, 3000, 15000, 9000, &dbfs), 2000);
    assert_true(fabsf(dbfs + 20) < 0.01f);
    assert_int_equal(level_active(&level, 3000, 15000, 17000, &dbfs), 1000);
    assert_int_equal(level_active(&level, 3000, 15000, 99000, &dbfs), 0);
}

static void test_only_the_last_speech_counts(void **state) {
    (void)state;
    struct level level = {0};
    float dbfs;

    for (int i = 0; i < 900; i++)
        level_hear(&level, i < 500 ? 0.1f : 0.0001f, 0, 20 * i);
    assert_int_equal(level_active(&level, 8000, 60000, 18000, &dbfs), 8000);
    assert_true(fabsf(dbfs + 40) < 0.01f);
    assert_int_equal(level_active(&level, 10000, 60000, 18000, &dbfs), 10000);
    assert_true(dbfs > -18);
    assert_int_equal(level_active(&level, 20000, 60000, 18000, &dbfs), 10000);
}

static void test_what_is_usual_is_what_was_before_the_last_ten_seconds(void **state) {
    (void)state;
    struct level level = {0};
    float dbfs;
    int at = 0;

    for (int i = 0; i < 749; i++)
        level_hear(&level, 0.01f, 0, 20 * at++);
    assert_false(level_usual(&level, &dbfs));
    level_hear(&level, 0.01f, 0, 20 * at++);
    assert_true(level_usual(&level, &dbfs) && fabsf(dbfs + 20) < 0.01f);
    for (int i = 0; i < 500; i++) /* softer now: not usual yet */
        level_hear(&level, 0.0001f, 0, 20 * at++);
    assert_true(level_usual(&level, &dbfs) && fabsf(dbfs + 20) < 0.01f);
    for (int i = 0; i < 50000; i++) /* a quarter of an hour of it is */
        level_hear(&level, 0.0001f, 0, 20 * at++);
    assert_true(level_usual(&level, &dbfs) && fabsf(dbfs + 40) < 0.1f);
}

static void test_speech_under_the_noise_is_nearly_nothing(void **state) {
    (void)state;
    struct level level = {0};
    float dbfs;

    level_hear(&level, 0.001f, 0.01f, 0);
    assert_int_equal(level_active(&level, 1000, 1000, 0, &dbfs), 20);
    assert_true(dbfs <= -119);
}

static void test_noise_falls_faster_than_it_rises(void **state) {
    (void)state;
    struct level_noise noise = {0};

    for (int i = 0; i < LEVEL_NOISE_LEAST_FRAMES; i++) {
        assert_false(noise.known);
        level_noise_hear(&noise, 1e-5f);
    }
    assert_true(noise.known && fabsf(noise.dbfs + 50) < 0.01f);
    level_noise_hear(&noise, 1e-6f);
    assert_true(fabsf(noise.dbfs + 50.5f) < 0.01f);
    level_noise_hear(&noise, 1e-4f);
    assert_true(fabsf(noise.dbfs + 50.29f) < 0.01f);
}

RUN_TESTS(TEST(test_dbfs), TEST(test_pauses_do_not_dilute_the_active_level),
          TEST(test_only_the_last_speech_counts),
          TEST(test_what_is_usual_is_what_was_before_the_last_ten_seconds),
          TEST(test_speech_under_the_noise_is_nearly_nothing),
          TEST(test_noise_falls_faster_than_it_rises))
