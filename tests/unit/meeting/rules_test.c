#include "meeting/rule.h"
#include "meeting/rules.h"
#include "unit.h"

#include <errno.h>

static double value_of(struct rules *rules, enum feedback_type type, const char *field) {
    struct rules_cursor at = {0};
    while (rules_next(&at))
        if (at.type == type && strcmp(at.setting->field, field) == 0)
            return *rules_value(rules, &at);
    fail();
    return 0;
}

static void defaults_lie_within_their_bounds_and_names_are_unique(void **state) {
    struct rules rules;
    rules_init(&rules);
    size_t count = 0;
    struct rules_cursor at = {0};
    while (rules_next(&at)) {
        const struct rule_setting *setting = at.setting;
        assert_true(setting->min <= setting->value && setting->value <= setting->max);
        assert_true(setting->help[0] != '\0');
        assert_true(*rules_value(&rules, &at) == setting->value);
        struct rules_cursor before = {0};
        while (rules_next(&before) && before.setting != setting)
            assert_false(before.type == at.type &&
                         strcmp(before.setting->field, setting->field) == 0);
        count++;
    }
    assert_true(count > 60);
}

/* A rule's list and its struct of settings have the same members, each once. */
static void every_rule_begins_with_its_switch_and_ends_with_its_reminders(void **state) {
    for (int type = 0; type < FEEDBACK_TYPES; type++) {
        const struct rule *rule = rule_of((enum feedback_type)type);
        size_t count = 0, offsets = 0;
        while (count < RULE_SETTINGS_MAX && rule->settings[count].field)
            offsets |= (size_t)1 << rule->settings[count++].offset / sizeof(double);
        assert_string_equal(rule->settings[0].field, "enabled");
        assert_string_equal(rule->settings[count - 4].field, "cooldown_s");
        assert_string_equal(rule->settings[count - 1].field, "over_s");
        assert_int_equal(offsets, ((size_t)1 << count) - 1);
        assert_true(rule->judge_group || rule->judge_participant);
    }
}

static void a_setting_is_found_in_any_letter_case(void **state) {
    struct rules rules;
    rules_init(&rules);
    assert_int_equal(rules_set(&rules, SLICE("VOLUME_baixo_BELOW_DBFS"), SLICE("-30.5"), NULL), 0);
    assert_true(value_of(&rules, FEEDBACK_VOLUME_BAIXO, "below_dbfs") == -30.5);
    assert_true(value_of(&rules, FEEDBACK_VOLUME_BAIXO, "critical_dbfs") == -34);
}

static void bad_values_are_refused_and_change_nothing(void **state) {
    struct rules rules;
    rules_init(&rules);
    const struct rule_setting *setting;
    static const char *const bad[] = {
        "",   "loud", "nan", "inf", "0x10",
        " 3", "3 ",   "1e3", "--3", "00000000000000000000000000000000000003"};
    struct slice name = SLICE("overlap_fala_overlap_s");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(rules_set(&rules, name, slice_from(bad[i]), &setting), EINVAL);
    assert_int_equal(rules_set(&rules, name, SLICE("11"), &setting), ERANGE);
    assert_true(setting->max < 11);
    static const char *const unknown[] = {"overlap_fala_nothing", "nothing_overlap_s", "overlap_s",
                                          "overlap_fala",         "overlap_fala_",     ""};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        assert_int_equal(rules_set(&rules, slice_from(unknown[i]), SLICE("1"), &setting), ENOENT);
        assert_null(setting);
    }
    assert_true(value_of(&rules, FEEDBACK_OVERLAP_FALA, "overlap_s") == 2.5);
}

RUN_TESTS(TEST(defaults_lie_within_their_bounds_and_names_are_unique),
          TEST(every_rule_begins_with_its_switch_and_ends_with_its_reminders),
          TEST(a_setting_is_found_in_any_letter_case),
          TEST(bad_values_are_refused_and_change_nothing))
