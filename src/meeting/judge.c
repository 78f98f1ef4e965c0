#include "meeting/judge.h"

#include "meeting/meeting_private.h"

#include <assert.h>
#include <string.h>

static const struct rule_settings *settings_of(const struct judgement *judgement) {
    return judgement->settings;
}

struct alarm *judge_alarm(const struct judgement *judgement, struct participant *participant) {
    struct alarm *alarms = participant ? participant->hearing->alarms : judgement->meeting->alarms;
    return &alarms[judgement->type];
}

bool judge_is_due(const struct judgement *judgement, const struct participant *participant) {
    const struct hearing *hearing = participant->hearing;
    return judgement->at_ms / MEETING_STEP_MS % SECOND_STEPS == hearing->phase &&
           judgement->slot - hearing->spoke_slot <= SECOND_SLOTS;
}

void finding_add(struct finding *finding, enum feedback_fact fact, double value) {
    assert(finding->facts < FEEDBACK_FACTS_MAX);
    finding->fact[finding->facts].fact = fact;
    finding->fact[finding->facts++].value = value;
}

void judge_clear(const struct judgement *judgement, struct participant *participant) {
    judge_alarm(judgement, participant)->since = 0;
}

static void judge_tell(const struct judgement *judgement, const struct participant *about,
                       const struct finding *finding) {
    struct feedback feedback = {
        .type = judgement->type,
        .severity = finding->severity,
        .reason = finding->reason,
        .ts_ms = judgement->at_ms,
        .window_start_ms = judgement->at_ms - (int64_t)lrint(finding->window_s * 1000),
        .window_end_ms = judgement->at_ms,
        .is_group = !about,
        .facts = finding->facts,
    };
    for (unsigned i = 0; i < finding->facts; i++) {
        feedback.fact[i].fact = finding->fact[i].fact;
        feedback.fact[i].value = finding->fact[i].value;
    }
    strcpy(feedback.participant, about ? about->identity : "group");
    strcpy(feedback.name, about ? about->name : "");
    judgement->on_feedback(&feedback, judgement->user);
}

static void judge_raise(const struct judgement *judgement, struct alarm *alarm,
                        const struct participant *about, const struct finding *finding) {
    int64_t cooldown_ms = (int64_t)(settings_of(judgement)->cooldown_s * 1000);
    if (!alarm->since)
        alarm->since = judgement->at_ms;
    bool is_worse = finding->severity == SEVERITY_CRITICAL && alarm->severity < SEVERITY_CRITICAL;
    if (alarm->is_told && judgement->at_ms - alarm->told_ms < cooldown_ms && !is_worse)
        return;
    alarm->is_told = true;
    alarm->told_ms = judgement->at_ms;
    alarm->severity = finding->severity;
    judge_tell(judgement, about, finding);
}

void judge_find(const struct judgement *judgement, struct participant *participant,
                const struct finding *finding) {
    judge_raise(judgement, judge_alarm(judgement, participant), participant, finding);
}

void judge_find_group(const struct judgement *judgement, struct participant *about,
                      const struct finding *finding) {
    if (about && about->is_host && !judgement->meeting->rules.include_host)
        about = NULL;
    judge_raise(judgement, judge_alarm(judgement, NULL), about, finding);
}

/* participant NULL: the group. */
static void judge_all_rules(struct judgement *judgement, struct participant *participant) {
    for (int type = 0; type < FEEDBACK_TYPES; type++) {
        const struct rule *rule = rule_of((enum feedback_type)type);
        judgement->type = (enum feedback_type)type;
        judgement->settings = judgement->meeting->rules.values[type];
        if (settings_of(judgement)->enabled == 0)
            continue;
        if (participant && rule->judge_participant)
            rule->judge_participant(judgement, participant);
        else if (!participant && rule->judge_group)
            rule->judge_group(judgement);
    }
}

static bool is_judged(const struct meeting *meeting, const struct participant *participant) {
    return participant_is_connected(participant) && !participant->hearing->is_muted &&
           (!participant->is_host || meeting->rules.include_host);
}

void judge_step(struct judgement *judgement) {
    struct meeting *meeting = judgement->meeting;
    judge_all_rules(judgement, NULL);
    for (size_t i = 0; i < meeting->count; i++)
        if (is_judged(meeting, meeting->participants[i]))
            judge_all_rules(judgement, meeting->participants[i]);
}
