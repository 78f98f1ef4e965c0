#include "stage.h"
#include "unit.h"

static struct stage stage;

static void a_torrent_of_words_is_told_and_ordinary_speech_is_not(void **state) {
    struct actor *ana = stage_open_two(&stage, NULL);
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

static void somebody_who_gets_stuck_is_told_and_a_listener_is_not(void **state) {
    struct actor *ana = stage_open_two(&stage, NULL);
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

static void a_mute_between_sentences_is_no_pause(void **state) {
    struct actor *ana = stage_open_two(&stage, NULL);
    for (int i = 0; i < 8; i++) {
        stage_say(&stage, ana, 1.4);
        stage_mute(&stage, ana, true);
        stage_play(&stage, 2.5);
        stage_mute(&stage, ana, false);
    }
    assert_int_equal(stage_count(&stage, FEEDBACK_RITMO_PAUSADO, NULL), 0);
    stage_close(&stage);
}

/* The signals come before what was said: here a mute is over before its beginning is heard. */
static void a_mute_that_runs_ahead_of_its_sound_is_no_pause(void **state) {
    struct actor *ana = stage_open_two(&stage, NULL);
    meeting_set_delay(ana->track, 2500);
    for (int i = 0; i < 8; i++) {
        actor_speak(ana, -21);
        stage_play(&stage, 1.2);
        stage_mute(&stage, ana, true);
        stage_mute(&stage, ana, false);
        stage_play(&stage, 0.2);
        actor_listen(ana);
        stage_play(&stage, 2.2);
    }
    assert_int_equal(stage_count(&stage, FEEDBACK_RITMO_PAUSADO, NULL), 0);
    stage_close(&stage);
}

/* A recording that is judged later begins at another moment than the meeting did. */
static void the_moment_does_not_depend_on_the_clock(void **state) {
    double first_s = 0;
    for (int i = 0; i < 10; i++) {
        stage_open(&stage, NULL);
        struct actor *ana = stage_join(&stage, "ana");
        stage_play(&stage, 1 + 0.1 * i);
        double began_s = stage_now_s(&stage);
        ana->syllables_per_s = 9.5;
        stage_say(&stage, ana, 14);
        const struct feedback *told = stage_told(&stage, FEEDBACK_RITMO_ACELERADO, 0);
        assert_non_null(told);
        double after_s = told_s(told) - began_s;
        first_s = i == 0 ? after_s : first_s;
        assert_true(after_s > first_s - 0.15 && after_s < first_s + 0.15);
        stage_close(&stage);
    }
}

/* Seconds of speech after which it is told; 0: never. */
static double told_after_s(double syllables_per_s, const char *hold_s) {
    struct rules rules;
    rules_init(&rules);
    if (hold_s)
        rules_set(&rules, SLICE("ritmo_acelerado_hold_s"), slice_from(hold_s), NULL);
    struct actor *ana = stage_open_two(&stage, &rules);
    stage_play(&stage, 1);
    double began_s = stage_now_s(&stage);
    ana->syllables_per_s = syllables_per_s;
    stage_say(&stage, ana, 30);
    const struct feedback *told = stage_told(&stage, FEEDBACK_RITMO_ACELERADO, 0);
    double after_s = told ? told_s(told) - began_s : 0;
    stage_close(&stage);
    return after_s;
}

static void a_little_too_fast_must_last_and_far_too_fast_need_not(void **state) {
    double at_once_s = told_after_s(7.5, "0"), held_s = told_after_s(7.5, NULL);
    assert_true(at_once_s > 8 && at_once_s < 12);
    assert_true(held_s > at_once_s + 1.9 && held_s < at_once_s + 4.1);
    assert_true(told_after_s(7.5, "60") == 0);
    assert_true(told_after_s(9.5, "60") > 0);
}

RUN_TESTS(TEST(a_torrent_of_words_is_told_and_ordinary_speech_is_not),
          TEST(somebody_who_gets_stuck_is_told_and_a_listener_is_not),
          TEST(a_mute_between_sentences_is_no_pause),
          TEST(a_mute_that_runs_ahead_of_its_sound_is_no_pause),
          TEST(the_moment_does_not_depend_on_the_clock),
          TEST(a_little_too_fast_must_last_and_far_too_fast_need_not))
