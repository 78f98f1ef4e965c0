/* Rules about one participant's microphone and voice: feedback-rules, section 5. */
#include "meeting/judge.h"

#include <math.h>

enum {
    LEVEL_AGE_MS = 15000, /* speech older than this says nothing of the level now */
    NOW_MS = 200,         /* the latest speech, which must agree ... */
    NOW_LEAST_MS = 100,
    NOW_AGE_MS = 1000,
    JUST_NOW_SLOTS = 10, /* 0.2 s */
};

#define STRONG_SHARE   0.6 /* of the speech that must be beyond doubt */
#define STRANGER_TIMES 3
#define NOW_SLACK_DB   4.0 /* ... within this: whoever has moved the microphone is told no more */

static int64_t ms_of(double seconds) {
    return llrint(seconds * 1000);
}

static double coverage(const struct hearing *hearing) {
    return hearing->share.in_10s * SLOT_MS / 10000.0;
}

static bool speaks_now(const struct judgement *judgement, const struct hearing *hearing) {
    return judgement->slot - hearing->spoke_slot <= JUST_NOW_SLOTS;
}

/* The active level over window_s seconds of speech; false with less than speech_s of it. Strong
 * speech alone is measured, all speech is counted: the detector is surest in vowels. */
static bool level_of(const struct judgement *judgement, const struct hearing *hearing,
                     double window_s, double speech_s, double *dbfs) {
    float level;
    unsigned ms = level_active(&hearing->level, (unsigned)ms_of(window_s), LEVEL_AGE_MS,
                               judgement->at_ms, &level);
    unsigned heard_ms = SLOT_MS * share_recent(&hearing->share, LEVEL_AGE_MS / MEETING_STEP_MS);
    if (ms == 0 || ms < ms_of(STRONG_SHARE * speech_s) || heard_ms < ms_of(speech_s))
        return false;
    *dbfs = (double)level;
    return true;
}

/* A radio or a television beside a silent listener sounds at the same time as the others do. Who was
 * never heard alone must have spoken for longer before anything is said of his voice. */
static bool is_known_voice(const struct hearing *hearing, double speech_s) {
    unsigned slots = share_recent(&hearing->share, LEVEL_AGE_MS / MEETING_STEP_MS);
    return hearing->own_frames >= OWN_SLOTS || slots * SLOT_MS >= ms_of(STRANGER_TIMES * speech_s);
}

static bool level_now(const struct judgement *judgement, const struct hearing *hearing,
                      double *dbfs) {
    float level;
    if (level_active(&hearing->level, NOW_MS, NOW_AGE_MS, judgement->at_ms, &level) < NOW_LEAST_MS)
        return false;
    *dbfs = (double)level;
    return true;
}

void rule_volume_baixo(struct judgement *judgement, struct participant *participant) {
    const struct rules *rules = &judgement->meeting->rules;
    const struct hearing *hearing = participant->hearing;
    double dbfs, now_dbfs;
    if (!speaks_now(judgement, hearing) || !level_now(judgement, hearing, &now_dbfs) ||
        !level_of(judgement, hearing, rules->volume_baixo.window_s, rules->volume_baixo.speech_s,
                  &dbfs))
        return;
    if (dbfs > rules->volume_baixo.clear_dbfs)
        judge_clear(judgement, FEEDBACK_VOLUME_BAIXO, participant);
    /* Speech hardly above the noise is noise that passed for speech. */
    if (dbfs > rules->volume_baixo.below_dbfs ||
        now_dbfs > rules->volume_baixo.below_dbfs + NOW_SLACK_DB ||
        dbfs - (double)hearing->floor_db < rules->volume_baixo.margin_db ||
        !is_known_voice(hearing, rules->volume_baixo.speech_s))
        return;
    struct finding finding = {
        .severity =
            dbfs <= rules->volume_baixo.critical_dbfs ? SEVERITY_CRITICAL : SEVERITY_WARNING,
        .window_s = rules->volume_baixo.window_s,
    };
    finding_add(&finding, FACT_RMS_DBFS, dbfs);
    finding_add(&finding, FACT_SPEECH_COVERAGE, coverage(hearing));
    judge_find(judgement, FEEDBACK_VOLUME_BAIXO, participant, &finding);
}

static double clip_share(const struct hearing *hearing) {
    double sum = 0;
    for (int i = 0; i < CLIP_STEPS; i++)
        sum += (double)hearing->clipped[i];
    return sum / (CLIP_STEPS * STEP_SLOTS);
}

void rule_volume_alto(struct judgement *judgement, struct participant *participant) {
    const struct rules *rules = &judgement->meeting->rules;
    const struct hearing *hearing = participant->hearing;
    if (!speaks_now(judgement, hearing))
        return;
    double clip = clip_share(hearing), dbfs = -120, now_dbfs = -120;
    bool has_level = level_now(judgement, hearing, &now_dbfs) &&
                     level_of(judgement, hearing, rules->volume_alto.window_s,
                              rules->volume_alto.speech_s, &dbfs);
    bool is_loud = has_level && dbfs >= rules->volume_alto.above_dbfs &&
                   now_dbfs >= rules->volume_alto.above_dbfs - NOW_SLACK_DB;
    bool is_clipped = clip >= rules->volume_alto.clip_share;
    if (!is_clipped && has_level && dbfs < rules->volume_alto.clear_dbfs)
        judge_clear(judgement, FEEDBACK_VOLUME_ALTO, participant);
    if (!is_loud && !is_clipped)
        return;
    bool is_critical = (has_level && dbfs >= rules->volume_alto.critical_dbfs) ||
                       clip >= rules->volume_alto.clip_critical_share;
    struct finding finding = {
        .severity = is_critical ? SEVERITY_CRITICAL : SEVERITY_WARNING,
        .reason = is_loud ? REASON_NONE : REASON_CLIPPING,
        .window_s = rules->volume_alto.window_s,
    };
    if (has_level)
        finding_add(&finding, FACT_RMS_DBFS, dbfs);
    finding_add(&finding, FACT_SPEECH_COVERAGE, coverage(hearing));
    finding_add(&finding, FACT_CLIP_FRACTION, clip);
    judge_find(judgement, FEEDBACK_VOLUME_ALTO, participant, &finding);
}

/* An open microphone that gives nothing. Zeros alone prove little: a codec saves them between talk
 * spurts. They mean a dead microphone where it never gave anything else, or where its room was heard
 * before. */
void rule_dead_mic(struct judgement *judgement, struct participant *participant) {
    const struct rules *rules = &judgement->meeting->rules;
    const struct hearing *hearing = participant->hearing;
    int64_t limit_ms = ms_of(rules->silencio_prolongado.dead_mic_s);
    int64_t absent_ms = (judgement->slot - 1 - hearing->frame_slot) * SLOT_MS;
    int64_t zero_ms =
        hearing->zero_slot == NEVER ? 0 : (judgement->slot - hearing->zero_slot) * SLOT_MS;
    bool can_tell = !participant->is_dtx && (hearing->has_only_zeros || hearing->has_background);
    bool is_dead = zero_ms >= limit_ms && can_tell;
    if (!is_dead && absent_ms < limit_ms) {
        judge_clear(judgement, FEEDBACK_SILENCIO_PROLONGADO, participant);
        return;
    }
    struct finding finding = {
        .severity = SEVERITY_WARNING,
        .reason = absent_ms >= limit_ms ? REASON_NO_FRAMES : REASON_DEAD_MIC,
        .window_s = rules->silencio_prolongado.dead_mic_s,
    };
    finding_add(&finding, FACT_SPEECH_COVERAGE, coverage(hearing));
    finding_add(&finding, FACT_SILENCE_S, (double)(is_dead ? zero_ms : absent_ms) / 1000);
    judge_find(judgement, FEEDBACK_SILENCIO_PROLONGADO, participant, &finding);
}
