/* Rules about mood, for meetings with a prosody service. Types, thresholds and spans are the old
 * backend's; what made no sense there is repaired:
 *   - seconds of voice that were read, not counts of samples, decide whether there is enough;
 *   - high arousal is enthusiasm only in a voice that is not unhappy: anger is excited too;
 *   - a group is two people or more;
 *   - the after-effect of an interruption is looked for in the one who was interrupted. */
#include "meeting/judge.h"

#include <math.h>

enum {
    SPAN_MS = 10000,       /* what a mood is judged by */
    GROUP_SPAN_MS = 60000, /* people take turns: a voice of the last minute counts */
    AFTER_MS = 6000,       /* an interruption's effect shows between these */
    AFTER_END_MS = 30000,
};

#define NEGATIVE_HEARD_S    4.0 /* seconds of voice in the span: the old coverages of 10 s */
#define ENGAGEMENT_HEARD_S  3.0
#define ENTHUSIASM_HEARD_S  5.0
#define FRUSTRATION_HEARD_S 3.0 /* in each half */
#define AFTER_HEARD_S       2.0

static bool is_heard(const struct judgement *judgement, const struct mood *mood, double heard_s) {
    return mood_between(mood, judgement->at_ms - SPAN_MS, judgement->at_ms).heard_s >= heard_s;
}

static void mood_tell(struct judgement *judgement, enum feedback_type type,
                      struct participant *participant, bool is_warning, double window_s) {
    const struct mood *mood = &participant->hearing->mood;
    struct finding finding = {.severity = is_warning ? SEVERITY_WARNING : SEVERITY_INFO,
                              .window_s = window_s};
    finding_add(&finding, FACT_SPEECH_COVERAGE,
                participant->hearing->share.in_10s * SLOT_MS / 10000.0);
    if (!isnan(mood->valence))
        finding_add(&finding, FACT_VALENCE, (double)mood->valence);
    if (!isnan(mood->arousal))
        finding_add(&finding, FACT_AROUSAL, (double)mood->arousal);
    judge_find(judgement, type, participant, &finding);
}

/* Comparisons with NAN are false: a mood that was not read fires nothing. */

void rule_negativa(struct judgement *judgement, struct participant *participant) {
    const struct rules *rules = &judgement->meeting->rules;
    const struct mood *mood = &participant->hearing->mood;
    if (mood->count == 0 || !((double)mood->valence <= rules->tendencia_emocional_negativa.below)) {
        judge_clear(judgement, FEEDBACK_TENDENCIA_EMOCIONAL_NEGATIVA, participant);
        return;
    }
    if (is_heard(judgement, mood, NEGATIVE_HEARD_S))
        mood_tell(judgement, FEEDBACK_TENDENCIA_EMOCIONAL_NEGATIVA, participant,
                  (double)mood->valence <= rules->tendencia_emocional_negativa.warning, 10);
}

void rule_engajamento(struct judgement *judgement, struct participant *participant) {
    const struct rules *rules = &judgement->meeting->rules;
    const struct mood *mood = &participant->hearing->mood;
    if (mood->count == 0 || !((double)mood->arousal <= rules->engajamento_baixo.below)) {
        judge_clear(judgement, FEEDBACK_ENGAJAMENTO_BAIXO, participant);
        return;
    }
    if (is_heard(judgement, mood, ENGAGEMENT_HEARD_S))
        mood_tell(judgement, FEEDBACK_ENGAJAMENTO_BAIXO, participant,
                  (double)mood->arousal <= rules->engajamento_baixo.warning, 10);
}

void rule_frustracao(struct judgement *judgement, struct participant *participant) {
    const struct rules *rules = &judgement->meeting->rules;
    const struct mood *mood = &participant->hearing->mood;
    if (mood->count == 0)
        return;
    int64_t now = judgement->at_ms;
    struct mood_span before = mood_between(mood, now - 2 * SPAN_MS, now - SPAN_MS);
    struct mood_span after = mood_between(mood, now - SPAN_MS, now);
    bool grows = before.heard_s >= FRUSTRATION_HEARD_S && after.heard_s >= FRUSTRATION_HEARD_S &&
                 after.arousal - before.arousal >= rules->frustracao_crescente.arousal_rise &&
                 before.valence - after.valence >= rules->frustracao_crescente.valence_fall;
    if (grows)
        mood_tell(judgement, FEEDBACK_FRUSTRACAO_CRESCENTE, participant, true, 20);
    else
        judge_clear(judgement, FEEDBACK_FRUSTRACAO_CRESCENTE, participant);
}

void rule_entusiasmo(struct judgement *judgement, struct participant *participant) {
    const struct rules *rules = &judgement->meeting->rules;
    const struct mood *mood = &participant->hearing->mood;
    bool is_excited = mood->count > 0 && (double)mood->arousal >= rules->entusiasmo_alto.above;
    if (!is_excited || mood->valence < 0) {
        judge_clear(judgement, FEEDBACK_ENTUSIASMO_ALTO, participant);
        return;
    }
    if (is_heard(judgement, mood, ENTHUSIASM_HEARD_S))
        mood_tell(judgement, FEEDBACK_ENTUSIASMO_ALTO, participant,
                  (double)mood->arousal >= rules->entusiasmo_alto.warning, 10);
}

void rule_pos_interrupcao(struct judgement *judgement, struct participant *participant) {
    const struct rules *rules = &judgement->meeting->rules;
    struct mood *mood = &participant->hearing->mood;
    if (mood->interrupted_ms == NEVER)
        return;
    int64_t since_ms = judgement->at_ms - mood->interrupted_ms;
    if (since_ms < AFTER_MS)
        return;
    if (since_ms > AFTER_END_MS) {
        mood->interrupted_ms = NEVER;
        return;
    }
    struct mood_span after = mood_between(mood, mood->interrupted_ms, judgement->at_ms);
    double fall = (double)(mood->valence_before - mood->valence);
    if (after.heard_s < AFTER_HEARD_S || !(fall >= rules->efeito_pos_interrupcao.valence_fall))
        return;
    mood->interrupted_ms = NEVER; /* one interruption, one event */
    mood_tell(judgement, FEEDBACK_EFEITO_POS_INTERRUPCAO, participant, true,
              (double)since_ms / 1000);
}

/* The mood of somebody who has spoken within the span; NULL otherwise. */
static const struct mood *mood_of(const struct judgement *judgement,
                                  const struct participant *participant, int64_t span_ms,
                                  double heard_s) {
    if (participant->connections == 0 || participant->hearing->mood.count == 0)
        return NULL;
    const struct mood *mood = &participant->hearing->mood;
    struct mood_span span = mood_between(mood, judgement->at_ms - span_ms, judgement->at_ms);
    return span.heard_s >= heard_s ? mood : NULL;
}

void rule_energia_grupo(struct judgement *judgement, struct participant *none) {
    struct meeting *meeting = judgement->meeting;
    double sum = 0;
    unsigned count = 0;
    for (size_t i = 0; i < meeting->count; i++) {
        if (meeting->participants[i]->is_host)
            continue; /* the host asks how the others are */
        const struct mood *mood =
            mood_of(judgement, meeting->participants[i], GROUP_SPAN_MS, ENGAGEMENT_HEARD_S);
        if (!mood || isnan(mood->arousal))
            continue;
        sum += (double)mood->arousal;
        count++;
    }
    double mean = count > 0 ? sum / count : 0;
    if (count < 2 || mean > meeting->rules.energia_grupo_baixa.below) {
        judge_clear(judgement, FEEDBACK_ENERGIA_GRUPO_BAIXA, none);
        return;
    }
    struct finding finding = {.severity = mean <= meeting->rules.energia_grupo_baixa.warning
                                              ? SEVERITY_WARNING
                                              : SEVERITY_INFO,
                              .window_s = 60};
    finding_add(&finding, FACT_AROUSAL, mean);
    judge_find_among(judgement, FEEDBACK_ENERGIA_GRUPO_BAIXA, none, &finding);
}

void rule_polarizacao(struct judgement *judgement, struct participant *none) {
    struct meeting *meeting = judgement->meeting;
    double side = meeting->rules.polarizacao_emocional.side, low = 0, high = 0;
    unsigned count = 0, lows = 0, highs = 0;
    for (size_t i = 0; i < meeting->count; i++) {
        const struct mood *mood =
            mood_of(judgement, meeting->participants[i], GROUP_SPAN_MS, ENGAGEMENT_HEARD_S);
        if (!mood || isnan(mood->valence))
            continue;
        double valence = (double)mood->valence;
        count++;
        lows += valence <= -side;
        low += valence <= -side ? valence : 0;
        highs += valence >= side;
        high += valence >= side ? valence : 0;
    }
    bool is_split = count >= 3 && lows > 0 && highs > 0 &&
                    high / highs - low / lows >= meeting->rules.polarizacao_emocional.apart;
    if (!is_split) {
        judge_clear(judgement, FEEDBACK_POLARIZACAO_EMOCIONAL, none);
        return;
    }
    struct finding finding = {.severity = SEVERITY_WARNING, .window_s = 60};
    judge_find_among(judgement, FEEDBACK_POLARIZACAO_EMOCIONAL, none, &finding);
}
