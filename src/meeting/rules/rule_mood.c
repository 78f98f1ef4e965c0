/* The mood of one participant, in meetings with a prosody service. Types, limits and spans are the
 * old backend's, with these corrections:
 *   - seconds of voice that were read, not counts of samples, decide whether there is enough;
 *   - high arousal is enthusiasm only in a voice that is not unhappy: anger is excited as well;
 *   - the effect of an interruption is looked for in the person who was interrupted.
 *
 * Comparisons with NAN are false: a mood that was not read raises nothing. */
#include "meeting/judge.h"

enum {
    SPAN_MS = 10000, /* what a mood is judged by */
    AFTER_MS = 6000, /* the effect of an interruption shows between these */
    AFTER_END_MS = 30000,
};

/* Seconds of voice that must have been read in the span. */
#define NEGATIVE_HEARD_S    4.0
#define ENGAGEMENT_HEARD_S  3.0
#define ENTHUSIASM_HEARD_S  5.0
#define FRUSTRATION_HEARD_S 3.0 /* in each half */
#define AFTER_HEARD_S       2.0

static void mood_find(const struct judgement *judgement, struct participant *participant,
                      bool is_warning, double window_s) {
    const struct mood *mood = &participant->hearing->mood;
    struct finding finding = {.severity = is_warning ? SEVERITY_WARNING : SEVERITY_INFO,
                              .window_s = window_s};
    finding_add(&finding, FACT_SPEECH_COVERAGE, share_coverage(&participant->hearing->share));
    if (!isnan(mood->valence))
        finding_add(&finding, FACT_VALENCE, (double)mood->valence);
    if (!isnan(mood->arousal))
        finding_add(&finding, FACT_AROUSAL, (double)mood->arousal);
    judge_find(judgement, participant, &finding);
}

/* Tells of a mood that `holds`, once heard_s seconds of voice were read in the span. */
static void mood_judge(const struct judgement *judgement, struct participant *participant,
                       bool holds, bool is_warning, double heard_s) {
    const struct mood *mood = &participant->hearing->mood;
    if (!holds)
        judge_clear(judgement, participant);
    else if (mood_between(mood, judgement->at_ms - SPAN_MS, judgement->at_ms).heard_s >= heard_s)
        mood_find(judgement, participant, is_warning, 10);
}

/* ---- tendencia_emocional_negativa ---- */

struct tendencia_emocional_negativa_settings {
    struct rule_settings rule;
    double below, warning;
};

static void judge_negative(const struct judgement *judgement, struct participant *participant) {
    const struct tendencia_emocional_negativa_settings *settings = judgement->settings;
    double valence = (double)participant->hearing->mood.valence;
    mood_judge(judgement, participant, valence <= settings->below, valence <= settings->warning,
               NEGATIVE_HEARD_S);
}

/* clang-format off */
const struct rule rule_tendencia_emocional_negativa = {
    .name = "tendencia_emocional_negativa",
    .judge_participant = judge_negative,
    .settings = {
        RULE_ENABLED(1),
        RULE_SETTING(tendencia_emocional_negativa, below, -0.35, -1, 0, "valence of a voice"),
        RULE_SETTING(tendencia_emocional_negativa, warning, -0.6, -1, 0, "the same, as a warning"),
        RULE_REMINDERS(25),
    },
    .sentences = {
        {.least = SEVERITY_WARNING,
         .in[LOCALE_PT_BR] = {"{name}: parece bastante contrariado(a); acolha antes de seguir.",
                              {"Pergunte o que preocupa", "Reconheça o ponto antes de responder"}},
         .in[LOCALE_EN] = {"{name}: sounds quite upset; acknowledge it before going on.",
                           {"Ask what the concern is", "Acknowledge the point before answering"}},
         .in[LOCALE_ES] = {"{name}: parece muy contrariado(a); reconózcalo antes de seguir.",
                           {"Pregunte qué le preocupa", "Reconozca el punto antes de responder"}}},
        {.in[LOCALE_PT_BR] = {"{name}: tom de voz negativo; pergunte se há algo a resolver.",
                              {"Pergunte o que preocupa",
                               "Ofereça uma conversa depois da reunião"}},
         .in[LOCALE_EN] = {"{name}: a negative tone; ask whether something needs solving.",
                           {"Ask what the concern is", "Offer a talk after the meeting"}},
         .in[LOCALE_ES] = {"{name}: tono de voz negativo; pregunte si hay algo que resolver.",
                           {"Pregunte qué le preocupa",
                            "Ofrezca una conversación después de la reunión"}}},
    },
};
/* clang-format on */

/* ---- engajamento_baixo ---- */

struct engajamento_baixo_settings {
    struct rule_settings rule;
    double below, warning;
};

static void judge_engagement(const struct judgement *judgement, struct participant *participant) {
    const struct engajamento_baixo_settings *settings = judgement->settings;
    double arousal = (double)participant->hearing->mood.arousal;
    mood_judge(judgement, participant, arousal <= settings->below, arousal <= settings->warning,
               ENGAGEMENT_HEARD_S);
}

/* clang-format off */
const struct rule rule_engajamento_baixo = {
    .name = "engajamento_baixo",
    .judge_participant = judge_engagement,
    .settings = {
        RULE_ENABLED(1),
        RULE_SETTING(engajamento_baixo, below, -0.2, -1, 0, "arousal of a voice"),
        RULE_SETTING(engajamento_baixo, warning, -0.4, -1, 0, "the same, as a warning"),
        RULE_REMINDERS(20),
    },
    .sentences = {
        {.in[LOCALE_PT_BR] = {"{name}: pouca energia na voz; convide a participar.",
                              {"Faça uma pergunta sobre a área dessa pessoa",
                               "Considere uma pausa curta"}},
         .in[LOCALE_EN] = {"{name}: little energy in the voice; invite them in.",
                           {"Ask about something in their field", "Consider a short break"}},
         .in[LOCALE_ES] = {"{name}: poca energía en la voz; invite a participar.",
                           {"Haga una pregunta sobre el área de esa persona",
                            "Considere una pausa corta"}}},
    },
};
/* clang-format on */

/* ---- frustracao_crescente ---- */

struct frustracao_crescente_settings {
    struct rule_settings rule;
    double arousal_rise, valence_fall;
};

static void judge_frustration(const struct judgement *judgement, struct participant *participant) {
    const struct frustracao_crescente_settings *settings = judgement->settings;
    const struct mood *mood = &participant->hearing->mood;
    int64_t now = judgement->at_ms;
    struct mood_span before = mood_between(mood, now - 2 * SPAN_MS, now - SPAN_MS);
    struct mood_span after = mood_between(mood, now - SPAN_MS, now);
    bool grows = before.heard_s >= FRUSTRATION_HEARD_S && after.heard_s >= FRUSTRATION_HEARD_S &&
                 after.arousal - before.arousal >= settings->arousal_rise &&
                 before.valence - after.valence >= settings->valence_fall;
    if (grows)
        mood_find(judgement, participant, true, 20);
    else
        judge_clear(judgement, participant);
}

/* clang-format off */
const struct rule rule_frustracao_crescente = {
    .name = "frustracao_crescente",
    .judge_participant = judge_frustration,
    .settings = {
        RULE_ENABLED(1),
        RULE_SETTING(frustracao_crescente, arousal_rise, 0.25, 0, 2,
                     "rise of arousal from one 10 s to the next"),
        RULE_SETTING(frustracao_crescente, valence_fall, 0.2, 0, 2, "and fall of valence"),
        RULE_REMINDERS(25),
    },
    .sentences = {
        {.in[LOCALE_PT_BR] = {
                "{name}: frustração crescente; reconheça o ponto e combine um próximo passo.",
                {"Repita o ponto com as suas palavras",
                               "Proponha um próximo passo concreto"}},
         .in[LOCALE_EN] = {"{name}: growing frustration; acknowledge it and agree on a next step.",
                           {"Repeat the point in your own words",
                            "Propose one concrete next step"}},
         .in[LOCALE_ES] = {"{name}: frustración creciente; reconózcala y acuerde un próximo paso.",
                           {"Repita el punto con sus propias palabras",
                            "Proponga un próximo paso concreto"}}},
    },
};
/* clang-format on */

/* ---- entusiasmo_alto ---- */

struct entusiasmo_alto_settings {
    struct rule_settings rule;
    double above, warning;
};

static void judge_enthusiasm(const struct judgement *judgement, struct participant *participant) {
    const struct entusiasmo_alto_settings *settings = judgement->settings;
    const struct mood *mood = &participant->hearing->mood;
    double arousal = (double)mood->arousal;
    mood_judge(judgement, participant, arousal >= settings->above && !(mood->valence < 0),
               arousal >= settings->warning, ENTHUSIASM_HEARD_S);
}

/* clang-format off */
const struct rule rule_entusiasmo_alto = {
    .name = "entusiasmo_alto",
    .judge_participant = judge_enthusiasm,
    .settings = {
        RULE_ENABLED(1),
        RULE_SETTING(entusiasmo_alto, above, 0.5, 0, 1, "arousal of a voice that is not unhappy"),
        RULE_SETTING(entusiasmo_alto, warning, 0.7, 0, 1, "the same, as a warning"),
        RULE_REMINDERS(20),
    },
    .sentences = {
        {.in[LOCALE_PT_BR] = {"{name}: muito entusiasmo; aproveite para avançar.",
                              {"Peça que conduza o próximo passo", "Registre a ideia"}},
         .in[LOCALE_EN] = {"{name}: full of enthusiasm; a good moment to move on.",
                           {"Ask them to lead the next step", "Write the idea down"}},
         .in[LOCALE_ES] = {"{name}: mucho entusiasmo; buen momento para avanzar.",
                           {"Pida que guíe el próximo paso", "Anote la idea"}}},
    },
};
/* clang-format on */

/* ---- efeito_pos_interrupcao ---- */

struct efeito_pos_interrupcao_settings {
    struct rule_settings rule;
    double valence_fall;
};

static void judge_interrupted(const struct judgement *judgement, struct participant *participant) {
    const struct efeito_pos_interrupcao_settings *settings = judgement->settings;
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
    if (after.heard_s < AFTER_HEARD_S || !(fall >= settings->valence_fall))
        return;
    mood->interrupted_ms = NEVER; /* one interruption, one event */
    mood_find(judgement, participant, true, (double)since_ms / 1000);
}

/* clang-format off */
const struct rule rule_efeito_pos_interrupcao = {
    .name = "efeito_pos_interrupcao",
    .judge_participant = judge_interrupted,
    .settings = {
        RULE_ENABLED(1),
        RULE_SETTING(efeito_pos_interrupcao, valence_fall, 0.2, 0, 2,
                     "fall of valence after being interrupted"),
        RULE_REMINDERS(25),
    },
    .sentences = {
        {.in[LOCALE_PT_BR] = {"{name}: desanimou depois de ser interrompido(a); devolva a palavra.",
                              {"Convide a concluir a ideia", "Agradeça a contribuição"}},
         .in[LOCALE_EN] = {"{name}: lost heart after being interrupted; give the floor back.",
                           {"Invite them to finish the thought",
                            "Thank them for the contribution"}},
         .in[LOCALE_ES] = {"{name}: se desanimó tras una interrupción; devuelva la palabra.",
                           {"Invite a terminar la idea", "Agradezca la aportación"}}},
    },
};
/* clang-format on */
