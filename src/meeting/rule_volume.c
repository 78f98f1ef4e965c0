/* How loud somebody is: too quiet, too loud, distorted. */
#include "meeting/judge.h"

enum {
    NOW_MS = 200, /* the latest speech, which must agree ... */
    NOW_LEAST_MS = 100,
    NOW_AGE_MS = 1000,
    JUST_NOW_SLOTS = 10, /* 0.2 s */
};

#define NOW_SLACK_DB   4.0 /* ... within this: otherwise the microphone was moved already */
#define STRONG_SHARE   0.6 /* of the speech that must be beyond doubt */
#define STRANGER_TIMES 3

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

static bool level_now(const struct judgement *judgement, const struct hearing *hearing,
                      double *dbfs) {
    float level;
    if (level_active(&hearing->level, NOW_MS, NOW_AGE_MS, judgement->at_ms, &level) < NOW_LEAST_MS)
        return false;
    *dbfs = (double)level;
    return true;
}

/* ---- volume_baixo ---- */

struct volume_baixo_settings {
    struct rule_settings rule;
    double below_dbfs, critical_dbfs, clear_dbfs, window_s, speech_s, margin_db;
};

/* A radio or a television beside a silent listener sounds at the same time as the others do. Those
 * who were never heard alone must have spoken for longer before their level is judged. */
static bool is_known_voice(const struct hearing *hearing, double speech_s) {
    unsigned slots = share_recent(&hearing->share, LEVEL_AGE_MS / MEETING_STEP_MS);
    return hearing->bleed.own_frames >= OWN_SLOTS ||
           slots * SLOT_MS >= ms_of(STRANGER_TIMES * speech_s);
}

static void judge_quiet(const struct judgement *judgement, struct participant *participant) {
    const struct volume_baixo_settings *settings = judgement->settings;
    const struct hearing *hearing = participant->hearing;
    double dbfs, now_dbfs;
    if (!speaks_now(judgement, hearing) || !level_now(judgement, hearing, &now_dbfs) ||
        !level_of(judgement, hearing, settings->window_s, settings->speech_s, &dbfs))
        return;
    if (dbfs > settings->clear_dbfs)
        judge_clear(judgement, participant);
    /* Speech hardly above the noise is noise that was taken for speech. */
    if (dbfs > settings->below_dbfs || now_dbfs > settings->below_dbfs + NOW_SLACK_DB ||
        dbfs - (double)hearing->floor_db < settings->margin_db ||
        !is_known_voice(hearing, settings->speech_s))
        return;
    struct finding finding = {
        .severity = dbfs <= settings->critical_dbfs ? SEVERITY_CRITICAL : SEVERITY_WARNING,
        .window_s = settings->window_s,
    };
    finding_add(&finding, FACT_RMS_DBFS, dbfs);
    finding_add(&finding, FACT_SPEECH_COVERAGE, share_coverage(&hearing->share));
    judge_find(judgement, participant, &finding);
}

/* clang-format off */
const struct rule rule_volume_baixo = {
    .name = "volume_baixo",
    .judge_participant = judge_quiet,
    .settings = {
        RULE_ENABLED(1),
        RULE_SETTING(volume_baixo, below_dbfs, -28, -80, 0,
                     "active level at which a voice is too quiet"),
        RULE_SETTING(volume_baixo, critical_dbfs, -34, -80, 0,
                     "active level at which it is nearly inaudible"),
        RULE_SETTING(volume_baixo, clear_dbfs, -27, -80, 0,
                     "active level above which it is fine again"),
        RULE_SETTING(volume_baixo, window_s, 3, 0.5, 3, "seconds of speech that make the level"),
        RULE_SETTING(volume_baixo, speech_s, 2, 0.1, 3, "of these there must be at least"),
        RULE_SETTING(volume_baixo, margin_db, 8, 0, 40, "and the voice this far above the noise"),
        RULE_REMINDERS(10),
    },
    .sentences = {
        {.least = SEVERITY_CRITICAL,
         .in[LOCALE_PT_BR] = {"{name}: quase inaudível; aumente o ganho imediatamente.",
                              {"Aumente o ganho de entrada", "Aproxime-se do microfone"}},
         .in[LOCALE_EN] = {"{name}: almost inaudible; turn the microphone up now.",
                           {"Raise the input gain", "Move closer to the microphone"}}},
        {.in[LOCALE_PT_BR] = {"{name}: volume baixo; aumente o ganho ou aproxime-se do microfone.",
                              {"Aumente o ganho de entrada", "Aproxime-se do microfone"}},
         .in[LOCALE_EN] = {"{name}: too quiet; turn the microphone up or move closer.",
                           {"Raise the input gain", "Move closer to the microphone"}}},
    },
};
/* clang-format on */

/* ---- volume_alto ---- */

struct volume_alto_settings {
    struct rule_settings rule;
    double above_dbfs, critical_dbfs, clear_dbfs, window_s, speech_s;
    double clip_share, clip_critical_share;
};

static double clip_share(const struct hearing *hearing) {
    double sum = 0;
    for (int i = 0; i < CLIP_STEPS; i++)
        sum += (double)hearing->clipped[i];
    return sum / (CLIP_STEPS * STEP_SLOTS);
}

static void judge_loud(const struct judgement *judgement, struct participant *participant) {
    const struct volume_alto_settings *settings = judgement->settings;
    const struct hearing *hearing = participant->hearing;
    if (!speaks_now(judgement, hearing))
        return;
    double clip = clip_share(hearing), dbfs = -120, now_dbfs = -120;
    bool has_level = level_now(judgement, hearing, &now_dbfs) &&
                     level_of(judgement, hearing, settings->window_s, settings->speech_s, &dbfs);
    bool is_loud = has_level && dbfs >= settings->above_dbfs &&
                   now_dbfs >= settings->above_dbfs - NOW_SLACK_DB;
    bool is_clipped = clip >= settings->clip_share;
    if (!is_clipped && has_level && dbfs < settings->clear_dbfs)
        judge_clear(judgement, participant);
    if (!is_loud && !is_clipped)
        return;
    bool is_critical =
        (has_level && dbfs >= settings->critical_dbfs) || clip >= settings->clip_critical_share;
    struct finding finding = {
        .severity = is_critical ? SEVERITY_CRITICAL : SEVERITY_WARNING,
        .reason = is_loud ? REASON_NONE : REASON_CLIPPING,
        .window_s = settings->window_s,
    };
    if (has_level)
        finding_add(&finding, FACT_RMS_DBFS, dbfs);
    finding_add(&finding, FACT_SPEECH_COVERAGE, share_coverage(&hearing->share));
    finding_add(&finding, FACT_CLIP_FRACTION, clip);
    judge_find(judgement, participant, &finding);
}

/* clang-format off */
const struct rule rule_volume_alto = {
    .name = "volume_alto",
    .judge_participant = judge_loud,
    .wait_ms = 500,
    .settings = {
        RULE_ENABLED(1),
        RULE_SETTING(volume_alto, above_dbfs, -10, -80, 0,
                     "active level at which a voice is too loud"),
        RULE_SETTING(volume_alto, critical_dbfs, -6, -80, 0,
                     "active level at which it is much too loud"),
        RULE_SETTING(volume_alto, clear_dbfs, -11, -80, 0,
                     "active level below which it is fine again"),
        RULE_SETTING(volume_alto, window_s, 2, 0.5, 3, "seconds of speech that make the level"),
        RULE_SETTING(volume_alto, speech_s, 1, 0.1, 3, "of these there must be at least"),
        RULE_SETTING(volume_alto, clip_share, 0.001, 0, 1,
                     "share of clipped samples in 2 s at which it distorts"),
        RULE_SETTING(volume_alto, clip_critical_share, 0.01, 0, 1, "the same, critical"),
        RULE_REMINDERS(10),
    },
    .sentences = {
        {.reason = REASON_CLIPPING,
         .in[LOCALE_PT_BR] = {"{name}: áudio distorcido; reduza o ganho do microfone.",
                              {"Reduza o ganho de entrada", "Afaste-se um pouco do microfone"}},
         .in[LOCALE_EN] = {"{name}: distorted sound; turn the microphone down.",
                           {"Lower the input gain", "Move back from the microphone a little"}}},
        {.least = SEVERITY_CRITICAL,
         .in[LOCALE_PT_BR] = {"{name}: volume muito alto; reduza o ganho imediatamente.",
                              {"Reduza o ganho de entrada", "Afaste-se do microfone"}},
         .in[LOCALE_EN] = {"{name}: far too loud; turn the microphone down now.",
                           {"Lower the input gain", "Move back from the microphone"}}},
        {.in[LOCALE_PT_BR] = {"{name}: volume alto; reduza o ganho ou afaste-se do microfone.",
                              {"Reduza o ganho de entrada", "Afaste-se um pouco do microfone"}},
         .in[LOCALE_EN] = {"{name}: too loud; turn the microphone down or move back.",
                           {"Lower the input gain", "Move back from the microphone a little"}}},
    },
};
/* clang-format on */
