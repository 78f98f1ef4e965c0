#include "stage.h"
#include "unit.h"

static struct stage stage;
static struct actor *ana, *bob, *eva;

static void open_stage(void) {
    struct actor *actors[3];
    stage_open_three(&stage, actors);
    ana = actors[0];
    bob = actors[1];
    eva = actors[2];
}

static void one_tired_voice_is_no_tired_group_and_two_are(void **state) {
    open_stage();
    stage_say_in_mood(&stage, ana, 10, 0, -0.6f);
    assert_int_equal(stage_count(&stage, FEEDBACK_ENERGIA_GRUPO_BAIXA, NULL), 0);
    stage_say_in_mood(&stage, bob, 10, 0, -0.6f);
    assert_int_equal(stage_count(&stage, FEEDBACK_ENERGIA_GRUPO_BAIXA, "group"), 1);
    stage_close(&stage);
}

static void a_host_alone_does_not_make_the_group_tired(void **state) {
    open_stage();
    meeting_set_host(ana->participant, true);
    stage_say_in_mood(&stage, ana, 10, 0, -0.9f);
    stage_say_in_mood(&stage, bob, 10, 0, -0.35f);
    assert_int_equal(stage_count(&stage, FEEDBACK_ENERGIA_GRUPO_BAIXA, NULL), 0);
    assert_int_equal(stage_count(&stage, FEEDBACK_ENGAJAMENTO_BAIXO, "ana"), 0);
    stage_close(&stage);
}

static void two_camps_are_polarised_and_a_pair_is_not(void **state) {
    open_stage();
    stage_say_in_mood(&stage, ana, 8, 0.5f, 0);
    stage_say_in_mood(&stage, bob, 8, -0.3f, 0);
    assert_int_equal(stage_count(&stage, FEEDBACK_POLARIZACAO_EMOCIONAL, NULL), 0);
    stage_say_in_mood(&stage, eva, 8, -0.3f, 0);
    assert_int_equal(stage_count(&stage, FEEDBACK_POLARIZACAO_EMOCIONAL, "group"), 1);
    stage_close(&stage);
}

RUN_TESTS(TEST(one_tired_voice_is_no_tired_group_and_two_are),
          TEST(a_host_alone_does_not_make_the_group_tired),
          TEST(two_camps_are_polarised_and_a_pair_is_not))
