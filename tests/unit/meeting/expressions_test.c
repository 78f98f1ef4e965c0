#include "meeting/expressions.h"
#include "unit.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static struct expressions map;
static struct slice bad;

static int set(const char *text) {
    expressions_init(&map);
    return expressions_set(&map, slice_from(text), &bad);
}

static void assert_place(const char *name, float valence, float arousal) {
    const struct expression *found = expressions_find(&map, slice_from(name));
    assert_non_null(found);
    assert_true(fabsf(found->valence - valence) < 1e-6f);
    assert_true(fabsf(found->arousal - arousal) < 1e-6f);
}

static void every_name_of_both_generations_is_known_in_any_case(void **state) {
    static const char *const names[] = {
        "Admiration",
        "Adoration",
        "Aesthetic Appreciation",
        "Amusement",
        "Anger",
        "Anxiety",
        "Awe",
        "Awkwardness",
        "Boredom",
        "Calmness",
        "Concentration",
        "Confusion",
        "Contemplation",
        "Contempt",
        "Contentment",
        "Craving",
        "Desire",
        "Determination",
        "Disappointment",
        "Disgust",
        "Distress",
        "Doubt",
        "Ecstasy",
        "Embarrassment",
        "Empathic Pain",
        "Entrancement",
        "Envy",
        "Excitement",
        "Fear",
        "Guilt",
        "Horror",
        "Interest",
        "Joy",
        "Love",
        "Nostalgia",
        "Pain",
        "Pride",
        "Realization",
        "Relief",
        "Romance",
        "Sadness",
        "Satisfaction",
        "Shame",
        "Surprise (negative)",
        "Surprise (positive)",
        "Sympathy",
        "Tiredness",
        "Triumph",
        "neutral",
    };
    expressions_init(&map);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char lower[EXPRESSION_NAME_SIZE];
        snprintf(lower, sizeof lower, "%s", names[i]);
        for (char *c = lower; *c; c++)
            *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
        const struct expression *found = expressions_find(&map, slice_from(names[i]));
        assert_non_null(found);
        assert_ptr_equal(found, expressions_find(&map, slice_from(lower)));
        assert_true(fabsf(found->valence) <= 1 && fabsf(found->arousal) <= 1);
    }
    assert_null(expressions_find(&map, SLICE("monotone")));
    assert_null(expressions_find(&map, SLICE("")));
}

static void a_setting_moves_takes_out_and_adds(void **state) {
    assert_int_equal(set("calmness = 0.5:-0.25, Nostalgia=none,Hope (faint)=+1:-1,Joy=0:0"), 0);
    assert_place("Calmness", 0.5f, -0.25f);
    assert_null(expressions_find(&map, SLICE("nostalgia")));
    assert_place("hope (FAINT)", 1, -1);
    assert_place("joy", 0, 0);
    assert_place("Anger", -0.8f, 0.8f);
    assert_int_equal(set("Nobody=none"), 0);
}

static void what_cannot_be_read_is_named(void **state) {
    static const char *const texts[] = {
        "x",      "=1:1",     "x=",       "x=1",      "x=1:",    "x=:1",     "x=2:0",
        "x=0:-2", "x=nan:0",  "x=1e-1:0", "x=0x1:0",  "x=0:0:0", "x=1:1 y",  "x\ty=0:0",
        "",       "x=none:0", "x=inf:0",  "x=1,:0.1", "x=--1:0", "x=0.1.2:0"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_int_equal(set(texts[i]), EINVAL);
    assert_int_equal(set("Joy=1:1,wrong,Anger=0:0"), EINVAL);
    assert_slice_equal(bad, "wrong");
    assert_int_equal(set("a name that is longer than any expression anybody ever sent=0:0"),
                     EINVAL);
}

static void the_table_is_bounded(void **state) {
    expressions_init(&map);
    char text[32];
    int err = 0;
    for (int i = 0; i < EXPRESSIONS_MAX + 1 && !err; i++) {
        snprintf(text, sizeof text, "n%d=0:0", i);
        err = expressions_set(&map, slice_from(text), &bad);
    }
    assert_int_equal(err, ENOSPC);
    assert_int_equal(map.count, EXPRESSIONS_MAX);
    assert_int_equal(expressions_set(&map, SLICE("n1=1:1"), &bad), 0); /* known ones still move */
}

RUN_TESTS(TEST(every_name_of_both_generations_is_known_in_any_case),
          TEST(a_setting_moves_takes_out_and_adds), TEST(what_cannot_be_read_is_named),
          TEST(the_table_is_bounded))
