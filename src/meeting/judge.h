/* From a condition to an event: what the rules see of the engine, and what they call. */
#ifndef MEETING_JUDGE_H
#define MEETING_JUDGE_H

#include "meeting/meeting_private.h"

#include <math.h>

/* One 100 ms step, judged by one rule. */
struct judgement {
    struct meeting *meeting;
    int64_t at_ms;
    int64_t slot; /* first that is not judged */
    /* The rule, and its own struct of settings. */
    enum feedback_type type;
    const void *settings;
    feedback_fn *on_feedback;
    void *user;
};

/* What a rule has found: everything of an event that differs from rule to rule. */
struct finding {
    enum severity severity;
    enum feedback_reason reason;
    double window_s; /* the span it looked at */
    unsigned facts;
    struct fact fact[FEEDBACK_FACTS_MAX];
};

void finding_add(struct finding *finding, enum feedback_fact fact, double value);

/* The condition holds now. It is told when that is due:
 *
 *   first telling --remind_s--> reminder --remind_again_s--> reminder --remind_again_s--> ...
 *
 * A reminder comes at the first moment after its time at which the condition holds. What is worse
 * than everything told so far is told at once, as a first telling. When the condition has not held
 * for over_s, the run is over and the next telling is a first one. */
void judge_find(const struct judgement *judgement, struct participant *participant,
                const struct finding *finding);
/* The same about the group, with the meeting's reminders. `about`: the participant who is named, or
 * NULL. */
void judge_find_group(const struct judgement *judgement, struct participant *about,
                      const struct finding *finding);

/* The condition is over. participant NULL: the group's. */
void judge_clear(const struct judgement *judgement, struct participant *participant);

/* What the rule remembers of the participant, or, for NULL, of the group. */
struct alarm *judge_alarm(const struct judgement *judgement, struct participant *participant);

/* Costly measures are taken once for each second of speech. By speech, not by the clock: so a live
 * meeting and its recording are judged at the same moments. */
bool judge_is_due(const struct participant *participant);

/* All rules over the group and all participants. */
void judge_step(struct judgement *judgement);

static inline int64_t ms_of(double seconds) {
    return llrint(seconds * 1000);
}

static inline int64_t slots_of(double seconds) {
    return llrint(seconds * SECOND_SLOTS);
}

static inline double seconds_of(int64_t slots) {
    return (double)slots * SLOT_MS / 1000;
}

#endif
