/* From a condition to an event: the rules' side of the engine. */
#ifndef MEETING_JUDGE_H
#define MEETING_JUDGE_H

#include "meeting/meeting_private.h"

/* One 100 ms step being judged. */
struct judgement {
    struct meeting *meeting;
    int64_t at_ms;
    int64_t slot; /* first that is not judged */
    feedback_fn *on_feedback;
    void *arg;
};

/* What a rule has found: everything of an event that is not the same for all. */
struct finding {
    enum severity severity;
    enum feedback_reason reason;
    double window_s; /* the span it looked at */
    unsigned facts;
    struct {
        enum feedback_fact fact;
        double value;
    } fact[FEEDBACK_FACTS_MAX];
};

void finding_add(struct finding *finding, enum feedback_fact fact, double value);

/* The condition holds now. Becomes an event unless the cooldown, the host's privilege or the pause
 * of the rule forbids; what has become critical within the cooldown is told at once. `participant`
 * NULL: about the group, with the meeting's cooldown. `about`: whom a group rule names, or NULL. */
void judge_find(struct judgement *judgement, enum feedback_type type,
                struct participant *participant, const struct finding *finding);
void judge_find_among(struct judgement *judgement, enum feedback_type type,
                      struct participant *about, const struct finding *finding);

/* The condition is over. */
void judge_clear(struct judgement *judgement, enum feedback_type type,
                 struct participant *participant);
bool judge_is_raised(const struct judgement *judgement, enum feedback_type type,
                     struct participant *participant);

/* All rules over all participants. */
void judge_step(struct judgement *judgement);

/* One function a rule; rules_voice.c, rules_group.c, rules_mood.c. */
typedef void rule_fn(struct judgement *judgement, struct participant *participant);
rule_fn rule_volume_baixo, rule_volume_alto, rule_dead_mic, rule_monologo, rule_ritmo_acelerado,
    rule_ritmo_pausado, rule_monotonia, rule_ruido;
rule_fn rule_group_silence, rule_overlap, rule_interrupcoes;
rule_fn rule_negativa, rule_engajamento, rule_frustracao, rule_entusiasmo, rule_pos_interrupcao;
rule_fn rule_energia_grupo, rule_polarizacao;

#endif
