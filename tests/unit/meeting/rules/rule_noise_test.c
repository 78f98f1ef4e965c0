#include "stage.h"
#include "unit.h"

static struct stage stage;

static struct actor *two(const struct rules *rules) {
    stage_open(&stage, rules);
    struct actor *ana = stage_join(&stage, "ana");
    stage_join(&stage, "bob");
    return ana;
}

static void noise_near_the_voice_is_told_only_where_it_is_wanted(void **state) {
    struct rules rules;
    for (int wanted = 0; wanted < 2; wanted++) {
        rules_init(&rules);
        rules_set(&rules, SLICE("ruido_de_fundo_enabled"), wanted ? SLICE("1") : SLICE("0"), NULL);
        struct actor *ana = two(&rules);
        ana->noise_dbfs = -36;
        ana->level_dbfs = -26;
        for (int i = 0; i < 8; i++) {
            stage_say(&stage, ana, 3);
            stage_play(&stage, 2);
        }
        assert_int_equal(stage_count(&stage, FEEDBACK_RUIDO_DE_FUNDO, "ana") > 0, wanted);
        stage_close(&stage);
    }
}

RUN_TESTS(TEST(noise_near_the_voice_is_told_only_where_it_is_wanted))
