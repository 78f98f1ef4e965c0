#include "meeting/rules.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>

#define ROW(type, field, value, min, max, help)                                                    \
    { #type, #field, offsetof(struct rules, type.field), value, min, max, help }
#define SWITCH(type, value)   ROW(type, enabled, value, 0, 1, "1: on, 0: off")
#define COOLDOWN(type, value) ROW(type, cooldown_s, value, 0, 3600, "seconds between two events")

/* clang-format off */
static const struct rule_setting settings[] = {
    SWITCH(volume_baixo, 1),
    ROW(volume_baixo, below_dbfs, -28, -80, 0, "active level at which a voice is too quiet"),
    ROW(volume_baixo, critical_dbfs, -34, -80, 0, "active level at which it is nearly inaudible"),
    ROW(volume_baixo, clear_dbfs, -27, -80, 0, "active level above which it is fine again"),
    ROW(volume_baixo, window_s, 3, 0.5, 3, "seconds of speech that make the level"),
    ROW(volume_baixo, speech_s, 2, 0.1, 3, "of these there must be at least"),
    ROW(volume_baixo, margin_db, 8, 0, 40, "and the voice this far above the noise"),
    COOLDOWN(volume_baixo, 10),

    SWITCH(volume_alto, 1),
    ROW(volume_alto, above_dbfs, -10, -80, 0, "active level at which a voice is too loud"),
    ROW(volume_alto, critical_dbfs, -6, -80, 0, "active level at which it is much too loud"),
    ROW(volume_alto, clear_dbfs, -11, -80, 0, "active level below which it is fine again"),
    ROW(volume_alto, window_s, 2, 0.5, 3, "seconds of speech that make the level"),
    ROW(volume_alto, speech_s, 1, 0.1, 3, "of these there must be at least"),
    ROW(volume_alto, clip_share, 0.001, 0, 1, "share of clipped samples in 2 s at which it distorts"),
    ROW(volume_alto, clip_critical_share, 0.01, 0, 1, "the same, critical"),
    COOLDOWN(volume_alto, 10),

    SWITCH(silencio_prolongado, 1),
    ROW(silencio_prolongado, group_s, 10, 1, 600, "seconds for which nobody has spoken"),
    ROW(silencio_prolongado, dead_mic_s, 10, 1, 600, "seconds of nothing from an open microphone"),
    COOLDOWN(silencio_prolongado, 15),

    SWITCH(overlap_fala, 1),
    ROW(overlap_fala, overlap_s, 2.5, 0.2, 10, "seconds in which two or more speak at once"),
    ROW(overlap_fala, clear_s, 1.5, 0, 10, "seconds below which it has calmed down"),
    ROW(overlap_fala, window_s, 10, 1, 10, "within the last seconds"),
    COOLDOWN(overlap_fala, 15),

    SWITCH(monologo_prolongado, 1),
    ROW(monologo_prolongado, speech_s, 40, 5, 60, "seconds of speech of one person in 60 s"),
    ROW(monologo_prolongado, share, 0.8, 0.3, 1, "and his share of everybody's speech"),
    ROW(monologo_prolongado, clear_speech_s, 35, 0, 60, "seconds below which it is over"),
    ROW(monologo_prolongado, clear_share, 0.75, 0, 1, "share below which it is over"),
    COOLDOWN(monologo_prolongado, 30),

    SWITCH(interrupcoes_frequentes, 1),
    ROW(interrupcoes_frequentes, count, 5, 2, 30, "interruptions in the meeting"),
    ROW(interrupcoes_frequentes, window_s, 60, 5, 600, "within the last seconds"),
    COOLDOWN(interrupcoes_frequentes, 30),

    SWITCH(ritmo_acelerado, 1),
    ROW(ritmo_acelerado, above_per_s, 6.5, 2, 15, "syllables a second of speech"),
    ROW(ritmo_acelerado, warning_per_s, 7.5, 2, 15, "the same, as a warning"),
    ROW(ritmo_acelerado, speech_s, 10, 2, 10, "over the last seconds of speech"),
    COOLDOWN(ritmo_acelerado, 20),

    SWITCH(ritmo_pausado, 1),
    ROW(ritmo_pausado, pause_share, 0.45, 0.1, 1, "share of pauses of 1 to 3 s in a turn"),
    ROW(ritmo_pausado, turn_s, 15, 5, 60, "seconds of a turn"),
    COOLDOWN(ritmo_pausado, 20),

    SWITCH(monotonia_prosodica, 1),
    ROW(monotonia_prosodica, below_semitones, 1.0, 0, 12, "spread of the pitch"),
    ROW(monotonia_prosodica, warning_semitones, 0.6, 0, 12, "the same, as a warning"),
    ROW(monotonia_prosodica, speech_s, 10, 2, 10, "over the last seconds of speech"),
    ROW(monotonia_prosodica, hold_s, 30, 0, 600, "as info: and for so many more seconds"),
    COOLDOWN(monotonia_prosodica, 20),

    SWITCH(ruido_de_fundo, 0),
    ROW(ruido_de_fundo, above_dbfs, -45, -90, 0, "noise level"),
    ROW(ruido_de_fundo, margin_db, 12, 0, 60, "and the voice less than this above it"),
    ROW(ruido_de_fundo, warning_db, 6, 0, 60, "the same, as a warning"),
    ROW(ruido_de_fundo, hold_s, 10, 1, 60, "for so many seconds"),
    COOLDOWN(ruido_de_fundo, 60),

    SWITCH(tendencia_emocional_negativa, 1),
    ROW(tendencia_emocional_negativa, below, -0.35, -1, 0, "valence of a voice"),
    ROW(tendencia_emocional_negativa, warning, -0.6, -1, 0, "the same, as a warning"),
    COOLDOWN(tendencia_emocional_negativa, 25),

    SWITCH(engajamento_baixo, 1),
    ROW(engajamento_baixo, below, -0.2, -1, 0, "arousal of a voice"),
    ROW(engajamento_baixo, warning, -0.4, -1, 0, "the same, as a warning"),
    COOLDOWN(engajamento_baixo, 20),

    SWITCH(frustracao_crescente, 1),
    ROW(frustracao_crescente, arousal_rise, 0.25, 0, 2, "rise of arousal from one 10 s to the next"),
    ROW(frustracao_crescente, valence_fall, 0.2, 0, 2, "and fall of valence"),
    COOLDOWN(frustracao_crescente, 25),

    SWITCH(entusiasmo_alto, 1),
    ROW(entusiasmo_alto, above, 0.5, 0, 1, "arousal of a voice that is not unhappy"),
    ROW(entusiasmo_alto, warning, 0.7, 0, 1, "the same, as a warning"),
    COOLDOWN(entusiasmo_alto, 20),

    SWITCH(energia_grupo_baixa, 1),
    ROW(energia_grupo_baixa, below, -0.3, -1, 0, "mean arousal of those who speak"),
    ROW(energia_grupo_baixa, warning, -0.5, -1, 0, "the same, as a warning"),
    COOLDOWN(energia_grupo_baixa, 30),

    SWITCH(polarizacao_emocional, 1),
    ROW(polarizacao_emocional, side, 0.2, 0, 1, "valence that puts a voice on one side"),
    ROW(polarizacao_emocional, apart, 0.5, 0, 2, "distance of the two sides"),
    COOLDOWN(polarizacao_emocional, 45),

    SWITCH(efeito_pos_interrupcao, 1),
    ROW(efeito_pos_interrupcao, valence_fall, 0.2, 0, 2, "fall of valence after being interrupted"),
    COOLDOWN(efeito_pos_interrupcao, 25),
};
/* clang-format on */

const struct rule_setting *rules_settings(size_t *count) {
    *count = ARRAY_LEN(settings);
    return settings;
}

static double *rules_value(struct rules *rules, const struct rule_setting *setting) {
    return (double *)(void *)((char *)rules + setting->offset);
}

void rules_init(struct rules *rules) {
    *rules = (struct rules){0};
    for (size_t i = 0; i < ARRAY_LEN(settings); i++)
        *rules_value(rules, &settings[i]) = settings[i].value;
}

static const struct rule_setting *setting_find(struct slice type, struct slice field) {
    for (size_t i = 0; i < ARRAY_LEN(settings); i++)
        if (slice_is_equal_nocase(type, slice_from(settings[i].type)) &&
            slice_is_equal_nocase(field, slice_from(settings[i].field)))
            return &settings[i];
    return NULL;
}

/* Decimal notation only: strtod alone would take "nan", "0x10" and leading blanks. */
static bool number_parse(struct slice text, double *out) {
    char copy[32];
    if (text.len == 0 || text.len >= sizeof copy)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!((c >= '0' && c <= '9') || c == '.' || c == '-' || c == '+'))
            return false;
        copy[i] = c;
    }
    copy[text.len] = '\0';
    char *end;
    *out = strtod(copy, &end);
    return *end == '\0';
}

int rules_set(struct rules *rules, struct slice type, struct slice field, struct slice value,
              const struct rule_setting **setting) {
    const struct rule_setting *found = setting_find(type, field);
    if (setting)
        *setting = found;
    if (!found)
        return ENOENT;
    double number;
    if (!number_parse(value, &number))
        return EINVAL;
    if (!(number >= found->min && number <= found->max))
        return ERANGE;
    *rules_value(rules, found) = number;
    return 0;
}
