#include "stage.h"
#include "unit.h"

#include <math.h>
#include <string.h>

static struct stage stage;
static struct actor *ana, *bob;

static void open_stage(void) {
    struct actor *actors[3];
    stage_open_three(&stage, actors);
    ana = actors[0];
    bob = actors[1];
}

static void an_unhappy_voice_is_told_and_a_neutral_one_is_not(void **state) {
    open_stage();
    stage_say_in_mood(&stage, ana, 12, -0.1f, 0);
    assert_int_equal(stage_count(&stage, FEEDBACK_TENDENCIA_EMOCIONAL_NEGATIVA, NULL), 0);
    stage_say_in_mood(&stage, ana, 14, -0.8f, 0);
    assert_int_equal(stage_count(&stage, FEEDBACK_TENDENCIA_EMOCIONAL_NEGATIVA, "ana"), 2);
    const struct feedback *told = stage_told(&stage, FEEDBACK_TENDENCIA_EMOCIONAL_NEGATIVA, 0);
    assert_int_equal(told->severity, SEVERITY_INFO);
    assert_true(told_fact(told, FACT_VALENCE) <= -0.35);
    assert_int_equal(stage_told(&stage, FEEDBACK_TENDENCIA_EMOCIONAL_NEGATIVA, 1)->severity,
                     SEVERITY_WARNING);
    stage_say_in_mood(&stage, ana, 26, -0.9f, 0);
    assert_int_equal(stage_count(&stage, FEEDBACK_TENDENCIA_EMOCIONAL_NEGATIVA, "ana"), 2);
    stage_close(&stage);
}

static void one_sigh_is_no_tendency(void **state) {
    open_stage();
    stage_say_in_mood(&stage, ana, 2, -1, -1);
    stage_play(&stage, 8);
    assert_int_equal(stage.tolds, 0);
    stage_close(&stage);
}

static void a_sleepy_voice_is_low_engagement(void **state) {
    open_stage();
    stage_say_in_mood(&stage, bob, 8, 0, -0.3f);
    assert_int_equal(stage_count(&stage, FEEDBACK_ENGAJAMENTO_BAIXO, "bob"), 1);
    assert_int_equal(stage_count(&stage, FEEDBACK_ENERGIA_GRUPO_BAIXA, NULL), 0);
    stage_close(&stage);
}

static void calm_that_turns_to_anger_is_growing_frustration(void **state) {
    open_stage();
    stage_say_in_mood(&stage, ana, 10, 0.3f, 0);
    stage_say_in_mood(&stage, ana, 10, -0.2f, 0.45f);
    assert_int_equal(stage_count(&stage, FEEDBACK_FRUSTRACAO_CRESCENTE, "ana"), 1);
    stage_close(&stage);
    open_stage();
    stage_say_in_mood(&stage, ana, 10, 0.1f, 0);
    stage_say_in_mood(&stage, ana, 10, 0.6f, 0.45f); /* excited, and glad of it */
    assert_int_equal(stage_count(&stage, FEEDBACK_FRUSTRACAO_CRESCENTE, "ana"), 0);
    stage_close(&stage);
}

static void joy_is_enthusiasm_and_anger_is_not(void **state) {
    open_stage();
    stage_say_in_mood(&stage, ana, 10, 0.6f, 0.8f);
    assert_int_equal(stage_count(&stage, FEEDBACK_ENTUSIASMO_ALTO, "ana"), 1);
    stage_say_in_mood(&stage, bob, 10, -0.6f, 0.8f);
    assert_int_equal(stage_count(&stage, FEEDBACK_ENTUSIASMO_ALTO, "bob"), 0);
    stage_close(&stage);
}

/* The effect is looked for in the person who was interrupted, not in the one who spoke last. */
static void who_loses_heart_after_an_interruption_is_told(void **state) {
    open_stage();
    stage_say_in_mood(&stage, ana, 8, 0.4f, 0.2f);
    actor_speak(ana, -21);
    stage_play(&stage, 3);
    actor_speak(bob, -21);
    stage_play(&stage, 0.8);
    actor_listen(ana);
    stage_play(&stage, 3);
    actor_listen(bob);
    stage_play(&stage, 0.6);
    stage_say_in_mood(&stage, ana, 8, -0.5f, 0);
    assert_int_equal(stage_count(&stage, FEEDBACK_EFEITO_POS_INTERRUPCAO, "ana"), 1);
    assert_int_equal(stage_count(&stage, FEEDBACK_EFEITO_POS_INTERRUPCAO, NULL), 1);
    stage_close(&stage);
}

static void who_was_not_interrupted_lost_heart_otherwise(void **state) {
    open_stage();
    stage_say_in_mood(&stage, ana, 8, 0.4f, 0.2f);
    stage_say_in_mood(&stage, bob, 8, 0.1f, 0.2f);
    stage_say_in_mood(&stage, ana, 8, -0.5f, 0);
    assert_int_equal(stage_count(&stage, FEEDBACK_EFEITO_POS_INTERRUPCAO, NULL), 0);
    stage_close(&stage);
}

static void readings_beyond_all_bounds_are_bounded(void **state) {
    open_stage();
    stage_say_in_mood(&stage, ana, 60, -40, NAN);
    stage_say_in_mood(&stage, ana, 60, NAN, NAN);
    struct buf out = {0};
    meeting_write_stats(&out, stage.meeting);
    assert_null(memmem(out.data, out.len, "nan", 3));
    buf_free(&out);
    for (int i = 0; i < stage.tolds; i++)
        if (!isnan(told_fact(&stage.told[i], FACT_VALENCE)))
            assert_true(fabs(told_fact(&stage.told[i], FACT_VALENCE)) <= 1);
    stage_close(&stage);
}

RUN_TESTS(TEST(an_unhappy_voice_is_told_and_a_neutral_one_is_not), TEST(one_sigh_is_no_tendency),
          TEST(a_sleepy_voice_is_low_engagement),
          TEST(calm_that_turns_to_anger_is_growing_frustration),
          TEST(joy_is_enthusiasm_and_anger_is_not),
          TEST(who_loses_heart_after_an_interruption_is_told),
          TEST(who_was_not_interrupted_lost_heart_otherwise),
          TEST(readings_beyond_all_bounds_are_bounded))
