/* How loud somebody is: too quiet, too loud, distorted. */
#include "meeting/judge.h"

enum {
    NOW_MS = 200, /* the latest speech, which must agree ... */
    NOW_LEAST_MS = 100,
    NOW_AGE_MS = 1000,
    JUST_NOW_SLOTS = 10, /* 0.2 s */
};

#define NOW_SLACK_DB   4.0 /* ... within this: otherwise the microphone was moved already */
#define STRONG_SHARE   0.6 /* of the least speech of volume_alto: so much must be beyond doubt */
#define STRANGER_TIMES 3
#define UNUSUAL_DB     3.0 /* so far from the usual level is worth a word */

/* What makes a level. */
struct span {
    double window_s; /* over so many seconds of strong speech ... */
    double strong_s; /* ... of which there must be so many */
    double speech_s; /* and so many of any speech */
    double age_s;    /* not longer ago than this */
};

static bool speaks_now(const struct judgement *judgement, const struct hearing *hearing) {
    return judgement->slot - hearing->spoke_slot <= JUST_NOW_SLOTS;
}

/* Speech of any strength in the last age_s. */
static bool has_spoken(const struct hearing *hearing, double age_s, double speech_s) {
    unsigned slots = share_recent(&hearing->share, (unsigned)lrint(age_s * SECOND_STEPS));
    return slots * SLOT_MS >= ms_of(speech_s);
}

/* The active level. Strong speech alone is measured, all speech is counted: the detector is surest
 * in vowels. */
static bool level_of(const struct judgement *judgement, const struct hearing *hearing,
                     const struct span *span, double *dbfs) {
    float level;
    unsigned ms = level_active(&hearing->level, (unsigned)ms_of(span->window_s),
                               (unsigned)ms_of(span->age_s), judgement->at_ms, &level);
    if (ms == 0 || ms < ms_of(span->strong_s) || !has_spoken(hearing, span->age_s, span->speech_s))
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

/* What was measured, against which limit, and how that compares with the person's own voice. */
static void add_level(struct finding *finding, const struct hearing *hearing, double dbfs,
                      double limit) {
    float usual;
    finding_add(finding, FACT_RMS_DBFS, dbfs);
    finding_add(finding, FACT_SPEECH_COVERAGE, share_coverage(&hearing->share));
    finding_add(finding, FACT_LIMIT, limit);
    finding_add(finding, FACT_WINDOW_S, finding->window_s);
    if (!level_usual(&hearing->level, &usual))
        return;
    double below_db = (double)usual - dbfs;
    finding_add(finding, FACT_USUAL_DBFS, (double)usual);
    if (below_db >= UNUSUAL_DB)
        finding_add(finding, FACT_BELOW_USUAL_DB, below_db);
    else if (below_db <= -UNUSUAL_DB)
        finding_add(finding, FACT_ABOVE_USUAL_DB, -below_db);
}

/* ---- volume_baixo ---- */

struct volume_baixo_settings {
    struct rule_settings rule;
    double below_dbfs, critical_dbfs, window_s;
    double short_below_dbfs, short_window_s;
    double fall_critical_dbfs, fall_window_s;
    double drop_critical_dbfs, drop_fall_dbfs, drop_window_s;
    double clear_dbfs, full_share, age_s, speech_s, margin_db;
};

/* A level that the rule looks at; HUGE_VAL: there is none yet. */
struct view {
    double window_s, dbfs;
};

static struct view view_of(const struct judgement *judgement, const struct hearing *hearing,
                           double window_s) {
    const struct volume_baixo_settings *settings = judgement->settings;
    const struct span span = {window_s, settings->full_share * window_s, settings->speech_s,
                              settings->age_s};
    struct view view = {window_s, HUGE_VAL};
    level_of(judgement, hearing, &span, &view.dbfs);
    return view;
}

/* A level that was found too low, and the limit. */
struct low {
    enum severity severity;
    double window_s, dbfs, limit;
};

static bool is_low(struct low *low, const struct view *view, double limit, enum severity severity) {
    if (view->dbfs > limit)
        return false;
    *low = (struct low){severity, view->window_s, view->dbfs, limit};
    return true;
}

/* Real voices swing: phrases begin loud and trail off. The limits hold over the long window; the
 * shorter the window, the worse it must be. */
static bool find_low(const struct judgement *judgement, const struct hearing *hearing,
                     const struct view *quick, struct low *low) {
    const struct volume_baixo_settings *settings = judgement->settings;
    struct view whole = view_of(judgement, hearing, settings->window_s);
    struct view fall = view_of(judgement, hearing, settings->fall_window_s);
    struct view drop = view_of(judgement, hearing, settings->drop_window_s);
    return is_low(low, &whole, settings->critical_dbfs, SEVERITY_CRITICAL) ||
           is_low(low, &fall, settings->fall_critical_dbfs, SEVERITY_CRITICAL) ||
           (fall.dbfs <= settings->drop_fall_dbfs &&
            is_low(low, &drop, settings->drop_critical_dbfs, SEVERITY_CRITICAL)) ||
           is_low(low, &whole, settings->below_dbfs, SEVERITY_WARNING) ||
           is_low(low, quick, settings->short_below_dbfs, SEVERITY_WARNING);
}

/* A radio or a television beside a silent listener sounds at the same time as the others do. Those
 * who were never heard alone must have spoken for longer before their level is judged. */
static bool is_known_voice(const struct hearing *hearing, double speech_s) {
    return hearing->bleed.own_frames >= OWN_SLOTS ||
           has_spoken(hearing, LEVEL_AGE_MS / 1000.0, STRANGER_TIMES * speech_s);
}

static void judge_quiet(const struct judgement *judgement, struct participant *participant) {
    const struct volume_baixo_settings *settings = judgement->settings;
    const struct hearing *hearing = participant->hearing;
    struct low low;
    double now_dbfs;
    if (!speaks_now(judgement, hearing) || !level_now(judgement, hearing, &now_dbfs))
        return;
    struct view quick = view_of(judgement, hearing, settings->short_window_s);
    if (quick.dbfs < HUGE_VAL && quick.dbfs > settings->clear_dbfs)
        judge_clear(judgement, participant);
    /* Speech hardly above the noise is noise that was taken for speech. */
    if (now_dbfs > settings->below_dbfs + NOW_SLACK_DB ||
        !find_low(judgement, hearing, &quick, &low) ||
        low.dbfs - (double)hearing->floor_db < settings->margin_db ||
        !is_known_voice(hearing, settings->speech_s))
        return;
    struct finding finding = {.severity = low.severity, .window_s = low.window_s};
    add_level(&finding, hearing, low.dbfs, low.limit);
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
        RULE_REVISED(volume_baixo, window_s, 10, 3, 0.5, 10,
                     "seconds of speech that make the level"),
        RULE_REVISED(volume_baixo, short_below_dbfs, -31, -80, -80, 0,
                     "level over the short window at which it is too quiet"),
        RULE_REVISED(volume_baixo, short_window_s, 5, 3, 0.5, 10, "seconds of the short window"),
        RULE_REVISED(volume_baixo, fall_critical_dbfs, -36, -80, -80, 0,
                     "level over the third window at which it is nearly inaudible"),
        RULE_SETTING(volume_baixo, fall_window_s, 3, 0.5, 10, "seconds of the third window"),
        RULE_REVISED(volume_baixo, drop_critical_dbfs, -38, -80, -80, 0,
                     "level over the shortest window at which it is nearly inaudible ..."),
        RULE_REVISED(volume_baixo, drop_fall_dbfs, -30, -80, -80, 0,
                     "... while the third window is at most at this level"),
        RULE_SETTING(volume_baixo, drop_window_s, 2, 0.5, 10, "seconds of the shortest window"),
        RULE_SETTING(volume_baixo, clear_dbfs, -27, -80, 0,
                     "level over the short window above which it is fine again"),
        RULE_REVISED(volume_baixo, full_share, 0.98, 0.4, 0.05, 1,
                     "share of each window that speech beyond doubt must fill"),
        RULE_REVISED(volume_baixo, age_s, 60, 15, 1, 60, "older speech does not count"),
        RULE_SETTING(volume_baixo, speech_s, 2, 0.1, 10,
                     "and there must be so many seconds of any speech"),
        RULE_SETTING(volume_baixo, margin_db, 8, 0, 40, "and the voice this far above the noise"),
        RULE_REMINDERS(10),
    },
    .sentences = {
        {.least = SEVERITY_CRITICAL,
         .in[LOCALE_PT_BR] = {"{name}: quase inaudível; aumente o ganho imediatamente.",
                              {"Aumente o ganho de entrada", "Aproxime-se do microfone"}},
         .in[LOCALE_EN] = {"{name}: almost inaudible; turn the microphone up now.",
                           {"Raise the input gain", "Move closer to the microphone"}},
         .in[LOCALE_ES] = {"{name}: casi inaudible; suba el micrófono de inmediato.",
                           {"Aumente la ganancia de entrada", "Acérquese al micrófono"}}},
        {.in[LOCALE_PT_BR] = {"{name}: volume baixo; aumente o ganho ou aproxime-se do microfone.",
                              {"Aumente o ganho de entrada", "Aproxime-se do microfone"}},
         .in[LOCALE_EN] = {"{name}: too quiet; turn the microphone up or move closer.",
                           {"Raise the input gain", "Move closer to the microphone"}},
         .in[LOCALE_ES] = {"{name}: volumen bajo; suba el micrófono o acérquese.",
                           {"Aumente la ganancia de entrada", "Acérquese al micrófono"}}},
    },
    .whys = {
        {FACT_BELOW_USUAL_DB, REASON_NONE,
         {[LOCALE_PT_BR] =
                "{belowUsualDb} dB mais baixo que o habitual ({rmsDbfs} dBFS em "
                "{windowSeconds} s de fala)",
          [LOCALE_EN] =
                "{belowUsualDb} dB softer than usual ({rmsDbfs} dBFS over "
                "{windowSeconds} s of speech)",
          [LOCALE_ES] =
                "{belowUsualDb} dB más bajo de lo habitual ({rmsDbfs} dBFS en "
                "{windowSeconds} s de habla)"}},
        {FACT_RMS_DBFS, REASON_NONE,
         {[LOCALE_PT_BR] = "{rmsDbfs} dBFS em {windowSeconds} s de fala; o limite é {limit}",
          [LOCALE_EN] = "{rmsDbfs} dBFS over {windowSeconds} s of speech; the limit is {limit}",
          [LOCALE_ES] = "{rmsDbfs} dBFS en {windowSeconds} s de habla; el límite es {limit}"}},
    },
};
/* clang-format on */

/* ---- volume_alto ---- */

struct volume_alto_settings {
    struct rule_settings rule;
    double above_dbfs, critical_dbfs, clear_dbfs, window_s, speech_s, age_s;
    double clip_share, clip_critical_share, clip_window_s, wait_s;
};

static double clip_share(const struct hearing *hearing, double window_s) {
    double sum = 0;
    unsigned steps = (unsigned)lrint(window_s * SECOND_STEPS);
    for (unsigned i = 1; i <= steps; i++)
        sum += (double)hearing->clipped[(hearing->clipped_next + CLIP_STEPS - i) % CLIP_STEPS];
    return sum / (steps * STEP_SLOTS);
}

/* Too loud, or distorted though it is not. `dbfs` -120: there is no level. */
static void find_loud(const struct judgement *judgement, const struct hearing *hearing, double dbfs,
                      struct finding *finding) {
    const struct volume_alto_settings *settings = judgement->settings;
    bool is_critical = dbfs >= settings->critical_dbfs;
    finding->severity = is_critical ? SEVERITY_CRITICAL : SEVERITY_WARNING;
    add_level(finding, hearing, dbfs, is_critical ? settings->critical_dbfs : settings->above_dbfs);
}

static void find_clipping(const struct judgement *judgement, const struct hearing *hearing,
                          double dbfs, double clip, struct finding *finding) {
    const struct volume_alto_settings *settings = judgement->settings;
    bool is_critical = clip >= settings->clip_critical_share;
    finding->severity = is_critical ? SEVERITY_CRITICAL : SEVERITY_WARNING;
    finding->reason = REASON_CLIPPING;
    finding->window_s = settings->clip_window_s;
    if (dbfs > -120)
        finding_add(finding, FACT_RMS_DBFS, dbfs);
    finding_add(finding, FACT_SPEECH_COVERAGE, share_coverage(&hearing->share));
    finding_add(finding, FACT_LIMIT,
                is_critical ? settings->clip_critical_share : settings->clip_share);
}

static void judge_loud(const struct judgement *judgement, struct participant *participant) {
    const struct volume_alto_settings *settings = judgement->settings;
    const struct hearing *hearing = participant->hearing;
    if (!speaks_now(judgement, hearing))
        return;
    const struct span span = {settings->window_s, STRONG_SHARE * settings->speech_s,
                              settings->speech_s, settings->age_s};
    double clip = clip_share(hearing, settings->clip_window_s), dbfs = -120, now_dbfs = -120;
    bool has_level =
        level_now(judgement, hearing, &now_dbfs) && level_of(judgement, hearing, &span, &dbfs);
    bool is_loud = has_level && dbfs >= settings->above_dbfs &&
                   now_dbfs >= settings->above_dbfs - NOW_SLACK_DB;
    bool is_clipped = clip >= settings->clip_share;
    if (!is_clipped && has_level && dbfs < settings->clear_dbfs)
        judge_clear(judgement, participant);
    if (!is_loud && !is_clipped)
        return;
    struct finding finding = {.window_s = settings->window_s};
    if (is_loud)
        find_loud(judgement, hearing, dbfs, &finding);
    else
        find_clipping(judgement, hearing, dbfs, clip, &finding);
    if (clip >= settings->clip_critical_share)
        finding.severity = SEVERITY_CRITICAL;
    finding_add(&finding, FACT_CLIP_FRACTION, clip);
    judge_find(judgement, participant, &finding);
}

/* clang-format off */
const struct rule rule_volume_alto = {
    .name = "volume_alto",
    .judge_participant = judge_loud,
    .wait = offsetof(struct volume_alto_settings, wait_s),
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
        RULE_SETTING(volume_alto, age_s, 15, 1, 60, "older speech does not count"),
        RULE_SETTING(volume_alto, clip_share, 0.001, 0, 1,
                     "share of clipped samples at which it distorts"),
        RULE_SETTING(volume_alto, clip_critical_share, 0.01, 0, 1, "the same, critical"),
        RULE_SETTING(volume_alto, clip_window_s, 2, 0.1, 5, "within the last seconds"),
        RULE_SETTING(volume_alto, wait_s, 0.5, 0, 10,
                     "seconds for which a warning waits for what may become critical"),
        RULE_REMINDERS(10),
    },
    .sentences = {
        {.reason = REASON_CLIPPING,
         .in[LOCALE_PT_BR] = {"{name}: áudio distorcido; reduza o ganho do microfone.",
                              {"Reduza o ganho de entrada", "Afaste-se um pouco do microfone"}},
         .in[LOCALE_EN] = {"{name}: distorted sound; turn the microphone down.",
                           {"Lower the input gain", "Move back from the microphone a little"}},
         .in[LOCALE_ES] = {"{name}: audio distorsionado; baje el micrófono.",
                           {"Reduzca la ganancia de entrada", "Aléjese un poco del micrófono"}}},
        {.least = SEVERITY_CRITICAL,
         .in[LOCALE_PT_BR] = {"{name}: volume muito alto; reduza o ganho imediatamente.",
                              {"Reduza o ganho de entrada", "Afaste-se do microfone"}},
         .in[LOCALE_EN] = {"{name}: far too loud; turn the microphone down now.",
                           {"Lower the input gain", "Move back from the microphone"}},
         .in[LOCALE_ES] = {"{name}: volumen muy alto; baje el micrófono de inmediato.",
                           {"Reduzca la ganancia de entrada", "Aléjese del micrófono"}}},
        {.in[LOCALE_PT_BR] = {"{name}: volume alto; reduza o ganho ou afaste-se do microfone.",
                              {"Reduza o ganho de entrada", "Afaste-se um pouco do microfone"}},
         .in[LOCALE_EN] = {"{name}: too loud; turn the microphone down or move back.",
                           {"Lower the input gain", "Move back from the microphone a little"}},
         .in[LOCALE_ES] = {"{name}: volumen alto; baje el micrófono o aléjese.",
                           {"Reduzca la ganancia de entrada", "Aléjese un poco del micrófono"}}},
    },
    .whys = {
        {FACT_CLIP_FRACTION, REASON_CLIPPING,
         {[LOCALE_PT_BR] = "{clipFraction} % do som distorcido; o limite é {limit}",
          [LOCALE_EN] = "{clipFraction} % of the sound is distorted; the limit is {limit}",
          [LOCALE_ES] = "{clipFraction} % del sonido distorsionado; el límite es {limit}"}},
        {FACT_ABOVE_USUAL_DB, REASON_NONE,
         {[LOCALE_PT_BR] =
                "{aboveUsualDb} dB mais alto que o habitual ({rmsDbfs} dBFS em "
                "{windowSeconds} s de fala)",
          [LOCALE_EN] =
                "{aboveUsualDb} dB louder than usual ({rmsDbfs} dBFS over "
                "{windowSeconds} s of speech)",
          [LOCALE_ES] =
                "{aboveUsualDb} dB más alto de lo habitual ({rmsDbfs} dBFS en "
                "{windowSeconds} s de habla)"}},
        {FACT_RMS_DBFS, REASON_NONE,
         {[LOCALE_PT_BR] = "{rmsDbfs} dBFS em {windowSeconds} s de fala; o limite é {limit}",
          [LOCALE_EN] = "{rmsDbfs} dBFS over {windowSeconds} s of speech; the limit is {limit}",
          [LOCALE_ES] = "{rmsDbfs} dBFS en {windowSeconds} s de habla; el límite es {limit}"}},
    },
};
/* clang-format on */
