#include "meeting/judge.h"

#include "base/mem.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define ON(type)       offsetof(struct rules, type.enabled)
#define COOLDOWN(type) offsetof(struct rules, type.cooldown_s)

/* The two settings that every type has. */
static const struct {
    size_t enabled, cooldown_s;
} types[FEEDBACK_TYPES] = {
#define TYPE(constant, type) [FEEDBACK_##constant] = {ON(type), COOLDOWN(type)}
    TYPE(VOLUME_BAIXO, volume_baixo),
    TYPE(VOLUME_ALTO, volume_alto),
    TYPE(SILENCIO_PROLONGADO, silencio_prolongado),
    TYPE(OVERLAP_FALA, overlap_fala),
    TYPE(MONOLOGO_PROLONGADO, monologo_prolongado),
    TYPE(INTERRUPCOES_FREQUENTES, interrupcoes_frequentes),
    TYPE(RITMO_ACELERADO, ritmo_acelerado),
    TYPE(RITMO_PAUSADO, ritmo_pausado),
    TYPE(MONOTONIA_PROSODICA, monotonia_prosodica),
    TYPE(RUIDO_DE_FUNDO, ruido_de_fundo),
    TYPE(TENDENCIA_EMOCIONAL_NEGATIVA, tendencia_emocional_negativa),
    TYPE(ENGAJAMENTO_BAIXO, engajamento_baixo),
    TYPE(FRUSTRACAO_CRESCENTE, frustracao_crescente),
    TYPE(ENTUSIASMO_ALTO, entusiasmo_alto),
    TYPE(ENERGIA_GRUPO_BAIXA, energia_grupo_baixa),
    TYPE(POLARIZACAO_EMOCIONAL, polarizacao_emocional),
    TYPE(EFEITO_POS_INTERRUPCAO, efeito_pos_interrupcao),
#undef TYPE
};

static double type_setting(const struct rules *rules, size_t offset) {
    return *(const double *)(const void *)((const char *)rules + offset);
}

static struct alarm *alarm_of(struct meeting *meeting, enum feedback_type type,
                              struct participant *participant) {
    return participant ? &participant->hearing->alarms[type] : &meeting->alarms[type];
}

void finding_add(struct finding *finding, enum feedback_fact fact, double value) {
    assert(finding->facts < FEEDBACK_FACTS_MAX);
    finding->fact[finding->facts].fact = fact;
    finding->fact[finding->facts++].value = value;
}

void judge_clear(struct judgement *judgement, enum feedback_type type,
                 struct participant *participant) {
    alarm_of(judgement->meeting, type, participant)->is_raised = false;
}

bool judge_is_raised(const struct judgement *judgement, enum feedback_type type,
                     struct participant *participant) {
    return alarm_of(judgement->meeting, type, participant)->is_raised;
}

static void judge_tell(struct judgement *judgement, enum feedback_type type,
                       const struct participant *about, const struct finding *finding) {
    struct feedback feedback = {
        .type = type,
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
    judgement->on_feedback(&feedback, judgement->arg);
}

static void judge_raise(struct judgement *judgement, enum feedback_type type, struct alarm *alarm,
                        const struct participant *about, const struct finding *finding) {
    const struct rules *rules = &judgement->meeting->rules;
    int64_t cooldown_ms = (int64_t)(type_setting(rules, types[type].cooldown_s) * 1000);
    alarm->is_raised = true;
    bool is_worse = finding->severity == SEVERITY_CRITICAL && alarm->severity < SEVERITY_CRITICAL;
    if (alarm->is_told && judgement->at_ms - alarm->told_ms < cooldown_ms && !is_worse)
        return;
    alarm->is_told = true;
    alarm->told_ms = judgement->at_ms;
    alarm->severity = finding->severity;
    judge_tell(judgement, type, about, finding);
}

void judge_find(struct judgement *judgement, enum feedback_type type,
                struct participant *participant, const struct finding *finding) {
    judge_raise(judgement, type, alarm_of(judgement->meeting, type, participant), participant,
                finding);
}

void judge_find_among(struct judgement *judgement, enum feedback_type type,
                      struct participant *about, const struct finding *finding) {
    if (about && about->is_host && !judgement->meeting->rules.include_host)
        about = NULL;
    judge_raise(judgement, type, &judgement->meeting->alarms[type], about, finding);
}

enum scope { EACH, GROUP };

static const struct rule {
    enum feedback_type type;
    enum scope scope;
    rule_fn *judge;
} rules_table[] = {
    {FEEDBACK_SILENCIO_PROLONGADO, GROUP, rule_group_silence},
    {FEEDBACK_OVERLAP_FALA, GROUP, rule_overlap},
    {FEEDBACK_INTERRUPCOES_FREQUENTES, GROUP, rule_interrupcoes},
    {FEEDBACK_SILENCIO_PROLONGADO, EACH, rule_dead_mic},
    {FEEDBACK_VOLUME_BAIXO, EACH, rule_volume_baixo},
    {FEEDBACK_VOLUME_ALTO, EACH, rule_volume_alto},
    {FEEDBACK_MONOLOGO_PROLONGADO, EACH, rule_monologo},
    {FEEDBACK_RITMO_ACELERADO, EACH, rule_ritmo_acelerado},
    {FEEDBACK_RITMO_PAUSADO, EACH, rule_ritmo_pausado},
    {FEEDBACK_MONOTONIA_PROSODICA, EACH, rule_monotonia},
    {FEEDBACK_RUIDO_DE_FUNDO, EACH, rule_ruido},
    {FEEDBACK_TENDENCIA_EMOCIONAL_NEGATIVA, EACH, rule_negativa},
    {FEEDBACK_ENGAJAMENTO_BAIXO, EACH, rule_engajamento},
    {FEEDBACK_FRUSTRACAO_CRESCENTE, EACH, rule_frustracao},
    {FEEDBACK_ENTUSIASMO_ALTO, EACH, rule_entusiasmo},
    {FEEDBACK_EFEITO_POS_INTERRUPCAO, EACH, rule_pos_interrupcao},
    {FEEDBACK_ENERGIA_GRUPO_BAIXA, GROUP, rule_energia_grupo},
    {FEEDBACK_POLARIZACAO_EMOCIONAL, GROUP, rule_polarizacao},
};

static bool is_judged(const struct meeting *meeting, const struct participant *participant) {
    return participant->connections > 0 && !participant->hearing->is_muted &&
           (!participant->is_host || meeting->rules.include_host);
}

static void judge_scope(struct judgement *judgement, enum scope scope,
                        struct participant *participant) {
    for (size_t i = 0; i < ARRAY_LEN(rules_table); i++) {
        const struct rule *rule = &rules_table[i];
        if (rule->scope == scope &&
            type_setting(&judgement->meeting->rules, types[rule->type].enabled) != 0)
            rule->judge(judgement, participant);
    }
}

void judge_step(struct judgement *judgement) {
    struct meeting *meeting = judgement->meeting;
    judge_scope(judgement, GROUP, NULL);
    for (size_t i = 0; i < meeting->count; i++)
        if (is_judged(meeting, meeting->participants[i]))
            judge_scope(judgement, EACH, meeting->participants[i]);
}
