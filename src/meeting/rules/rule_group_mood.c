/* The mood of the group, which is two people or more, in meetings with a prosody service. */
#include "meeting/judge.h"

enum { SPAN_MS = 60000 }; /* people take turns: a voice of the last minute counts */

#define HEARD_S 3.0 /* seconds of voice that must have been read in the span */

/* NULL for those who have not spoken enough. */
static const struct mood *mood_of(const struct judgement *judgement,
                                  const struct participant *participant) {
    if (!participant_is_connected(participant))
        return NULL;
    const struct mood *mood = &participant->hearing->mood;
    struct mood_span span = mood_between(mood, judgement->at_ms - SPAN_MS, judgement->at_ms);
    return span.heard_s >= HEARD_S ? mood : NULL;
}

/* ---- energia_grupo_baixa ---- */

struct energia_grupo_baixa_settings {
    struct rule_settings rule;
    double below, warning;
};

/* Without hosts: they ask how the others feel. */
static void judge_energy(const struct judgement *judgement) {
    const struct energia_grupo_baixa_settings *settings = judgement->settings;
    const struct meeting *meeting = judgement->meeting;
    double sum = 0;
    unsigned count = 0;
    for (size_t i = 0; i < meeting->count; i++) {
        if (meeting->participants[i]->is_host)
            continue;
        const struct mood *mood = mood_of(judgement, meeting->participants[i]);
        if (!mood || isnan(mood->arousal))
            continue;
        sum += (double)mood->arousal;
        count++;
    }
    double mean = count > 0 ? sum / count : 0;
    if (count < 2 || mean > settings->below) {
        judge_clear(judgement, NULL);
        return;
    }
    struct finding finding = {
        .severity = mean <= settings->warning ? SEVERITY_WARNING : SEVERITY_INFO,
        .window_s = 60,
    };
    finding_add(&finding, FACT_AROUSAL, mean);
    judge_find_group(judgement, NULL, &finding);
}

/* clang-format off */
const struct rule rule_energia_grupo_baixa = {
    .name = "energia_grupo_baixa",
    .judge_group = judge_energy,
    .settings = {
        RULE_ENABLED(1),
        RULE_SETTING(energia_grupo_baixa, below, -0.3, -1, 0, "mean arousal of those who speak"),
        RULE_SETTING(energia_grupo_baixa, warning, -0.5, -1, 0, "the same, as a warning"),
        RULE_REMINDERS(30),
    },
    .sentences = {
        {.in[LOCALE_PT_BR] = {"Energia do grupo baixa; proponha uma pausa ou mude a dinâmica.",
                              {"Faça uma pausa de cinco minutos",
                               "Passe para um assunto mais leve"}},
         .in[LOCALE_EN] = {"The group is low on energy; propose a break or change the format.",
                           {"Take a five-minute break", "Move to a lighter topic"}},
         .in[LOCALE_ES] = {"El grupo tiene poca energía; proponga una pausa o cambie la dinámica.",
                           {"Haga una pausa de cinco minutos", "Pase a un tema más ligero"}}},
    },
};
/* clang-format on */

/* ---- polarizacao_emocional ---- */

struct polarizacao_emocional_settings {
    struct rule_settings rule;
    double side, apart;
};

static void judge_polarisation(const struct judgement *judgement) {
    const struct polarizacao_emocional_settings *settings = judgement->settings;
    const struct meeting *meeting = judgement->meeting;
    double side = settings->side, low = 0, high = 0;
    unsigned count = 0, lows = 0, highs = 0;
    for (size_t i = 0; i < meeting->count; i++) {
        const struct mood *mood = mood_of(judgement, meeting->participants[i]);
        if (!mood || isnan(mood->valence))
            continue;
        double valence = (double)mood->valence;
        count++;
        lows += valence <= -side;
        low += valence <= -side ? valence : 0;
        highs += valence >= side;
        high += valence >= side ? valence : 0;
    }
    bool is_split =
        count >= 3 && lows > 0 && highs > 0 && high / highs - low / lows >= settings->apart;
    if (!is_split) {
        judge_clear(judgement, NULL);
        return;
    }
    struct finding finding = {.severity = SEVERITY_WARNING, .window_s = 60};
    judge_find_group(judgement, NULL, &finding);
}

/* clang-format off */
const struct rule rule_polarizacao_emocional = {
    .name = "polarizacao_emocional",
    .judge_group = judge_polarisation,
    .settings = {
        RULE_ENABLED(1),
        RULE_SETTING(polarizacao_emocional, side, 0.2, 0, 1,
                     "valence that puts a voice on one side"),
        RULE_SETTING(polarizacao_emocional, apart, 0.5, 0, 2, "distance of the two sides"),
        RULE_REMINDERS(45),
    },
    .sentences = {
        {.in[LOCALE_PT_BR] = {"Ânimos divididos na reunião; ouça os dois lados antes de seguir.",
                              {"Resuma cada posição com neutralidade",
                               "Procure um ponto em comum"}},
         .in[LOCALE_EN] = {"The mood is divided; hear both sides before going on.",
                           {"Sum up each position neutrally", "Look for common ground"}},
         .in[LOCALE_ES] = {"Los ánimos están divididos; escuche a ambas partes antes de seguir.",
                           {"Resuma cada postura con neutralidad", "Busque un punto en común"}}},
    },
};
/* clang-format on */
