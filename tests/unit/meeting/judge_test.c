/* When what a rule finds is told, and when again. */
#include "stage.h"
#include "unit.h"

static struct stage stage;
static struct actor *ana;

static void open_stage(const struct rules *rules) {
    stage_open(&stage, rules);
    ana = stage_join(&stage, "ana");
}

static int told(void) {
    return stage_count(&stage, FEEDBACK_VOLUME_BAIXO, "ana");
}

static double told_at(int n) {
    return told_s(stage_told(&stage, FEEDBACK_VOLUME_BAIXO, n));
}

static void reminders_grow_rarer(void **state) {
    open_stage(NULL);
    actor_speak(ana, -31);
    stage_play(&stage, 420);
    assert_int_equal(told(), 3);
    assert_true(told_at(0) < 11);
    assert_true(told_at(1) - told_at(0) >= 60 && told_at(1) - told_at(0) < 61);
    assert_true(told_at(2) - told_at(1) >= 180 && told_at(2) - told_at(1) < 181);
    double held_s = told_fact(stage_told(&stage, FEEDBACK_VOLUME_BAIXO, 2), FACT_HELD_S);
    assert_true(held_s >= 240 && held_s < 245);
    stage_close(&stage);
}

/* The voice is fine in between: a reminder all the same, when it is too quiet again. */
static void what_comes_back_goes_on_where_it_was(void **state) {
    open_stage(NULL);
    actor_speak(ana, -31);
    stage_play(&stage, 8);
    actor_speak(ana, -20);
    stage_play(&stage, 20);
    actor_speak(ana, -31);
    stage_play(&stage, 20);
    assert_int_equal(told(), 1);
    actor_speak(ana, -20);
    stage_play(&stage, 60);
    actor_speak(ana, -31);
    stage_play(&stage, 8);
    assert_int_equal(told(), 2);
    stage_play(&stage, 100);
    assert_int_equal(told(), 2);
    stage_close(&stage);
}

static void what_is_worse_is_told_at_once_and_begins_anew(void **state) {
    open_stage(NULL);
    actor_speak(ana, -31);
    stage_play(&stage, 70); /* told, and a reminder */
    assert_int_equal(told(), 2);
    actor_speak(ana, -40);
    stage_play(&stage, 6);
    assert_int_equal(told(), 3);
    assert_int_equal(stage_told(&stage, FEEDBACK_VOLUME_BAIXO, 2)->severity, SEVERITY_CRITICAL);
    stage_play(&stage, 62);
    assert_int_equal(told(), 4);
    assert_true(told_at(3) - told_at(2) < 61);
    actor_speak(ana, -31); /* better, and bad enough */
    stage_play(&stage, 20);
    actor_speak(ana, -40);
    stage_play(&stage, 20);
    assert_int_equal(told(), 4);
    stage_close(&stage);
}

static void after_three_minutes_without_it_all_begins_anew(void **state) {
    open_stage(NULL);
    actor_speak(ana, -31);
    stage_play(&stage, 70);
    assert_int_equal(told(), 2);
    actor_listen(ana);
    stage_play(&stage, 182);
    double back_s = stage_now_s(&stage);
    actor_speak(ana, -31);
    stage_play(&stage, 70);
    assert_int_equal(told(), 4); /* a first one, and a reminder a minute later */
    assert_true(told_at(2) - back_s < 11);
    assert_true(told_at(3) - told_at(2) < 61);
    stage_close(&stage);
}

static void a_silence_ends_with_itself(void **state) {
    open_stage(NULL);
    stage_join(&stage, "bob");
    for (int i = 0; i < 3; i++) {
        stage_say(&stage, ana, 6);
        stage_play(&stage, 14);
    }
    assert_int_equal(stage_count(&stage, FEEDBACK_SILENCIO_PROLONGADO, "group"), 3);
    stage_close(&stage);
}

static void two_silences_are_told_a_while_apart(void **state) {
    open_stage(NULL);
    stage_join(&stage, "bob");
    stage_say(&stage, ana, 5);
    stage_play(&stage, 10.5); /* told */
    stage_say(&stage, ana, 1);
    stage_play(&stage, 12);
    assert_int_equal(stage_count(&stage, FEEDBACK_SILENCIO_PROLONGADO, "group"), 1);
    stage_play(&stage, 3);
    assert_int_equal(stage_count(&stage, FEEDBACK_SILENCIO_PROLONGADO, "group"), 2);
    stage_close(&stage);
}

static void the_former_rules_have_a_fixed_cooldown(void **state) {
    struct rules rules;
    rules_init_version(&rules, 1);
    open_stage(&rules);
    actor_speak(ana, -31);
    stage_play(&stage, 64);
    assert_int_equal(told(), 7);
    stage_close(&stage);
}

static void every_step_is_a_setting(void **state) {
    struct rules rules;
    rules_init(&rules);
    rules_set(&rules, SLICE("VOLUME_BAIXO_REMIND_S"), SLICE("5"), NULL);
    rules_set(&rules, SLICE("VOLUME_BAIXO_REMIND_AGAIN_S"), SLICE("20"), NULL);
    rules_set(&rules, SLICE("VOLUME_BAIXO_OVER_S"), SLICE("10"), NULL);
    open_stage(&rules);
    actor_speak(ana, -31);
    stage_play(&stage, 32);
    assert_int_equal(told(), 3);
    actor_listen(ana);
    stage_play(&stage, 11);
    actor_speak(ana, -31);
    stage_play(&stage, 4);
    assert_int_equal(told(), 4);
    stage_close(&stage);
}

RUN_TESTS(TEST(reminders_grow_rarer), TEST(what_comes_back_goes_on_where_it_was),
          TEST(what_is_worse_is_told_at_once_and_begins_anew),
          TEST(after_three_minutes_without_it_all_begins_anew), TEST(a_silence_ends_with_itself),
          TEST(two_silences_are_told_a_while_apart), TEST(the_former_rules_have_a_fixed_cooldown),
          TEST(every_step_is_a_setting))
