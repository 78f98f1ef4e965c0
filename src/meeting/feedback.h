/* What the host is told: one event, its sentence and tips in two languages, its JSON. */
#ifndef MEETING_FEEDBACK_H
#define MEETING_FEEDBACK_H

#include "base/buf.h"
#include "base/slice.h"

enum feedback_type {
    FEEDBACK_VOLUME_BAIXO,
    FEEDBACK_VOLUME_ALTO,
    FEEDBACK_SILENCIO_PROLONGADO,
    FEEDBACK_OVERLAP_FALA,
    FEEDBACK_MONOLOGO_PROLONGADO,
    FEEDBACK_INTERRUPCOES_FREQUENTES,
    FEEDBACK_RITMO_ACELERADO,
    FEEDBACK_RITMO_PAUSADO,
    FEEDBACK_MONOTONIA_PROSODICA,
    FEEDBACK_RUIDO_DE_FUNDO,
    FEEDBACK_TENDENCIA_EMOCIONAL_NEGATIVA,
    FEEDBACK_ENGAJAMENTO_BAIXO,
    FEEDBACK_FRUSTRACAO_CRESCENTE,
    FEEDBACK_ENTUSIASMO_ALTO,
    FEEDBACK_ENERGIA_GRUPO_BAIXA,
    FEEDBACK_POLARIZACAO_EMOCIONAL,
    FEEDBACK_EFEITO_POS_INTERRUPCAO,
    FEEDBACK_TYPES,
};

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_CRITICAL };

enum locale { LOCALE_PT_BR, LOCALE_EN, LOCALES };

/* Why, where one type has several causes: each has a sentence of its own. metadata.reason. */
enum feedback_reason {
    REASON_NONE,
    REASON_GROUP,     /* nobody speaks */
    REASON_DEAD_MIC,  /* digital silence from an open microphone */
    REASON_NO_FRAMES, /* an open microphone that sends nothing */
    REASON_CLIPPING,  /* distorted rather than loud */
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
    FEEDBACK_FACTS,
};

enum {
    FEEDBACK_NAME_MAX = 256,   /* bytes of an identity or a name */
    FEEDBACK_TIPS_MAX = 2,     /* tips of one event */
    FEEDBACK_FACTS_MAX = 4,    /* facts of one event */
    FEEDBACK_MESSAGE_MAX = 512 /* bytes of a sentence with the longest name, terminator included */
};

/* A value: it owns everything in it and may be copied across threads. */
struct feedback {
    enum feedback_type type;
    enum severity severity;
    enum feedback_reason reason;
    int64_t ts_ms; /* meeting time of the decision: the end of the window */
    int64_t window_start_ms;
    int64_t window_end_ms;
    bool is_group; /* about the meeting; participant is "group" then */
    unsigned facts;
    struct {
        enum feedback_fact fact;
        double value;
    } fact[FEEDBACK_FACTS_MAX];
    char participant[FEEDBACK_NAME_MAX + 1]; /* identity as it joined, UTF-8 */
    char name[FEEDBACK_NAME_MAX + 1];        /* as shown; empty when none is known */
};

const char *feedback_type_name(enum feedback_type type);
bool feedback_type_find(struct slice name, enum feedback_type *out);
const char *severity_name(enum severity severity);

/* "pt-BR" and "pt" in any letter case, "en", and what starts with them ("en-US"). */
bool locale_find(struct slice name, enum locale *out);

/* The sentence, with the name (else the identity) in it. Terminated; returns its length. */
size_t feedback_message(char out[FEEDBACK_MESSAGE_MAX], const struct feedback *feedback,
                        enum locale locale);

/* Fills `tips` with static strings and returns how many there are. */
size_t feedback_tips(const char *tips[FEEDBACK_TIPS_MAX], const struct feedback *feedback,
                     enum locale locale);

/* The metadata object alone, as it is stored. */
void feedback_write_metadata(struct buf *out, const struct feedback *feedback);

/* The event as a JSON object (DESIGN 6.3). */
void feedback_write_json(struct buf *out, const struct feedback *feedback, enum locale locale,
                         struct slice id, struct slice meeting_id, uint64_t seq);

#endif
