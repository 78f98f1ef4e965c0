#include "stage.h"
#include "unit.h"

static struct stage stage;

static void polite_turns_are_no_news(void **state) {
    struct actor *actors[3];
    stage_open_three(&stage, actors);
    for (int i = 0; i < 60; i++) {
        stage_say(&stage, actors[i % 3], 5);
        stage_play(&stage, 0.4);
    }
    assert_int_equal(stage.tolds, 0);
    stage_close(&stage);
}

/* Two who talk at once and pause for breath: one interruption, not one a breath. */
static void a_quarrel_is_one_interruption(void **state) {
    struct actor *actors[3];
    stage_open_three(&stage, actors);
    for (int i = 0; i < 2; i++) {
        actor_speak(actors[0], -21);
        stage_play(&stage, 4);
        for (int k = 0; k < 5; k++) {
            actor_speak(actors[1], -21);
            stage_play(&stage, 2);
            actor_listen(actors[1]);
            stage_play(&stage, 0.8);
        }
        actor_listen(actors[0]);
        stage_play(&stage, 2);
    }
    assert_true(stage_count(&stage, FEEDBACK_OVERLAP_FALA, NULL) >= 1);
    assert_int_equal(stage_count(&stage, FEEDBACK_INTERRUPCOES_FREQUENTES, NULL), 0);
    stage_close(&stage);
}

static void who_pauses_for_breath_still_holds_the_floor(void **state) {
    struct actor *actors[3];
    stage_open_three(&stage, actors);
    for (int i = 0; i < 6; i++) {
        for (int k = 0; k < 4; k++) {
            stage_say(&stage, actors[0], 0.9);
            stage_play(&stage, 0.8);
        }
        actor_speak(actors[0], -21);
        stage_play(&stage, 0.5);
        actor_speak(actors[1], -21);
        stage_play(&stage, 0.7);
        actor_listen(actors[0]);
        stage_play(&stage, 1.5);
        actor_listen(actors[1]);
        stage_play(&stage, 0.4);
    }
    assert_int_equal(stage_count(&stage, FEEDBACK_INTERRUPCOES_FREQUENTES, "group"), 1);
    stage_close(&stage);
}

static void talking_at_once_names_who_joined_in(void **state) {
    struct actor *actors[3];
    stage_open_three(&stage, actors);
    stage_say(&stage, actors[2], 5);
    stage_play(&stage, 0.4);
    actor_speak(actors[0], -21);
    stage_play(&stage, 3);
    actor_speak(actors[1], -21);
    stage_play(&stage, 3);
    const struct feedback *told = stage_told(&stage, FEEDBACK_OVERLAP_FALA, 0);
    assert_non_null(told);
    assert_in_range(told->ts_ms, 10800, 11300);
    assert_string_equal(told->participant, "bob");
    stage_play(&stage, 10);
    assert_int_equal(stage_count(&stage, FEEDBACK_OVERLAP_FALA, NULL), 1);
    stage_close(&stage);
}

static void an_overlap_of_the_host_is_the_groups(void **state) {
    struct actor *actors[3];
    stage_open_three(&stage, actors);
    meeting_set_host(actors[1]->participant, true);
    actor_speak(actors[0], -21);
    stage_play(&stage, 2);
    actor_speak(actors[1], -21);
    stage_play(&stage, 4);
    assert_int_equal(stage_count(&stage, FEEDBACK_OVERLAP_FALA, "group"), 1);
    assert_int_equal(stage_count(&stage, FEEDBACK_OVERLAP_FALA, NULL), 1);
    stage_close(&stage);
}

static void nods_and_changing_turns_are_no_overlap(void **state) {
    struct actor *actors[3];
    stage_open_three(&stage, actors);
    for (int i = 0; i < 8; i++) {
        struct actor *speaker = actors[i % 3], *listener = actors[(i + 1) % 3];
        actor_speak(speaker, -21);
        for (int k = 0; k < 4; k++) {
            stage_play(&stage, 2.2);
            stage_say(&stage, listener, 0.5);
        }
        stage_play(&stage, 0.8);
        actor_speak(listener, -21); /* begins 0.3 s too early */
        stage_play(&stage, 0.3);
        actor_listen(speaker);
    }
    assert_int_equal(stage_count(&stage, FEEDBACK_OVERLAP_FALA, NULL), 0);
    assert_int_equal(stage_count(&stage, FEEDBACK_INTERRUPCOES_FREQUENTES, NULL), 0);
    stage_close(&stage);
}

static void an_echo_is_nobodys_speech(void **state) {
    struct actor *actors[3];
    stage_open_three(&stage, actors);
    for (int i = 1; i < 3; i++) {
        actors[i]->echo_of = actors[0];
        actors[i]->echo_db = 22;
        actors[i]->echo_frames = 3 + 4 * i;
    }
    for (int i = 0; i < 6; i++) {
        stage_say(&stage, actors[0], 6);
        stage_play(&stage, 0.6);
        stage_say(&stage, actors[1 + i % 2], 4);
        stage_play(&stage, 0.6);
    }
    assert_int_equal(stage.tolds, 0);
    stage_close(&stage);
}

static void a_second_talker_in_the_same_room_is_heard(void **state) {
    struct actor *actors[3];
    stage_open_three(&stage, actors);
    actors[1]->echo_of = actors[0]; /* sits beside, no delay */
    actors[1]->echo_db = 14;
    stage_say(&stage, actors[1], 4);
    stage_play(&stage, 0.6);
    actor_speak(actors[0], -20);
    stage_play(&stage, 3);
    assert_int_equal(stage_count(&stage, FEEDBACK_OVERLAP_FALA, NULL), 0);
    actor_speak(actors[1], -21);
    stage_play(&stage, 4);
    assert_int_equal(stage_count(&stage, FEEDBACK_OVERLAP_FALA, NULL), 1);
    stage_close(&stage);
}

static void forty_seconds_alone_are_a_monologue(void **state) {
    struct actor *actors[3];
    stage_open_three(&stage, actors);
    stage_say(&stage, actors[1], 6);
    actor_speak(actors[0], -21);
    stage_play(&stage, 39);
    assert_int_equal(stage_count(&stage, FEEDBACK_MONOLOGO_PROLONGADO, NULL), 0);
    stage_play(&stage, 2);
    const struct feedback *told = stage_told(&stage, FEEDBACK_MONOLOGO_PROLONGADO, 0);
    assert_non_null(told);
    assert_string_equal(told->participant, "ana");
    assert_int_equal(told->window_end_ms - told->window_start_ms, 60000);
    stage_play(&stage, 58);
    assert_int_equal(stage_count(&stage, FEEDBACK_MONOLOGO_PROLONGADO, NULL), 1);
    stage_play(&stage, 3);
    assert_int_equal(stage_count(&stage, FEEDBACK_MONOLOGO_PROLONGADO, NULL), 2);
    stage_close(&stage);
}

static void a_monologue_may_be_looked_for_in_less_than_a_minute(void **state) {
    struct rules rules;
    rules_init(&rules);
    rules_set(&rules, SLICE("monologo_prolongado_window_s"), SLICE("20"), NULL);
    rules_set(&rules, SLICE("monologo_prolongado_speech_s"), SLICE("15"), NULL);
    rules_set(&rules, SLICE("monologo_prolongado_clear_speech_s"), SLICE("10"), NULL);
    struct actor *ana = stage_open_two(&stage, &rules);
    actor_speak(ana, -21);
    stage_play(&stage, 14);
    assert_int_equal(stage_count(&stage, FEEDBACK_MONOLOGO_PROLONGADO, NULL), 0);
    stage_play(&stage, 2);
    const struct feedback *told = stage_told(&stage, FEEDBACK_MONOLOGO_PROLONGADO, 0);
    assert_non_null(told);
    assert_int_equal(told->window_end_ms - told->window_start_ms, 20000);
    assert_true(told_fact(told, FACT_WINDOW_S) == 20);
    stage_close(&stage);
}

static void who_has_no_track_listens_to_a_monologue(void **state) {
    stage_open(&stage, NULL);
    meeting_set_guests(stage.meeting, 2);
    stage_say(&stage, stage_join(&stage, "ana"), 65);
    assert_int_equal(stage_count(&stage, FEEDBACK_MONOLOGO_PROLONGADO, "ana"), 1);
    stage_close(&stage);
}

static void nobody_listens_to_a_monologue_alone(void **state) {
    stage_open(&stage, NULL);
    stage_say(&stage, stage_join(&stage, "ana"), 70);
    assert_int_equal(stage.tolds, 0);
    stage_close(&stage);
}

static void five_interruptions_in_a_minute_are_told_once(void **state) {
    struct actor *actors[3];
    stage_open_three(&stage, actors);
    for (int i = 0; i < 6; i++) {
        actor_speak(actors[0], -21);
        stage_play(&stage, 4);
        actor_speak(actors[1], -21);
        stage_play(&stage, 0.7);
        actor_listen(actors[0]);
        stage_play(&stage, 2);
        actor_listen(actors[1]);
        stage_play(&stage, 0.8);
    }
    assert_int_equal(stage_count(&stage, FEEDBACK_INTERRUPCOES_FREQUENTES, "group"), 1);
    stage_close(&stage);
}

/* A neighbour in the same room who has not said anything yet, 20 dB softer in this microphone. */
static void a_neighbours_voice_is_not_the_strangers_own(void **state) {
    for (unsigned version = 1; version <= 2; version++) {
        struct rules rules;
        rules_init_version(&rules, version);
        stage_open(&stage, &rules);
        struct actor *ana = stage_join(&stage, "ana"), *bob = stage_join(&stage, "bob");
        actor_speak(ana, -21);
        actor_speak(bob, -41.5);
        stage_play(&stage, 12);
        assert_int_equal(stage_count(&stage, FEEDBACK_OVERLAP_FALA, NULL) > 0, version == 1);
        stage_close(&stage);
    }
}

RUN_TESTS(TEST(polite_turns_are_no_news), TEST(a_quarrel_is_one_interruption),
          TEST(who_pauses_for_breath_still_holds_the_floor),
          TEST(talking_at_once_names_who_joined_in), TEST(an_overlap_of_the_host_is_the_groups),
          TEST(nods_and_changing_turns_are_no_overlap), TEST(an_echo_is_nobodys_speech),
          TEST(a_second_talker_in_the_same_room_is_heard),
          TEST(forty_seconds_alone_are_a_monologue),
          TEST(a_monologue_may_be_looked_for_in_less_than_a_minute),
          TEST(who_has_no_track_listens_to_a_monologue), TEST(nobody_listens_to_a_monologue_alone),
          TEST(five_interruptions_in_a_minute_are_told_once),
          TEST(a_neighbours_voice_is_not_the_strangers_own))
