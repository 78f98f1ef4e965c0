#include "meeting/rule.h"

#include <assert.h>

static const struct rule *const rules[FEEDBACK_TYPES] = {
#define X(constant, name) [FEEDBACK_##constant] = &rule_##name,
    FEEDBACK_TYPE_MAP(X)
#undef X
};

const struct rule *rule_of(enum feedback_type type) {
    assert(type < FEEDBACK_TYPES);
    return rules[type];
}
