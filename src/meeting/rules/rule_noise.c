/* Whether background noise comes close to the voice. */
#include "meeting/judge.h"

struct ruido_de_fundo_settings {
    struct rule_settings rule;
    double above_dbfs, margin_db, warning_db, hold_s;
};

static void judge_noise(const struct judgement *judgement, struct participant *participant) {
    const struct ruido_de_fundo_settings *settings = judgement->settings;
    const struct hearing *hearing = participant->hearing;
    const struct level_noise *noise = &hearing->microphone.noise;
    float level;
    bool is_noisy =
        noise->known && (double)noise->dbfs > settings->above_dbfs &&
        level_active(&hearing->level, LEVEL_MS, LEVEL_AGE_MS, judgement->at_ms, &level) > 0 &&
        (double)(level - noise->dbfs) < settings->margin_db;
    if (!is_noisy) {
        judge_clear(judgement, participant);
        return;
    }
    struct alarm *alarm = judge_alarm(judgement, participant);
    if (alarm->since <= hearing->open_slot * SLOT_MS)
        alarm->since = judgement->at_ms;
    if (judgement->at_ms - alarm->since < ms_of(settings->hold_s))
        return;
    double margin_db = (double)(level - noise->dbfs);
    struct finding finding = {
        .severity = margin_db < settings->warning_db ? SEVERITY_WARNING : SEVERITY_INFO,
        .window_s = settings->hold_s,
    };
    finding_add(&finding, FACT_NOISE_DBFS, (double)noise->dbfs);
    finding_add(&finding, FACT_RMS_DBFS, (double)level);
    finding_add(&finding, FACT_LIMIT,
                margin_db < settings->warning_db ? settings->warning_db : settings->margin_db);
    judge_find(judgement, participant, &finding);
}

/* clang-format off */
const struct rule rule_ruido_de_fundo = {
    .name = "ruido_de_fundo",
    .judge_participant = judge_noise,
    .settings = {
        RULE_ENABLED(0),
        RULE_SETTING(ruido_de_fundo, above_dbfs, -45, -90, 0, "noise level"),
        RULE_SETTING(ruido_de_fundo, margin_db, 12, 0, 60, "and the voice less than this above it"),
        RULE_SETTING(ruido_de_fundo, warning_db, 6, 0, 60, "the same, as a warning"),
        RULE_SETTING(ruido_de_fundo, hold_s, 10, 1, 60, "for so many seconds"),
        RULE_REMINDERS(60),
    },
    .sentences = {
        {.in[LOCALE_PT_BR] = {
                "{name}: ruído de fundo perto do nível da voz; sugira um lugar mais calmo.",
                {"Peça que silencie o microfone quando não fala",
                               "Sugira fones com microfone"}},
         .in[LOCALE_EN] = {"{name}: background noise close to the voice; suggest a quieter place.",
                           {"Ask them to mute while listening", "Suggest a headset"}},
         .in[LOCALE_ES] = {
                "{name}: ruido de fondo cerca del nivel de la voz; sugiera un lugar tranquilo.",
                {"Pida que silencie el micrófono al escuchar",
                 "Sugiera auriculares con micrófono"}}},
    },
    .whys = {
        {FACT_NOISE_DBFS, REASON_NONE,
         {[LOCALE_PT_BR] = "ruído a {noiseDbfs} dBFS, voz a {rmsDbfs} dBFS",
          [LOCALE_EN] = "noise at {noiseDbfs} dBFS, the voice at {rmsDbfs} dBFS",
          [LOCALE_ES] = "ruido a {noiseDbfs} dBFS, la voz a {rmsDbfs} dBFS"}},
    },
};
/* clang-format on */
