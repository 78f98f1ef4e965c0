#include "stage.h"
#include "unit.h"

static struct stage stage;

static void a_flat_voice_is_told_after_ten_seconds_of_speech(void **state) {
    struct actor *ana = stage_open_two(&stage, NULL);
    stage_say(&stage, ana, 20);
    assert_int_equal(stage_count(&stage, FEEDBACK_MONOTONIA_PROSODICA, NULL), 0);
    ana->pitch_semitones = 0.1;
    stage_say(&stage, ana, 12);
    const struct feedback *told = stage_told(&stage, FEEDBACK_MONOTONIA_PROSODICA, 0);
    assert_non_null(told);
    assert_int_equal(told->severity, SEVERITY_WARNING);
    assert_true(told_fact(told, FACT_PITCH_RANGE) < 0.6);
    stage_close(&stage);
}

static void a_voice_of_little_melody_is_told_when_half_a_minute_more_had_none(void **state) {
    struct actor *ana = stage_open_two(&stage, NULL);
    ana->pitch_semitones = 0.7;
    stage_say(&stage, ana, 38);
    assert_int_equal(stage_count(&stage, FEEDBACK_MONOTONIA_PROSODICA, NULL), 0);
    stage_say(&stage, ana, 6);
    const struct feedback *told = stage_told(&stage, FEEDBACK_MONOTONIA_PROSODICA, 0);
    assert_non_null(told);
    assert_int_equal(told->severity, SEVERITY_INFO);
    assert_true(told_fact(told, FACT_PITCH_RANGE) > 0.6 && told_fact(told, FACT_PITCH_RANGE) < 1);
    stage_say(&stage, ana, 54);
    assert_int_equal(stage_count(&stage, FEEDBACK_MONOTONIA_PROSODICA, NULL), 1);
    stage_say(&stage, ana, 8);
    assert_int_equal(stage_count(&stage, FEEDBACK_MONOTONIA_PROSODICA, NULL), 2);
    stage_close(&stage);
}

static void a_voice_that_now_and_then_rises_is_not_flat(void **state) {
    struct actor *ana = stage_open_two(&stage, NULL);
    for (int i = 0; i < 6; i++) {
        ana->pitch_semitones = 0.7;
        stage_say(&stage, ana, 24);
        ana->pitch_semitones = 1.5;
        stage_say(&stage, ana, 5);
    }
    assert_int_equal(stage_count(&stage, FEEDBACK_MONOTONIA_PROSODICA, NULL), 0);
    stage_close(&stage);
}

static void without_a_hold_the_limit_alone_decides(void **state) {
    struct rules rules;
    rules_init(&rules);
    rules_set(&rules, SLICE("monotonia_prosodica_hold_s"), SLICE("0"), NULL);
    struct actor *ana = stage_open_two(&stage, &rules);
    ana->pitch_semitones = 0.7;
    stage_say(&stage, ana, 12);
    assert_int_equal(stage_count(&stage, FEEDBACK_MONOTONIA_PROSODICA, "ana"), 1);
    stage_close(&stage);
}

static void a_prosody_service_that_hears_life_in_it_is_believed(void **state) {
    struct actor *ana = stage_open_two(&stage, NULL);
    ana->pitch_semitones = 0.1;
    actor_speak(ana, -21);
    for (int i = 0; i < 20; i++) {
        stage_play(&stage, 2);
        int64_t now = (int64_t)(stage_now_s(&stage) * 1000);
        struct feeling feeling = {0.1f, i % 2 ? 0.5f : -0.1f};
        meeting_feel(stage.meeting, ana->participant, &feeling, now - 2000, now);
    }
    assert_int_equal(stage_count(&stage, FEEDBACK_MONOTONIA_PROSODICA, NULL), 0);
    stage_close(&stage);
}

RUN_TESTS(TEST(a_flat_voice_is_told_after_ten_seconds_of_speech),
          TEST(a_voice_of_little_melody_is_told_when_half_a_minute_more_had_none),
          TEST(a_voice_that_now_and_then_rises_is_not_flat),
          TEST(without_a_hold_the_limit_alone_decides),
          TEST(a_prosody_service_that_hears_life_in_it_is_believed))
