/*
 * Messages from and to the prosody service, in both protocols:
 *
 *     v0, the retired streaming API, which compatible services still speak: JSON text both ways,
 *         with a WAV block inside
 *     v1, the realtime API: binary frames one way, measurements as JSON text the other
 *
 * Reading is lenient: unknown fields and types are ignored, and a bad message spoils nothing but
 * itself.
 */
#ifndef OUTSIDE_HUME_MESSAGE_H
#define OUTSIDE_HUME_MESSAGE_H

#include "base/buf.h"
#include "base/slice.h"
#include "meeting/expressions.h"
#include "meeting/feeling.h"
#include "outside/hume/hume_names.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum hume_kind {
    HUME_UNREADABLE,    /* not JSON, too deep, too large, or no object */
    HUME_NOTHING,       /* readable, and without effect */
    HUME_MEASURED,      /* spans */
    HUME_NO_SPEECH,     /* answered: there was nothing to measure */
    HUME_READY,         /* v1: the session is created */
    HUME_TOO_FAST,      /* v1: the last frame was not taken and has to be sent again */
    HUME_FAULT,         /* code: this message of ours was refused */
    HUME_SERVICE_FAULT, /* code: an error of the service; a new connection may help */
    HUME_QUOTA,         /* code: the quota is used up, for every connection */
    HUME_ENDED,         /* v1: the session is closed */
};

enum { HUME_SPANS = 16, HUME_MESSAGE_MAX = 1024 * 1024 };

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

/* map: what the service's names for expressions mean. */
void hume_v0_read(struct hume_reading *out, const struct expressions *map, struct slice message);
void hume_v1_read(struct hume_reading *out, const struct expressions *map, struct slice message);

/* Once after opening, for services of v0 that want to know the models first. */
void hume_v0_write_hello(struct buf *out);

/* A block of mono s16 at HUME_RATE_HZ, at most 5 s. payload_id comes back in its answer. */
void hume_v0_write_block(struct buf *out, const int16_t *pcm, size_t n, uint64_t payload_id);

/* ---- For the two readers ---- */

/* NULL when the message is no JSON object within bounds. The caller owns the value. */
json_t *hume_parse(struct slice message);
/* Codes become metric labels and log fields: all but letters, digits, '_' and '-' becomes '_'. */
void hume_set_code(struct hume_reading *out, const json_t *code);

/* Adds a list of {"name":...,<value_key>:number} to a feeling. False when it is no list. */
bool hume_add_scores(struct feeling *feeling, const struct expressions *map, const json_t *list,
                     const char *value_key);

/* Looks at any depth for numbers whose key says valence or arousal ("valence", "mean_Arousal");
 * they replace estimates. */
void hume_find_numbers(struct feeling *feeling, const json_t *value);

/* A time from outside as milliseconds; below 0 and NaN become 0, the most is a week. */
int64_t hume_time_ms(double value, double unit_ms);

#endif
