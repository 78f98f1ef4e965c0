#include "stage.h"
#include "unit.h"

#include <math.h>

static struct stage stage;

static struct actor *two(const struct rules *rules) {
    stage_open(&stage, rules);
    struct actor *ana = stage_join(&stage, "ana");
    stage_join(&stage, "bob");
    return ana;
}

static void a_torrent_of_words_is_told_and_ordinary_speech_is_not(void **state) {
    struct actor *ana = two(NULL);
    ana->syllables_per_s = 4.5;
    stage_say(&stage, ana, 20);
    assert_int_equal(stage_count(&stage, FEEDBACK_RITMO_ACELERADO, NULL), 0);
    ana->syllables_per_s = 8;
    stage_say(&stage, ana, 14);
    const struct feedback *told = stage_told(&stage, FEEDBACK_RITMO_ACELERADO, 0);
    assert_non_null(told);
    assert_true(told_fact(told, FACT_SYLLABLES_PER_S) >= 6.5);
    assert_string_equal(told->participant, "ana");
    stage_close(&stage);
}

static void a_flat_voice_is_told_after_ten_seconds_of_speech(void **state) {
    struct actor *ana = two(NULL);
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
    struct actor *ana = two(NULL);
    ana->pitch_semitones = 0.7;
    stage_say(&stage, ana, 38);
    assert_int_equal(stage_count(&stage, FEEDBACK_MONOTONIA_PROSODICA, NULL), 0);
    stage_say(&stage, ana, 6);
    const struct feedback *told = stage_told(&stage, FEEDBACK_MONOTONIA_PROSODICA, 0);
    assert_non_null(told);
    assert_int_equal(told->severity, SEVERITY_INFO);
    assert_true(told_fact(told, FACT_PITCH_RANGE) > 0.6 && told_fact(told, FACT_PITCH_RANGE) < 1);
    stage_say(&stage, ana, 26); /* the cooldown is over, but it takes as much speech again */
    assert_int_equal(stage_count(&stage, FEEDBACK_MONOTONIA_PROSODICA, NULL), 1);
    stage_say(&stage, ana, 8);
    assert_int_equal(stage_count(&stage, FEEDBACK_MONOTONIA_PROSODICA, NULL), 2);
    stage_close(&stage);
}

static void a_voice_that_now_and_then_rises_is_not_flat(void **state) {
    struct actor *ana = two(NULL);
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
    rules.monotonia_prosodica.hold_s = 0;
    struct actor *ana = two(&rules);
    ana->pitch_semitones = 0.7;
    stage_say(&stage, ana, 12);
    assert_int_equal(stage_count(&stage, FEEDBACK_MONOTONIA_PROSODICA, "ana"), 1);
    stage_close(&stage);
}

static void a_prosody_service_that_hears_life_in_it_is_believed(void **state) {
    struct actor *ana = two(NULL);
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

static void somebody_who_gets_stuck_is_told_and_a_listener_is_not(void **state) {
    struct actor *ana = two(NULL);
    struct actor *bob = &stage.actors[1];
    for (int i = 0; i < 8; i++) {
        stage_say(&stage, ana, 1);
        stage_say(&stage, bob, 1.9); /* a dialogue: her pauses are listening */
        stage_play(&stage, 0.2);
    }
    assert_int_equal(stage_count(&stage, FEEDBACK_RITMO_PAUSADO, NULL), 0);
    stage_play(&stage, 4);
    for (int i = 0; i < 8; i++) {
        stage_say(&stage, ana, 1.2);
        stage_play(&stage, 2.2);
    }
    assert_int_equal(stage_count(&stage, FEEDBACK_RITMO_PAUSADO, "ana"), 1);
    assert_int_equal(stage_told(&stage, FEEDBACK_RITMO_PAUSADO, 0)->severity, SEVERITY_INFO);
    stage_close(&stage);
}

static void noise_near_the_voice_is_told_only_where_it_is_wanted(void **state) {
    struct rules rules;
    for (int wanted = 0; wanted < 2; wanted++) {
        rules_init(&rules);
        rules.ruido_de_fundo.enabled = wanted;
        struct actor *ana = two(&rules);
        ana->noise_dbfs = -36;
        ana->level_dbfs = -26;
        for (int i = 0; i < 8; i++) {
            stage_say(&stage, ana, 3);
            stage_play(&stage, 2);
        }
        assert_int_equal(stage_count(&stage, FEEDBACK_RUIDO_DE_FUNDO, "ana"), wanted);
        stage_close(&stage);
    }
}

RUN_TESTS(TEST(a_torrent_of_words_is_told_and_ordinary_speech_is_not),
          TEST(a_flat_voice_is_told_after_ten_seconds_of_speech),
          TEST(a_voice_of_little_melody_is_told_when_half_a_minute_more_had_none),
          TEST(a_voice_that_now_and_then_rises_is_not_flat),
          TEST(without_a_hold_the_limit_alone_decides),
          TEST(a_prosody_service_that_hears_life_in_it_is_believed),
          TEST(somebody_who_gets_stuck_is_told_and_a_listener_is_not),
          TEST(noise_near_the_voice_is_told_only_where_it_is_wanted))
