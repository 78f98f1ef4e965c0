/* How fast somebody speaks, and whether they get stuck in pauses. */
#include "meeting/judge.h"

/* ---- ritmo_acelerado ---- */

struct ritmo_acelerado_settings {
    struct rule_settings rule;
    double above_per_s, warning_per_s, speech_s, hold_s, prominence_db, apart_s, below_db;
};

struct pace_limits pace_limits_of(const struct meeting *meeting) {
    const struct ritmo_acelerado_settings *settings =
        (const void *)meeting->rules.values[FEEDBACK_RITMO_ACELERADO];
    return (struct pace_limits){
        .prominence_db = (float)settings->prominence_db,
        .below_db = (float)settings->below_db,
        .apart_ms = (unsigned)ms_of(settings->apart_s),
    };
}

#define FULL 0.9 /* of the span: the marks of pauses take some of its room */

/* Near the limit, windows of one voice fall to both sides: it must stay above for hold_s seconds of
 * their speech. What is worth a warning needs no second look. */
static bool is_surely_fast(const struct ritmo_acelerado_settings *settings, struct alarm *alarm,
                           int64_t heard, double per_s) {
    if (!alarm->since)
        alarm->since = heard;
    return per_s >= settings->warning_per_s ||
           (heard - alarm->since) * SLOT_MS >= ms_of(settings->hold_s);
}

static void judge_fast(const struct judgement *judgement, struct participant *participant) {
    const struct ritmo_acelerado_settings *settings = judgement->settings;
    const struct pace_limits limits = pace_limits_of(judgement->meeting);
    float rate, least_s = (float)(FULL * settings->speech_s);
    if (!judge_is_due(participant) ||
        !pace_rate(&participant->hearing->pace, &limits, least_s, &rate))
        return;
    double per_s = (double)rate;
    if (per_s < settings->above_per_s) {
        judge_clear(judgement, participant);
        return;
    }
    struct alarm *alarm = judge_alarm(judgement, participant);
    if (!is_surely_fast(settings, alarm, participant->hearing->pitch.heard, per_s))
        return;
    struct finding finding = {
        .severity = per_s >= settings->warning_per_s ? SEVERITY_WARNING : SEVERITY_INFO,
        .window_s = settings->speech_s,
    };
    finding_add(&finding, FACT_SYLLABLES_PER_S, per_s);
    finding_add(&finding, FACT_LIMIT,
                finding.severity == SEVERITY_WARNING ? settings->warning_per_s
                                                     : settings->above_per_s);
    finding_add(&finding, FACT_WINDOW_S, settings->speech_s);
    judge_find(judgement, participant, &finding);
}

/* clang-format off */
const struct rule rule_ritmo_acelerado = {
    .name = "ritmo_acelerado",
    .judge_participant = judge_fast,
    .settings = {
        RULE_ENABLED(1),
        RULE_REVISED(ritmo_acelerado, above_per_s, 7, 6.5, 2, 15, "syllables a second of speech"),
        RULE_REVISED(ritmo_acelerado, warning_per_s, 8, 7.5, 2, 15, "the same, as a warning"),
        RULE_SETTING(ritmo_acelerado, speech_s, 10, 2, 10, "over the last seconds of speech"),
        RULE_REVISED(ritmo_acelerado, hold_s, 3, 0, 0, 60, "and for so many seconds of speech"),
        RULE_REVISED(ritmo_acelerado, prominence_db, 4, 2, 0.5, 20,
                     "a syllable is a peak of the voice that stands out by so many dB"),
        RULE_REVISED(ritmo_acelerado, apart_s, 0.05, 0.07, 0.01, 0.5,
                     "comes so many seconds after the one before"),
        RULE_REVISED(ritmo_acelerado, below_db, 15, 12, 0, 60,
                     "and is not more than so many dB under the median"),
        RULE_REMINDERS(20),
    },
    .sentences = {
        {.least = SEVERITY_WARNING,
         .in[LOCALE_PT_BR] = {"{name}: fala muito rápida; peça uma pausa entre as ideias.",
                              {"Resuma o que entendeu e confirme", "Peça que fale mais devagar"}},
         .in[LOCALE_EN] = {"{name}: speaking very fast; ask for a pause between ideas.",
                           {"Sum up what you heard and confirm it", "Ask them to slow down"}},
         .in[LOCALE_ES] = {"{name}: habla muy rápido; pida una pausa entre las ideas.",
                           {"Resuma lo que entendió y confírmelo", "Pida que hable más despacio"}}},
        {.in[LOCALE_PT_BR] = {"{name}: ritmo acelerado; sugira falar um pouco mais devagar.",
                              {"Resuma o que entendeu e confirme",
                               "Peça um exemplo para ganhar tempo"}},
         .in[LOCALE_EN] = {"{name}: speaking fast; suggest slowing down a little.",
                           {"Sum up what you heard and confirm it",
                            "Ask for an example to gain time"}},
         .in[LOCALE_ES] = {"{name}: ritmo acelerado; sugiera hablar un poco más despacio.",
                           {"Resuma lo que entendió y confírmelo",
                            "Pida un ejemplo para ganar tiempo"}}},
    },
    .whys = {
        {FACT_SYLLABLES_PER_S, REASON_NONE,
         {[LOCALE_PT_BR] =
                "{syllablesPerSecond} sílabas por segundo em {windowSeconds} s de fala; "
                "o limite é {limit}",
          [LOCALE_EN] =
                "{syllablesPerSecond} syllables a second over {windowSeconds} s of "
                "speech; the limit is {limit}",
          [LOCALE_ES] =
                "{syllablesPerSecond} sílabas por segundo en {windowSeconds} s de habla; "
                "el límite es {limit}"}},
    },
};
/* clang-format on */

/* ---- ritmo_pausado ---- */

struct ritmo_pausado_settings {
    struct rule_settings rule;
    double pause_share, turn_s;
};

static int64_t paused_since(const struct delivery *delivery, int64_t from_ms) {
    int64_t paused_ms = 0;
    for (unsigned i = 0; i < delivery->pause_count; i++) {
        int64_t begin_ms = delivery->pauses[i].from_ms, end_ms = delivery->pauses[i].to_ms;
        if (end_ms > from_ms)
            paused_ms += end_ms - (begin_ms > from_ms ? begin_ms : from_ms);
    }
    return paused_ms;
}

/* Judged where speech resumes: before that, a pause may be the end of the turn. */
static void judge_halting(const struct judgement *judgement, struct participant *participant) {
    const struct ritmo_pausado_settings *settings = judgement->settings;
    const struct delivery *delivery = &participant->hearing->delivery;
    int64_t turn_ms = ms_of(settings->turn_s);
    int64_t from_ms = judgement->at_ms - turn_ms;
    if (!delivery->is_open || delivery->last_ms != judgement->at_ms || delivery->start_ms > from_ms)
        return;
    double share = (double)paused_since(delivery, from_ms) / (double)turn_ms;
    if (share <= settings->pause_share) {
        judge_clear(judgement, participant);
        return;
    }
    struct finding finding = {.severity = SEVERITY_INFO, .window_s = settings->turn_s};
    finding_add(&finding, FACT_PAUSE_SHARE, share);
    finding_add(&finding, FACT_LIMIT, settings->pause_share);
    finding_add(&finding, FACT_WINDOW_S, settings->turn_s);
    judge_find(judgement, participant, &finding);
}

/* clang-format off */
const struct rule rule_ritmo_pausado = {
    .name = "ritmo_pausado",
    .judge_participant = judge_halting,
    .settings = {
        RULE_ENABLED(1),
        RULE_SETTING(ritmo_pausado, pause_share, 0.45, 0.1, 1,
                     "share of pauses of 1 to 3 s in a turn"),
        RULE_SETTING(ritmo_pausado, turn_s, 15, 5, 60, "seconds of a turn"),
        RULE_REMINDERS(20),
    },
    .sentences = {
        {.in[LOCALE_PT_BR] = {"{name}: muitas pausas longas; ajude com uma pergunta direta.",
                              {"Faça uma pergunta curta e concreta",
                               "Dê tempo, ou ofereça voltar ao assunto depois"}},
         .in[LOCALE_EN] = {"{name}: many long pauses; help with a direct question.",
                           {"Ask something short and concrete",
                            "Give time, or offer to come back to it later"}},
         .in[LOCALE_ES] = {"{name}: muchas pausas largas; ayude con una pregunta directa.",
                           {"Haga una pregunta corta y concreta",
                            "Dé tiempo, u ofrezca volver al tema después"}}},
    },
    .whys = {
        {FACT_PAUSE_SHARE, REASON_NONE,
         {[LOCALE_PT_BR] = "pausas em {pauseShare} % dos últimos {windowSeconds} s",
          [LOCALE_EN] = "pauses in {pauseShare} % of the last {windowSeconds} s",
          [LOCALE_ES] = "pausas en el {pauseShare} % de los últimos {windowSeconds} s"}},
    },
};
/* clang-format on */
