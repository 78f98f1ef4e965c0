/* What a message from the prosody service says, whatever its generation. Both readers are lenient:
 * unknown fields and types are nothing, and nothing in a message can fail more than that message. */
#ifndef OUTSIDE_HUME_READING_H
#define OUTSIDE_HUME_READING_H

#include "base/slice.h"
#include "meeting/expressions.h"
#include "meeting/feeling.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum hume_kind {
    HUME_UNREADABLE,    /* not JSON, too deep, too large, or no object */
    HUME_NOTHING,       /* readable, and of no consequence */
    HUME_MEASURED,      /* spans */
    HUME_NO_SPEECH,     /* answered: there was nothing to measure */
    HUME_READY,         /* v1: the session is created */
    HUME_TOO_FAST,      /* v1: the last frame was not taken; it is to be sent again */
    HUME_FAULT,         /* code: this message of ours was refused */
    HUME_SERVICE_FAULT, /* code: theirs; a new connection may help */
    HUME_QUOTA,         /* code: nothing more until somebody pays */
    HUME_ENDED,         /* v1: the session is closed */
};

enum { HUME_SPANS = 16, HUME_CODE_SIZE = 24, HUME_MESSAGE_MAX = 1024 * 1024 };

struct hume_span {
    int64_t begin_ms, end_ms; /* v0: in the block; v1: in the session's audio */
    struct feeling feeling;
};

struct hume_reading {
    enum hume_kind kind;
    char code[HUME_CODE_SIZE]; /* reduced; "" when there is none */
    uint64_t payload_id;       /* v0: echoed; 0 when absent */
    unsigned count;
    struct hume_span spans[HUME_SPANS];
};

/* map: what the service's names for expressions say. */
void hume_v0_read(struct hume_reading *out, const struct expressions *map, struct slice message);
void hume_v1_read(struct hume_reading *out, const struct expressions *map, struct slice message);

/* For the two readers. NULL when the message is no JSON object within bounds; else json_decref. */
json_t *hume_parse(struct slice message);
void hume_set_code(struct hume_reading *out, const json_t *code);

/* Adds a list of {"name":...,<value_key>:number} to a feeling. False when it is no list. */
bool hume_add_scores(struct feeling *feeling, const struct expressions *map, const json_t *list,
                     const char *value_key);

/* Numbers that are given as valence and arousal, at any depth under such a key ("valence",
 * "mean_Arousal"), take the place of estimates. */
void hume_find_numbers(struct feeling *feeling, const json_t *value);

/* Seconds or milliseconds from outside, NaN and absurdities cut, as milliseconds. */
int64_t hume_time_ms(double value, double unit_ms);

#endif
