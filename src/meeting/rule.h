/* A rule: one type of feedback, with its settings, its judges and its sentences.
 *
 * Each rule is one constant, in one of the rule_*.c; FEEDBACK_TYPE_MAP lists them all. It reads the
 * state of the meeting (meeting_private.h) and reports what it finds to judge.h. */
#ifndef MEETING_RULE_H
#define MEETING_RULE_H

#include "meeting/feedback_type.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RULE_SENTENCES_MAX = 5, /* sentences of one rule, per language */
    RULE_WHYS_MAX = 4,      /* and explanations */
};

struct judgement;
struct participant;

/* A number that operators can change, as RULE_<NAME OF THE RULE>_<FIELD>. Every value is a double:
 * seconds, decibels and counts, as people write them. */
struct rule_setting {
    const char *field; /* "below_dbfs"; NULL: after the last */
    size_t offset;     /* of a double in the rule's own struct of settings */
    double value;      /* default */
    double former;     /* default of FEEDBACK_RULES=1 */
    double min, max;
    const char *help; /* one line, English */
};

/* What every rule can be told. A rule's own struct of settings begins with it, and its list of
 * settings begins with RULE_ENABLED and ends with RULE_REMINDERS. */
struct rule_settings {
    double enabled, cooldown_s, remind_s, remind_again_s, over_s;
};

#define RULE_REVISED(rule, field, value, former, min, max, help)                                   \
    { #field, offsetof(struct rule##_settings, field), value, former, min, max, help }
#define RULE_SETTING(rule, field, value, min, max, help)                                           \
    RULE_REVISED(rule, field, value, value, min, max, help)
#define RULE_ENABLED(value) RULE_SETTING(rule, enabled, value, 0, 1, "1: on, 0: off")
#define RULE_REMINDERS(cooldown)                                                                   \
    RULE_SETTING(rule, cooldown_s, cooldown, 0, 3600,                                              \
                 "FEEDBACK_RULES=1, or between two silences: seconds between two events"),         \
        RULE_SETTING(rule, remind_s, 60, 0, 3600,                                                  \
                     "seconds after the first event at which it is told again"),                   \
        RULE_SETTING(rule, remind_again_s, 180, 0, 3600, "and after each reminder"),               \
        RULE_SETTING(rule, over_s, 180, 0, 3600, "seconds without it after which all begins anew")

struct sentence {
    const char *text; /* "{name}" stands for the participant */
    const char *tips[FEEDBACK_TIPS_MAX];
};

/* What the host reads. Within a rule the first that fits is taken, so the special ones stand before
 * the general. Written for a host in the middle of a conversation: what is the matter, what to do,
 * no blame. */
struct rule_sentence {
    enum feedback_reason reason; /* REASON_NONE: any */
    enum severity least;         /* for this severity and above */
    bool is_group;               /* only for events about the group */
    struct sentence in[LOCALES]; /* text NULL: after the last */
};

/* What was measured, in words. The first whose fact comes with the event and whose reason fits is
 * taken. "{rmsDbfs}" stands for that fact; those it names come with it. */
struct rule_why {
    enum feedback_fact fact;
    enum feedback_reason reason; /* REASON_NONE: any */
    const char *in[LOCALES];     /* NULL: after the last */
};

struct rule {
    const char *name; /* of the type of feedback, "volume_baixo" */
    /* Called for every step of 100 ms; NULL: the rule never tells about the group. */
    void (*judge_group)(const struct judgement *judgement);
    /* The same for each participant who is connected with an open microphone. */
    void (*judge_participant)(const struct judgement *judgement, struct participant *participant);
    /* Where in the rule's own settings stands for how many seconds what is not critical waits for
     * what may become critical; 0: it never waits. */
    size_t wait;
    /* When the condition ends, its reminders end with it. Else they go on when it comes back. */
    bool ends_with_condition;
    struct rule_setting settings[RULE_SETTINGS_MAX];
    struct rule_sentence sentences[RULE_SENTENCES_MAX];
    struct rule_why whys[RULE_WHYS_MAX];
};

#define X(constant, name) extern const struct rule rule_##name;
FEEDBACK_TYPE_MAP(X)
#undef X

/* In rules.c. */
const struct rule *rule_of(enum feedback_type type);

#endif
