#include "meeting/judge.h"

#include "meeting/meeting_private.h"

#include <assert.h>
#include <string.h>

enum {
    STALE_WAITS = 4,      /* after so many times its wait an event waits from the beginning */
    HELD_LEAST_MS = 1000, /* for how long it has been so is said from here on */
};

static const struct rule_settings *settings_of(const struct judgement *judgement) {
    return judgement->settings;
}

struct alarm *judge_alarm(const struct judgement *judgement, struct participant *participant) {
    struct alarm *alarms = participant ? participant->hearing->alarms : judgement->meeting->alarms;
    return &alarms[judgement->type];
}

bool judge_is_due(const struct participant *participant) {
    return participant->hearing->is_second;
}

void finding_add(struct finding *finding, enum feedback_fact fact, double value) {
    assert(finding->facts < FEEDBACK_FACTS_MAX);
    finding->fact[finding->facts++] = (struct fact){fact, value};
}

void judge_clear(const struct judgement *judgement, struct participant *participant) {
    struct alarm *alarm = judge_alarm(judgement, participant);
    alarm->since = alarm->waits_ms = alarm->began_ms = 0;
    alarm->is_over |= rule_of(judgement->type)->ends_with_condition;
}

/* How much later than spoken what was judged has come. about NULL: the longest way of all. */
static unsigned delay_of(const struct meeting *meeting, const struct participant *about) {
    unsigned delay_ms = about ? about->delay_ms : 0;
    for (size_t i = 0; i < meeting->count && !about; i++)
        if (meeting->participants[i]->delay_ms > delay_ms)
            delay_ms = meeting->participants[i]->delay_ms;
    return delay_ms;
}

static void judge_tell(const struct judgement *judgement, const struct participant *about,
                       const struct finding *found, int64_t held_ms) {
    struct finding finding = *found;
    if (held_ms >= HELD_LEAST_MS)
        finding_add(&finding, FACT_HELD_S, (double)held_ms / 1000);
    struct feedback feedback = {
        .type = judgement->type,
        .severity = finding.severity,
        .reason = finding.reason,
        .ts_ms = judgement->at_ms,
        .window_start_ms = judgement->at_ms - ms_of(finding.window_s),
        .window_end_ms = judgement->at_ms,
        .delay_ms = delay_of(judgement->meeting, about),
        .is_group = !about,
        .facts = finding.facts,
    };
    memcpy(feedback.fact, finding.fact, sizeof feedback.fact);
    strcpy(feedback.participant, about ? about->identity : "group");
    strcpy(feedback.name, about ? about->name : "");
    judgement->on_feedback(&feedback, judgement->user);
}

static bool is_former_due(const struct judgement *judgement, const struct alarm *alarm,
                          enum severity severity) {
    bool is_worse = severity == SEVERITY_CRITICAL && alarm->severity < SEVERITY_CRITICAL;
    return !alarm->is_told || is_worse ||
           judgement->at_ms - alarm->told_ms >= ms_of(settings_of(judgement)->cooldown_s);
}

/* A new run begins when the condition had not held for long enough. */
static void run_follow(const struct judgement *judgement, struct alarm *alarm) {
    const struct rule_settings *settings = settings_of(judgement);
    int64_t at_ms = judgement->at_ms;
    bool is_over = alarm->is_over ? at_ms - alarm->told_ms >= ms_of(settings->cooldown_s)
                                  : at_ms - alarm->held_ms >= ms_of(settings->over_s);
    alarm->held_ms = at_ms;
    if (!alarm->is_told || is_over)
        alarm->is_told = alarm->is_reminded = alarm->is_over = false;
    if (is_over)
        alarm->began_ms = at_ms;
}

static int64_t wait_of(const struct judgement *judgement) {
    size_t at = rule_of(judgement->type)->wait;
    const char *settings = judgement->settings;
    return at == 0 ? 0 : ms_of(*(const double *)(const void *)(settings + at));
}

/* Whether an event that could become critical in a moment should not be sent yet. */
static bool has_to_wait(const struct judgement *judgement, struct alarm *alarm,
                        enum severity severity) {
    int64_t wait_ms = wait_of(judgement);
    if (severity == SEVERITY_CRITICAL || wait_ms == 0)
        return false;
    if (alarm->waits_ms == 0 || judgement->at_ms - alarm->waits_ms > STALE_WAITS * wait_ms)
        alarm->waits_ms = judgement->at_ms;
    return judgement->at_ms - alarm->waits_ms < wait_ms;
}

static bool is_due(const struct judgement *judgement, struct alarm *alarm, enum severity severity) {
    const struct rule_settings *settings = settings_of(judgement);
    run_follow(judgement, alarm);
    double pause_s = alarm->is_reminded ? settings->remind_again_s : settings->remind_s;
    bool is_first = !alarm->is_told || (severity > alarm->severity && !alarm->is_over);
    bool is_reminder =
        !is_first && !alarm->is_over && judgement->at_ms - alarm->told_ms >= ms_of(pause_s);
    if ((!is_first && !is_reminder) || has_to_wait(judgement, alarm, severity))
        return false;
    alarm->is_reminded = is_reminder;
    return true;
}

static void judge_raise(const struct judgement *judgement, struct alarm *alarm,
                        const struct participant *about, const struct finding *finding) {
    if (!alarm->since)
        alarm->since = judgement->at_ms;
    bool is_former = judgement->meeting->rules.version == 1;
    if (!alarm->began_ms)
        alarm->began_ms = judgement->at_ms;
    if (is_former ? !is_former_due(judgement, alarm, finding->severity)
                  : !is_due(judgement, alarm, finding->severity))
        return;
    if (is_former || !alarm->is_told || finding->severity > alarm->severity)
        alarm->severity = finding->severity;
    alarm->is_told = true;
    alarm->told_ms = judgement->at_ms;
    alarm->waits_ms = 0;
    judge_tell(judgement, about, finding, judgement->at_ms - alarm->began_ms);
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
    return participant_is_connected(participant) && participant->hearing->mic <= MIC_CUT &&
           (!participant->is_host || meeting->rules.include_host);
}

void judge_step(struct judgement *judgement) {
    struct meeting *meeting = judgement->meeting;
    judge_all_rules(judgement, NULL);
    for (size_t i = 0; i < meeting->count; i++)
        if (is_judged(meeting, meeting->participants[i]))
            judge_all_rules(judgement, meeting->participants[i]);
}
