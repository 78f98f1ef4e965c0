/* The settings of the rules: every limit, window and cooldown, with its default and bounds.
 *
 * A setting is named by type and field. Outside it is called RULE_<TYPE>_<FIELD>, for instance
 * RULE_VOLUME_BAIXO_BELOW_DBFS. Seconds and decibels as they are written by people; every value is
 * a double so that one table serves them all. Defaults: feedback-rules, section 5; for the moods,
 * rules_mood.c. */
#ifndef MEETING_RULES_H
#define MEETING_RULES_H

#include "base/slice.h"

#include <stddef.h>

struct rules {
    bool include_host; /* also send events about hosts (FEEDBACK_INCLUDE_HOST) */

    struct {
        double enabled, below_dbfs, critical_dbfs, clear_dbfs, window_s, speech_s, margin_db;
        double cooldown_s;
    } volume_baixo;
    struct {
        double enabled, above_dbfs, critical_dbfs, clear_dbfs, window_s, speech_s;
        double clip_share, clip_critical_share, cooldown_s;
    } volume_alto;
    struct {
        double enabled, group_s, dead_mic_s, cooldown_s;
    } silencio_prolongado;
    struct {
        double enabled, overlap_s, clear_s, window_s, cooldown_s;
    } overlap_fala;
    struct {
        double enabled, speech_s, share, clear_speech_s, clear_share, cooldown_s;
    } monologo_prolongado;
    struct {
        double enabled, count, window_s, cooldown_s;
    } interrupcoes_frequentes;
    struct {
        double enabled, above_per_s, warning_per_s, speech_s, cooldown_s;
    } ritmo_acelerado;
    struct {
        double enabled, pause_share, turn_s, cooldown_s;
    } ritmo_pausado;
    struct {
        double enabled, below_semitones, warning_semitones, speech_s, hold_s, cooldown_s;
    } monotonia_prosodica;
    struct {
        double enabled, above_dbfs, margin_db, warning_db, hold_s, cooldown_s;
    } ruido_de_fundo;
    struct {
        double enabled, below, warning, cooldown_s;
    } tendencia_emocional_negativa;
    struct {
        double enabled, below, warning, cooldown_s;
    } engajamento_baixo;
    struct {
        double enabled, arousal_rise, valence_fall, cooldown_s;
    } frustracao_crescente;
    struct {
        double enabled, above, warning, cooldown_s;
    } entusiasmo_alto;
    struct {
        double enabled, below, warning, cooldown_s;
    } energia_grupo_baixa;
    struct {
        double enabled, side, apart, cooldown_s;
    } polarizacao_emocional;
    struct {
        double enabled, valence_fall, cooldown_s;
    } efeito_pos_interrupcao;
};

struct rule_setting {
    const char *type;  /* "volume_baixo" */
    const char *field; /* "below_dbfs" */
    size_t offset;     /* of a double in struct rules */
    double value;      /* default */
    double min, max;
    const char *help; /* one line, English */
};

/* The table, for the configuration and its documents. */
const struct rule_setting *rules_settings(size_t *count);

/* Defaults. */
void rules_init(struct rules *rules);

/* Sets one value from text, type and field in any letter case. 0; ENOENT: no such setting; EINVAL:
 * not a number; ERANGE: beyond its bounds. *setting, if wanted, is the row found. */
int rules_set(struct rules *rules, struct slice type, struct slice field, struct slice value,
              const struct rule_setting **setting);

#endif
