#include "meeting/rules.h"
#include "unit.h"

#include <errno.h>

static void defaults_lie_within_their_bounds_and_names_are_unique(void **state) {
    size_t count;
    const struct rule_setting *settings = rules_settings(&count);
    assert_true(count > 60);
    struct rules rules;
    rules_init(&rules);
    for (size_t i = 0; i < count; i++) {
        assert_true(settings[i].min <= settings[i].value && settings[i].value <= settings[i].max);
        assert_true(settings[i].help[0] != '\0');
        double value = *(double *)(void *)((char *)&rules + settings[i].offset);
        assert_true(value >= settings[i].value && value <= settings[i].value);
        for (size_t k = 0; k < i; k++)
            assert_true(settings[i].offset != settings[k].offset);
    }
}

static void a_setting_is_found_in_any_letter_case(void **state) {
    struct rules rules;
    rules_init(&rules);
    assert_int_equal(
        rules_set(&rules, SLICE("VOLUME_BAIXO"), SLICE("BELOW_DBFS"), SLICE("-30.5"), NULL), 0);
    assert_true(rules.volume_baixo.below_dbfs < -30 && rules.volume_baixo.below_dbfs > -31);
}

static void bad_values_are_refused_and_change_nothing(void **state) {
    struct rules rules;
    rules_init(&rules);
    const struct rule_setting *setting;
    static const char *const bad[] = {
        "",   "loud", "nan", "inf", "0x10",
        " 3", "3 ",   "1e3", "--3", "00000000000000000000000000000000000003"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(rules_set(&rules, SLICE("overlap_fala"), SLICE("overlap_s"),
                                   slice_from(bad[i]), &setting),
                         EINVAL);
    assert_int_equal(
        rules_set(&rules, SLICE("overlap_fala"), SLICE("overlap_s"), SLICE("11"), &setting),
        ERANGE);
    assert_true(setting->max < 11);
    assert_int_equal(rules_set(&rules, SLICE("overlap_fala"), SLICE("nothing"), SLICE("1"), NULL),
                     ENOENT);
    assert_int_equal(rules_set(&rules, SLICE("nothing"), SLICE("overlap_s"), SLICE("1"), NULL),
                     ENOENT);
    assert_true(rules.overlap_fala.overlap_s > 2.4 && rules.overlap_fala.overlap_s < 2.6);
}

RUN_TESTS(TEST(defaults_lie_within_their_bounds_and_names_are_unique),
          TEST(a_setting_is_found_in_any_letter_case),
          TEST(bad_values_are_refused_and_change_nothing))
