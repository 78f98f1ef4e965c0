/* Rules about how somebody speaks: pace, hesitation, melody, noise around the voice. Feedback-rules,
 * section 5, "local signals". */
#include "meeting/judge.h"

#include <math.h>

enum {
    LEVEL_AGE_MS = 15000,
    LEVEL_MS = 3000,
    LIVELY_MS = 20000, /* what a prosody service may say against monotony is that fresh */
    LIVELY_READINGS = 4,
};

#define FULL          0.9 /* of the span: what marks the pauses between takes some of its room */
#define LIVELY_SPREAD 0.1 /* standard deviation of arousal that contradicts a flat pitch */

/* The costly measures are taken once a second, each participant in a step of his own, and only
 * while he speaks. */
static bool is_due(const struct judgement *judgement, const struct hearing *hearing) {
    return judgement->at_ms / MEETING_STEP_MS % SECOND_STEPS == hearing->phase &&
           judgement->slot - hearing->spoke_slot <= SECOND_SLOTS;
}

void rule_ritmo_acelerado(struct judgement *judgement, struct participant *participant) {
    const struct rules *rules = &judgement->meeting->rules;
    const struct hearing *hearing = participant->hearing;
    float per_s;
    if (!is_due(judgement, hearing) ||
        !pace_rate(&hearing->pace, (float)(FULL * rules->ritmo_acelerado.speech_s), &per_s))
        return;
    if ((double)per_s < rules->ritmo_acelerado.above_per_s) {
        judge_clear(judgement, FEEDBACK_RITMO_ACELERADO, participant);
        return;
    }
    struct finding finding = {.severity = (double)per_s >= rules->ritmo_acelerado.warning_per_s
                                              ? SEVERITY_WARNING
                                              : SEVERITY_INFO,
                              .window_s = rules->ritmo_acelerado.speech_s};
    finding_add(&finding, FACT_SYLLABLES_PER_S, (double)per_s);
    judge_find(judgement, FEEDBACK_RITMO_ACELERADO, participant, &finding);
}

void rule_ritmo_pausado(struct judgement *judgement, struct participant *participant) {
    const struct rules *rules = &judgement->meeting->rules;
    const struct delivery *delivery = &participant->hearing->delivery;
    int64_t turn_ms = llrint(rules->ritmo_pausado.turn_s * 1000);
    int64_t from_ms = judgement->at_ms - turn_ms;
    /* Judged where speech resumes: a pause that is still going on may be the end of the turn. */
    if (!delivery->is_open || delivery->last_ms != judgement->at_ms || delivery->start_ms > from_ms)
        return;
    int64_t paused_ms = 0;
    for (unsigned i = 0; i < delivery->pause_count; i++)
        if (delivery->pauses[i].to_ms > from_ms)
            paused_ms +=
                delivery->pauses[i].to_ms -
                (delivery->pauses[i].from_ms > from_ms ? delivery->pauses[i].from_ms : from_ms);
    double share = (double)paused_ms / (double)turn_ms;
    if (share <= rules->ritmo_pausado.pause_share) {
        judge_clear(judgement, FEEDBACK_RITMO_PAUSADO, participant);
        return;
    }
    struct finding finding = {.severity = SEVERITY_INFO, .window_s = rules->ritmo_pausado.turn_s};
    finding_add(&finding, FACT_PAUSE_SHARE, share);
    judge_find(judgement, FEEDBACK_RITMO_PAUSADO, participant, &finding);
}

/* A prosody service that hears a lively voice knows better than the pitch alone. */
static bool sounds_lively(const struct mood *mood, int64_t at_ms) {
    struct mood_span span = mood_between(mood, at_ms - LIVELY_MS, at_ms);
    if (span.count < LIVELY_READINGS || isnan(span.arousal))
        return false;
    double squares = 0;
    unsigned count = 0;
    for (unsigned i = mood->count - span.count; i < mood->count; i++) {
        double apart = (double)mood->readings[i].arousal - span.arousal;
        if (isnan(apart))
            continue;
        squares += apart * apart;
        count++;
    }
    return sqrt(squares / count) >= LIVELY_SPREAD;
}

/* One window far below the limit is enough. Close to it, windows of one voice fall to both sides,
 * and a small melody may be quite alive: that is told only when no speech for a while has risen
 * above the limit, and again only after as much. */
static bool is_surely_flat(const struct rules *rules, struct hearing *hearing, double semitones) {
    uint32_t hold = (uint32_t)(rules->monotonia_prosodica.hold_s * 1000 / SLOT_MS);
    if (!hearing->flat_at)
        hearing->flat_at = hearing->pitch.heard;
    if (semitones < rules->monotonia_prosodica.warning_semitones)
        return true;
    if (hearing->pitch.heard - hearing->flat_at < hold)
        return false;
    hearing->flat_at = hearing->pitch.heard;
    return true;
}

void rule_monotonia(struct judgement *judgement, struct participant *participant) {
    const struct rules *rules = &judgement->meeting->rules;
    struct hearing *hearing = participant->hearing;
    float semitones;
    if (!is_due(judgement, hearing) ||
        hearing->pitch.count * SLOT_MS < rules->monotonia_prosodica.speech_s * 1000 ||
        !pitch_span_spread(&hearing->pitch, &semitones))
        return;
    if ((double)semitones >= rules->monotonia_prosodica.below_semitones ||
        sounds_lively(&hearing->mood, judgement->at_ms)) {
        hearing->flat_at = 0;
        judge_clear(judgement, FEEDBACK_MONOTONIA_PROSODICA, participant);
        return;
    }
    if (!is_surely_flat(rules, hearing, (double)semitones))
        return;
    struct finding finding = {.severity =
                                  (double)semitones < rules->monotonia_prosodica.warning_semitones
                                      ? SEVERITY_WARNING
                                      : SEVERITY_INFO,
                              .window_s = rules->monotonia_prosodica.speech_s};
    finding_add(&finding, FACT_PITCH_RANGE, (double)semitones);
    judge_find(judgement, FEEDBACK_MONOTONIA_PROSODICA, participant, &finding);
}

void rule_ruido(struct judgement *judgement, struct participant *participant) {
    const struct rules *rules = &judgement->meeting->rules;
    struct hearing *hearing = participant->hearing;
    float level;
    bool is_noisy =
        hearing->noise.known && (double)hearing->noise.dbfs > rules->ruido_de_fundo.above_dbfs &&
        level_active(&hearing->level, LEVEL_MS, LEVEL_AGE_MS, judgement->at_ms, &level) > 0 &&
        (double)(level - hearing->noise.dbfs) < rules->ruido_de_fundo.margin_db;
    if (!is_noisy) {
        hearing->noisy_ms = NEVER;
        judge_clear(judgement, FEEDBACK_RUIDO_DE_FUNDO, participant);
        return;
    }
    if (hearing->noisy_ms == NEVER)
        hearing->noisy_ms = judgement->at_ms;
    if (judgement->at_ms - hearing->noisy_ms < llrint(rules->ruido_de_fundo.hold_s * 1000))
        return;
    double margin_db = (double)(level - hearing->noise.dbfs);
    struct finding finding = {
        .severity = margin_db < rules->ruido_de_fundo.warning_db ? SEVERITY_WARNING : SEVERITY_INFO,
        .window_s = rules->ruido_de_fundo.hold_s};
    finding_add(&finding, FACT_NOISE_DBFS, (double)hearing->noise.dbfs);
    finding_add(&finding, FACT_RMS_DBFS, (double)level);
    judge_find(judgement, FEEDBACK_RUIDO_DE_FUNDO, participant, &finding);
}
