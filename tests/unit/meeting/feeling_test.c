#include "meeting/feeling.h"

#include "meeting/expressions.h"
#include "unit.h"

static void named_expressions_become_valence_and_arousal(void **state) {
    static struct expressions map;
    struct feeling feeling = FEELING_NONE;
    expressions_init(&map);
    assert_false(feeling_add(&feeling, &map, SLICE("Monotone"), 0.9));
    assert_true(isnan(feeling.valence) && isnan(feeling.arousal));
    assert_true(feeling_add(&feeling, &map, SLICE("Anger"), 0.7));
    assert_true(feeling.valence < -0.4f && feeling.arousal > 0.4f);
    feeling = FEELING_NONE;
    assert_true(
        feeling_add(&feeling, &map, SLICE("joy"), 0.04)); /* heard, and too faint to matter */
    assert_true(feeling.valence >= 0 && feeling.valence <= 0);
    for (int i = 0; i < 20; i++)
        feeling_add(&feeling, &map, SLICE("JOY"), 1.7);
    assert_true(feeling.valence <= 1);
}

RUN_TESTS(TEST(named_expressions_become_valence_and_arousal))
