/* Rules about how the participants share the conversation: feedback-rules, section 5. */
#include "meeting/judge.h"

#include <math.h>

static int64_t slots_of(double seconds) {
    return llrint(seconds * SECOND_SLOTS);
}

static double seconds_of(int64_t slots) {
    return (double)slots * SLOT_MS / 1000;
}

/* Silence belongs to the meeting: a listener may be silent for as long as he likes. It begins with
 * the last speech. Before anybody has spoken it counts only between open microphones: where zeros
 * may be somebody's saving, an empty room and a patient one sound the same. */
void rule_group_silence(struct judgement *judgement, struct participant *none) {
    struct meeting *meeting = judgement->meeting;
    double limit_s = meeting->rules.silencio_prolongado.group_s;
    int64_t since = meeting->spoken_slot;
    if (meeting->gathered_slot > since)
        since = meeting->gathered_slot;
    bool has_begun = meeting->spoken_slot != NEVER || meeting->open_ears >= 2;
    int64_t silent = judgement->slot - 1 - since;
    if (meeting->gathered_slot == NEVER || meeting->listening == 0 || !has_begun ||
        silent < slots_of(limit_s)) {
        judge_clear(judgement, FEEDBACK_SILENCIO_PROLONGADO, none);
        return;
    }
    struct finding finding = {
        .severity = SEVERITY_WARNING, .reason = REASON_GROUP, .window_s = limit_s};
    finding_add(&finding, FACT_SILENCE_S, seconds_of(silent));
    judge_find_among(judgement, FEEDBACK_SILENCIO_PROLONGADO, none, &finding);
}

void rule_overlap(struct judgement *judgement, struct participant *none) {
    struct meeting *meeting = judgement->meeting;
    const struct rules *rules = &meeting->rules;
    unsigned window = (unsigned)slots_of(rules->overlap_fala.window_s);
    double both_s = seconds_of(overlap_slots(meeting, judgement->slot, window));
    if (both_s < rules->overlap_fala.clear_s)
        judge_clear(judgement, FEEDBACK_OVERLAP_FALA, none);
    bool is_recent = judgement->slot - meeting->overlap.last_slot <= SECOND_SLOTS;
    if (both_s < rules->overlap_fala.overlap_s || !is_recent)
        return;
    struct finding finding = {.severity = SEVERITY_WARNING,
                              .window_s = rules->overlap_fala.window_s};
    finding_add(&finding, FACT_OVERLAP_S, both_s);
    judge_find_among(judgement, FEEDBACK_OVERLAP_FALA, meeting->overlap.joiner, &finding);
}

void rule_monologo(struct judgement *judgement, struct participant *participant) {
    struct meeting *meeting = judgement->meeting;
    const struct rules *rules = &meeting->rules;
    unsigned mine = participant->hearing->share.in_60s;
    double speech_s = seconds_of(mine);
    double share = meeting->spoken_60s > 0 ? (double)mine / meeting->spoken_60s : 0;
    if (speech_s < rules->monologo_prolongado.clear_speech_s ||
        share < rules->monologo_prolongado.clear_share)
        judge_clear(judgement, FEEDBACK_MONOLOGO_PROLONGADO, participant);
    if (meeting->present < 2 || speech_s < rules->monologo_prolongado.speech_s ||
        share < rules->monologo_prolongado.share)
        return;
    struct finding finding = {.severity = SEVERITY_WARNING, .window_s = 60};
    finding_add(&finding, FACT_SPEECH_COVERAGE, share);
    judge_find(judgement, FEEDBACK_MONOLOGO_PROLONGADO, participant, &finding);
}

void rule_interrupcoes(struct judgement *judgement, struct participant *none) {
    struct meeting *meeting = judgement->meeting;
    const struct rules *rules = &meeting->rules;
    int64_t oldest = judgement->slot - slots_of(rules->interrupcoes_frequentes.window_s);
    unsigned count = 0;
    for (unsigned i = 0; i < meeting->interruption_count; i++)
        count += meeting->interruptions[i] >= oldest;
    if (count < rules->interrupcoes_frequentes.count)
        return;
    struct finding finding = {.severity = SEVERITY_WARNING,
                              .window_s = rules->interrupcoes_frequentes.window_s};
    finding_add(&finding, FACT_INTERRUPTIONS, count);
    judge_find_among(judgement, FEEDBACK_INTERRUPCOES_FREQUENTES, none, &finding);
    meeting->interruption_count = meeting->interruption_next = 0;
}
