/* How the participants share the conversation: talking at once, long turns, interruptions. */
#include "meeting/judge.h"

/* ---- overlap_fala ---- */

struct overlap_fala_settings {
    struct rule_settings rule;
    double overlap_s, clear_s, window_s, stranger_db;
};

float bleed_stranger_db(const struct meeting *meeting) {
    const struct overlap_fala_settings *settings =
        (const void *)meeting->rules.values[FEEDBACK_OVERLAP_FALA];
    return (float)settings->stranger_db;
}

static void judge_overlap(const struct judgement *judgement) {
    const struct overlap_fala_settings *settings = judgement->settings;
    const struct meeting *meeting = judgement->meeting;
    unsigned window = (unsigned)slots_of(settings->window_s);
    double both_s = seconds_of(overlap_slots(meeting, judgement->slot, window));
    if (both_s < settings->clear_s)
        judge_clear(judgement, NULL);
    bool is_recent = judgement->slot - meeting->overlap.last_slot <= SECOND_SLOTS;
    if (both_s < settings->overlap_s || !is_recent)
        return;
    struct finding finding = {.severity = SEVERITY_WARNING, .window_s = settings->window_s};
    finding_add(&finding, FACT_OVERLAP_S, both_s);
    finding_add(&finding, FACT_LIMIT, settings->overlap_s);
    finding_add(&finding, FACT_WINDOW_S, settings->window_s);
    judge_find_group(judgement, meeting->overlap.joiner, &finding);
}

/* clang-format off */
const struct rule rule_overlap_fala = {
    .name = "overlap_fala",
    .judge_group = judge_overlap,
    .settings = {
        RULE_ENABLED(1),
        RULE_SETTING(overlap_fala, overlap_s, 2.5, 0.2, 10,
                     "seconds in which two or more speak at once"),
        RULE_SETTING(overlap_fala, clear_s, 1.5, 0, 10, "seconds below which it has calmed down"),
        RULE_SETTING(overlap_fala, window_s, 10, 1, 10, "within the last seconds"),
        RULE_REVISED(overlap_fala, stranger_db, 18, 24, 10, 60,
                     "who was never heard alone and is so many dB below another only picks up "
                     "their voice (for all rules)"),
        RULE_REMINDERS(15),
    },
    .sentences = {
        {.is_group = true,
         .in[LOCALE_PT_BR] = {"Várias pessoas falando ao mesmo tempo; organize a vez de cada uma.",
                              {"Passe a palavra a uma pessoa de cada vez",
                               "Sugira levantar a mão"}},
         .in[LOCALE_EN] = {"Several people are talking at once; give them turns.",
                           {"Give the floor to one person at a time", "Suggest raising hands"}},
         .in[LOCALE_ES] = {"Varias personas hablan a la vez; organice los turnos.",
                           {"Dé la palabra a una persona cada vez", "Sugiera levantar la mano"}}},
        {.in[LOCALE_PT_BR] = {
                "{name}: falando ao mesmo tempo que outra pessoa; organize a vez de cada um.",
                {"Passe a palavra a uma pessoa de cada vez",
                               "Sugira levantar a mão"}},
         .in[LOCALE_EN] = {"{name}: talking at the same time as somebody else; give them turns.",
                           {"Give the floor to one person at a time", "Suggest raising hands"}},
         .in[LOCALE_ES] = {"{name}: habla al mismo tiempo que otra persona; organice los turnos.",
                           {"Dé la palabra a una persona cada vez", "Sugiera levantar la mano"}}},
    },
    .whys = {
        {FACT_OVERLAP_S, REASON_NONE,
         {[LOCALE_PT_BR] = "{overlapSeconds} s de falas simultâneas nos últimos {windowSeconds} s",
          [LOCALE_EN] = "{overlapSeconds} s of talking at once in the last {windowSeconds} s",
          [LOCALE_ES] = "{overlapSeconds} s de habla simultánea en los últimos {windowSeconds} s"}},
    },
};
/* clang-format on */

/* ---- monologo_prolongado ---- */

struct monologo_prolongado_settings {
    struct rule_settings rule;
    double window_s, speech_s, share, clear_speech_s, clear_share;
};

unsigned monologue_slots(const struct meeting *meeting, const struct hearing *hearing) {
    const struct monologo_prolongado_settings *settings =
        (const void *)meeting->rules.values[FEEDBACK_MONOLOGO_PROLONGADO];
    unsigned steps = (unsigned)lrint(settings->window_s * SECOND_STEPS);
    return steps == SHARE_STEPS ? hearing->share.in_60s : share_recent(&hearing->share, steps);
}

static void judge_monologue(const struct judgement *judgement, struct participant *participant) {
    const struct monologo_prolongado_settings *settings = judgement->settings;
    const struct meeting *meeting = judgement->meeting;
    unsigned spoken = monologue_slots(meeting, participant->hearing);
    double speech_s = seconds_of(spoken);
    double share = meeting->spoken_slots > 0 ? (double)spoken / meeting->spoken_slots : 0;
    if (speech_s < settings->clear_speech_s || share < settings->clear_share)
        judge_clear(judgement, participant);
    if (meeting->present < 2 || speech_s < settings->speech_s || share < settings->share)
        return;
    struct finding finding = {.severity = SEVERITY_WARNING, .window_s = settings->window_s};
    finding_add(&finding, FACT_SPEECH_COVERAGE, share);
    finding_add(&finding, FACT_SPEECH_S, speech_s);
    finding_add(&finding, FACT_LIMIT, settings->speech_s);
    finding_add(&finding, FACT_WINDOW_S, finding.window_s);
    judge_find(judgement, participant, &finding);
}

/* clang-format off */
const struct rule rule_monologo_prolongado = {
    .name = "monologo_prolongado",
    .judge_participant = judge_monologue,
    .settings = {
        RULE_ENABLED(1),
        RULE_SETTING(monologo_prolongado, window_s, 60, 5, 60, "within the last seconds"),
        RULE_SETTING(monologo_prolongado, speech_s, 40, 1, 60,
                     "one person has so many seconds of speech"),
        RULE_SETTING(monologo_prolongado, share, 0.8, 0.3, 1,
                     "and their share of everybody's speech"),
        RULE_SETTING(monologo_prolongado, clear_speech_s, 35, 0, 60,
                     "seconds below which it is over"),
        RULE_SETTING(monologo_prolongado, clear_share, 0.75, 0, 1, "share below which it is over"),
        RULE_REMINDERS(30),
    },
    .sentences = {
        {.in[LOCALE_PT_BR] = {"{name}: fala há bastante tempo; abra espaço para os outros.",
                              {"Agradeça e peça a opinião de outra pessoa",
                               "Combine um tempo para cada fala"}},
         .in[LOCALE_EN] = {"{name}: has been talking for a while; make room for the others.",
                           {"Say thanks and ask somebody else for a view",
                            "Agree on a time for each speaker"}},
         .in[LOCALE_ES] = {"{name}: habla desde hace bastante tiempo; dé espacio a los demás.",
                           {"Agradezca y pida la opinión de otra persona",
                            "Acuerde un tiempo para cada intervención"}}},
    },
    .whys = {
        {FACT_SPEECH_S, REASON_NONE,
         {[LOCALE_PT_BR] =
                "{speechSeconds} s de fala nos últimos {windowSeconds} s, "
                "{speechCoverage} % de toda a fala",
          [LOCALE_EN] =
                "{speechSeconds} s of speech in the last {windowSeconds} s, "
                "{speechCoverage} % of all speech",
          [LOCALE_ES] =
                "{speechSeconds} s de habla en los últimos {windowSeconds} s, "
                "{speechCoverage} % de toda el habla"}},
    },
};
/* clang-format on */

/* ---- interrupcoes_frequentes ---- */

struct interrupcoes_frequentes_settings {
    struct rule_settings rule;
    double count, window_s;
};

static void judge_interruptions(const struct judgement *judgement) {
    const struct interrupcoes_frequentes_settings *settings = judgement->settings;
    struct meeting *meeting = judgement->meeting;
    int64_t oldest = judgement->slot - slots_of(settings->window_s);
    unsigned count = 0;
    for (unsigned i = 0; i < meeting->interruption_count; i++)
        count += meeting->interruptions[i] >= oldest;
    if (count < settings->count)
        return;
    struct finding finding = {.severity = SEVERITY_WARNING, .window_s = settings->window_s};
    finding_add(&finding, FACT_INTERRUPTIONS, count);
    finding_add(&finding, FACT_LIMIT, settings->count);
    finding_add(&finding, FACT_WINDOW_S, settings->window_s);
    judge_find_group(judgement, NULL, &finding);
    meeting->interruption_count = meeting->interruption_next = 0;
}

/* clang-format off */
const struct rule rule_interrupcoes_frequentes = {
    .name = "interrupcoes_frequentes",
    .judge_group = judge_interruptions,
    .settings = {
        RULE_ENABLED(1),
        RULE_SETTING(interrupcoes_frequentes, count, 5, 2, 30, "interruptions in the meeting"),
        RULE_SETTING(interrupcoes_frequentes, window_s, 60, 5, 600, "within the last seconds"),
        RULE_REMINDERS(30),
    },
    .sentences = {
        {.in[LOCALE_PT_BR] = {"Interrupções frequentes na reunião; combine quem fala a seguir.",
                              {"Peça que cada um conclua antes da resposta",
                               "Sugira levantar a mão"}},
         .in[LOCALE_EN] = {"People keep interrupting each other; agree on who speaks next.",
                           {"Ask to let each other finish", "Suggest raising hands"}},
         .in[LOCALE_ES] = {"Interrupciones frecuentes en la reunión; acuerde quién habla después.",
                           {"Pida que cada uno termine antes de responder",
                            "Sugiera levantar la mano"}}},
    },
    .whys = {
        {FACT_INTERRUPTIONS, REASON_NONE,
         {[LOCALE_PT_BR] = "{interruptions} interrupções nos últimos {windowSeconds} s",
          [LOCALE_EN] = "{interruptions} interruptions in the last {windowSeconds} s",
          [LOCALE_ES] = "{interruptions} interrupciones en los últimos {windowSeconds} s"}},
    },
};
/* clang-format on */
