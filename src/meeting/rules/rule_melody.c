/* Whether the melody of a voice is flat. */
#include "meeting/judge.h"

enum {
    LIVELY_MS = 20000, /* a prosody service's reading that contradicts must be this fresh */
    LIVELY_READINGS = 4,
};

#define LIVELY_SPREAD 0.1 /* standard deviation of arousal that contradicts a flat pitch */

struct monotonia_prosodica_settings {
    struct rule_settings rule;
    double below_semitones, warning_semitones, speech_s, hold_s;
};

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

/* One window far below the limit is enough. Close to the limit, windows of one voice fall to both
 * sides, and a small melody may be lively. So that is reported only when no window has risen above
 * the limit for hold_s seconds, and again only after as long. The time is counted in frames of
 * speech. */
static bool is_surely_flat(const struct monotonia_prosodica_settings *settings, struct alarm *alarm,
                           int64_t heard, double semitones) {
    int64_t hold = (int64_t)(settings->hold_s * 1000 / SLOT_MS);
    if (!alarm->since)
        alarm->since = heard;
    if (semitones < settings->warning_semitones)
        return true;
    if (heard - alarm->since < hold)
        return false;
    alarm->since = heard;
    return true;
}

static void judge_monotony(const struct judgement *judgement, struct participant *participant) {
    const struct monotonia_prosodica_settings *settings = judgement->settings;
    const struct hearing *hearing = participant->hearing;
    float spread;
    if (!judge_is_due(participant) || hearing->pitch.count * SLOT_MS < settings->speech_s * 1000 ||
        !pitch_span_spread(&hearing->pitch, &spread))
        return;
    double semitones = (double)spread;
    if (semitones >= settings->below_semitones || sounds_lively(&hearing->mood, judgement->at_ms)) {
        judge_clear(judgement, participant);
        return;
    }
    struct alarm *alarm = judge_alarm(judgement, participant);
    if (!is_surely_flat(settings, alarm, hearing->pitch.heard, semitones))
        return;
    struct finding finding = {
        .severity = semitones < settings->warning_semitones ? SEVERITY_WARNING : SEVERITY_INFO,
        .window_s = settings->speech_s,
    };
    finding_add(&finding, FACT_PITCH_RANGE, semitones);
    finding_add(&finding, FACT_LIMIT,
                finding.severity == SEVERITY_WARNING ? settings->warning_semitones
                                                     : settings->below_semitones);
    finding_add(&finding, FACT_WINDOW_S, settings->speech_s);
    judge_find(judgement, participant, &finding);
}

/* clang-format off */
const struct rule rule_monotonia_prosodica = {
    .name = "monotonia_prosodica",
    .judge_participant = judge_monotony,
    .settings = {
        RULE_ENABLED(1),
        RULE_SETTING(monotonia_prosodica, below_semitones, 1.0, 0, 12, "spread of the pitch"),
        RULE_SETTING(monotonia_prosodica, warning_semitones, 0.6, 0, 12, "the same, as a warning"),
        RULE_SETTING(monotonia_prosodica, speech_s, 10, 2, 10, "over the last seconds of speech"),
        RULE_SETTING(monotonia_prosodica, hold_s, 30, 0, 600,
                     "as info: and for so many more seconds"),
        RULE_REMINDERS(20),
    },
    .sentences = {
        {.in[LOCALE_PT_BR] = {"{name}: tom de voz pouco variado; peça que destaque o principal.",
                              {"Pergunte qual é o ponto mais importante",
                               "Peça um exemplo prático"}},
         .in[LOCALE_EN] = {"{name}: little change of tone; ask for the main point.",
                           {"Ask what matters most", "Ask for a practical example"}},
         .in[LOCALE_ES] = {"{name}: tono de voz poco variado; pida que destaque lo principal.",
                           {"Pregunte qué es lo más importante", "Pida un ejemplo práctico"}}},
    },
    .whys = {
        {FACT_PITCH_RANGE, REASON_NONE,
         {[LOCALE_PT_BR] =
                "melodia de {pitchRangeSemitones} semitons em {windowSeconds} s de fala; "
                "o limite é {limit}",
          [LOCALE_EN] =
                "a melody of {pitchRangeSemitones} semitones over {windowSeconds} s of "
                "speech; the limit is {limit}",
          [LOCALE_ES] =
                "melodía de {pitchRangeSemitones} semitonos en {windowSeconds} s de "
                "habla; el límite es {limit}"}},
    },
};
/* clang-format on */
