/* The settings of all rules: every limit, window and reminder, with its default and its bounds.
 *
 * Outside, a setting is called RULE_<NAME OF THE RULE>_<FIELD>, for instance
 * RULE_VOLUME_BAIXO_BELOW_DBFS. */
#ifndef MEETING_RULES_H
#define MEETING_RULES_H

#include "base/slice.h"
#include "meeting/feedback_type.h"

#include <stdbool.h>

struct rule_setting; /* meeting/rule.h */

struct rules {
    /* FEEDBACK_RULES: 2, or 1 for the definitions and the fixed cooldowns of before. */
    unsigned version;
    /* Whether to send events about hosts as well (FEEDBACK_INCLUDE_HOST). */
    bool include_host;
    /* For each rule, its own struct of settings. */
    double values[FEEDBACK_TYPES][RULE_SETTINGS_MAX];
};

/* A setting in the list of all, in the order of docs/configuration.md. It is walked so:
 *
 *     struct rules_cursor at = {0};
 *     while (rules_next(&at)) ... */
struct rules_cursor {
    enum feedback_type type;
    const struct rule_setting *setting;
};
bool rules_next(struct rules_cursor *at);

/* Finds the rule, and its setting. ENOENT: no rule of that name (at->setting NULL, at->type
 * FEEDBACK_TYPES), or no such setting of it (at->type is the rule's). In any letter case. */
int rules_find(struct rules_cursor *at, struct slice rule, struct slice field);

/* The value of the setting at `at`. */
double *rules_value(struct rules *rules, const struct rules_cursor *at);
/* The value of a setting that there is. */
double rules_number(const struct rules *rules, enum feedback_type type, const char *field);

/* All settings get the defaults of that version, 1 or 2. */
void rules_init_version(struct rules *rules, unsigned version);
/* Those of the present version. */
void rules_init(struct rules *rules);

/* Sets one value from text. `name` without RULE_, in any letter case. 0; ENOENT: no such setting;
 * EINVAL: not a number; ERANGE: outside its bounds. *setting, if wanted, is the setting, or
 * NULL. */
int rules_set(struct rules *rules, struct slice name, struct slice value,
              const struct rule_setting **setting);

#endif
