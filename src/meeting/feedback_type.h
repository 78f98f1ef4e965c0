/* The words of feedback: its types, how severe it is, why it is told, and the numbers that come
 * with it. */
#ifndef MEETING_FEEDBACK_TYPE_H
#define MEETING_FEEDBACK_TYPE_H

/* Every type of feedback: its constant without FEEDBACK_, and its name. The order is that of
 * judging, of the metrics and of the documents. A new type is one line here and one file that
 * defines its `const struct rule rule_<name>` (meeting/rule.h). */
#define FEEDBACK_TYPE_MAP(X)                                                                       \
    X(VOLUME_BAIXO, volume_baixo)                                                                  \
    X(VOLUME_ALTO, volume_alto)                                                                    \
    X(SILENCIO_PROLONGADO, silencio_prolongado)                                                    \
    X(OVERLAP_FALA, overlap_fala)                                                                  \
    X(MONOLOGO_PROLONGADO, monologo_prolongado)                                                    \
    X(INTERRUPCOES_FREQUENTES, interrupcoes_frequentes)                                            \
    X(RITMO_ACELERADO, ritmo_acelerado)                                                            \
    X(RITMO_PAUSADO, ritmo_pausado)                                                                \
    X(MONOTONIA_PROSODICA, monotonia_prosodica)                                                    \
    X(RUIDO_DE_FUNDO, ruido_de_fundo)                                                              \
    X(TENDENCIA_EMOCIONAL_NEGATIVA, tendencia_emocional_negativa)                                  \
    X(ENGAJAMENTO_BAIXO, engajamento_baixo)                                                        \
    X(FRUSTRACAO_CRESCENTE, frustracao_crescente)                                                  \
    X(ENTUSIASMO_ALTO, entusiasmo_alto)                                                            \
    X(ENERGIA_GRUPO_BAIXA, energia_grupo_baixa)                                                    \
    X(POLARIZACAO_EMOCIONAL, polarizacao_emocional)                                                \
    X(EFEITO_POS_INTERRUPCAO, efeito_pos_interrupcao)

enum feedback_type {
#define X(constant, name) FEEDBACK_##constant,
    FEEDBACK_TYPE_MAP(X)
#undef X
        FEEDBACK_TYPES,
};

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_CRITICAL };

enum locale { LOCALE_PT_BR, LOCALE_EN, LOCALE_ES, LOCALES };

/* Why, where one type has several causes: each has its own sentence. metadata.reason. */
enum feedback_reason {
    REASON_NONE,
    REASON_GROUP,        /* nobody speaks */
    REASON_DEAD_MIC,     /* digital silence from an open microphone */
    REASON_NO_FRAMES,    /* an open microphone that sends nothing */
    REASON_CLIPPING,     /* distorted rather than loud */
    REASON_NOT_RECORDED, /* an open microphone whose audio does not reach the server */
    REASON_ENCRYPTED,    /* nothing of the meeting can be heard */
};

/* Numbers that come with an event, by their names in metadata. */
enum feedback_fact {
    FACT_RMS_DBFS,        /* rmsDbfs: active level */
    FACT_SPEECH_COVERAGE, /* speechCoverage: 0..1 */
    FACT_VALENCE,         /* valenceEMA: -1..1 */
    FACT_AROUSAL,         /* arousalEMA: -1..1 */
    FACT_CLIP_FRACTION,   /* clipFraction: 0..1 */
    FACT_NOISE_DBFS,      /* noiseDbfs */
    FACT_OVERLAP_S,       /* overlapSeconds */
    FACT_SILENCE_S,       /* silenceSeconds */
    FACT_INTERRUPTIONS,   /* interruptions */
    FACT_SYLLABLES_PER_S, /* syllablesPerSecond */
    FACT_PAUSE_SHARE,     /* pauseShare: 0..1 */
    FACT_PITCH_RANGE,     /* pitchRangeSemitones */
    FACT_SPEECH_S,        /* speechSeconds: of one person */
    FACT_LIMIT,           /* limit: what the measured value was held against, in its unit */
    FACT_WINDOW_S,       /* windowSeconds: over which it was measured; for a voice, of its speech */
    FACT_USUAL_DBFS,     /* usualDbfs: the person's level before the last 10 s of speech */
    FACT_BELOW_USUAL_DB, /* belowUsualDb: how much softer than that they speak ... */
    FACT_ABOVE_USUAL_DB, /* aboveUsualDb: ... or louder */
    FACT_HELD_S,         /* heldSeconds: since when it has been so; with reminders */
    FEEDBACK_FACTS,
};

enum {
    FEEDBACK_TIPS_MAX = 2,  /* tips of one event */
    RULE_SETTINGS_MAX = 24, /* settings of the rule of one type */
};

#endif
