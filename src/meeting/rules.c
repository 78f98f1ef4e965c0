#include "meeting/rules.h"

#include "meeting/rule.h"

#include <assert.h>
#include <errno.h>

static const struct rule *const all_rules[FEEDBACK_TYPES] = {
#define X(constant, name) [FEEDBACK_##constant] = &rule_##name,
    FEEDBACK_TYPE_MAP(X)
#undef X
};

const struct rule *rule_of(enum feedback_type type) {
    assert(type < FEEDBACK_TYPES);
    return all_rules[type];
}

bool rules_next(struct rules_cursor *at) {
    const struct rule_setting *first = rule_of(at->type)->settings;
    const struct rule_setting *next = at->setting ? at->setting + 1 : first;
    if (next == first + RULE_SETTINGS_MAX || !next->field) {
        if (++at->type == FEEDBACK_TYPES)
            return false;
        next = rule_of(at->type)->settings;
    }
    at->setting = next;
    return true;
}

int rules_find(struct rules_cursor *at, struct slice rule, struct slice field) {
    *at = (struct rules_cursor){0};
    while (at->type < FEEDBACK_TYPES &&
           !slice_is_equal_nocase(slice_from(rule_of(at->type)->name), rule))
        at->type++;
    if (at->type == FEEDBACK_TYPES)
        return ENOENT;
    const struct rule_setting *settings = rule_of(at->type)->settings;
    for (int i = 0; i < RULE_SETTINGS_MAX && settings[i].field; i++)
        if (slice_is_equal_nocase(slice_from(settings[i].field), field)) {
            at->setting = &settings[i];
            return 0;
        }
    return ENOENT;
}

double *rules_value(struct rules *rules, const struct rules_cursor *at) {
    return (double *)(void *)((char *)rules->values[at->type] + at->setting->offset);
}

double rules_number(const struct rules *rules, enum feedback_type type, const char *field) {
    struct rules_cursor at;
    int err = rules_find(&at, slice_from(rule_of(type)->name), slice_from(field));
    assert(!err);
    (void)err;
    return *(const double *)(const void *)((const char *)rules->values[type] + at.setting->offset);
}

void rules_init_version(struct rules *rules, unsigned version) {
    struct rules_cursor at = {0};
    assert(version == 1 || version == 2);
    *rules = (struct rules){.version = version};
    while (rules_next(&at))
        *rules_value(rules, &at) = version == 1 ? at.setting->former : at.setting->value;
}

void rules_init(struct rules *rules) {
    rules_init_version(rules, 2);
}

/* "volume_baixo_below_dbfs" */
static bool is_named(const struct rules_cursor *at, struct slice name) {
    struct slice rule = slice_from(rule_of(at->type)->name), field = slice_from(at->setting->field);
    return name.len == rule.len + 1 + field.len && name.ptr[rule.len] == '_' &&
           slice_has_prefix_nocase(name, rule) &&
           slice_is_equal_nocase(slice_skip(name, rule.len + 1), field);
}

int rules_set(struct rules *rules, struct slice name, struct slice value,
              const struct rule_setting **setting) {
    struct rules_cursor at = {0};
    bool is_found = false;
    while (!is_found && rules_next(&at))
        is_found = is_named(&at, name);
    if (setting)
        *setting = is_found ? at.setting : NULL;
    if (!is_found)
        return ENOENT;
    double number;
    if (!slice_to_real(value, &number))
        return EINVAL;
    if (!(number >= at.setting->min && number <= at.setting->max))
        return ERANGE;
    *rules_value(rules, &at) = number;
    return 0;
}
