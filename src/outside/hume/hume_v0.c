#include "outside/hume/hume_message.h"

#include "base/little.h"
#include "outside/hume/hume_limiter.h"
#include "wire/media/wav.h"
#include "wire/web/base64.h"
#include "wire/web/json_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PIECE_BYTES = 3072 };

/* ---- Ours ---- */

static void add_models(struct buf *out) {
    json_open(out, "models");
    json_open(out, "prosody");
    json_close(out);
    json_close(out);
}

void hume_v0_write_hello(struct buf *out) {
    json_open(out, NULL);
    add_models(out);
    json_close(out);
}

/* In pieces of a multiple of three bytes, so that the block is never copied whole. */
static void add_wav(struct buf *out, const int16_t *pcm, size_t n) {
    struct wav_format format = wav_format_s16(HUME_RATE_HZ, 1);
    uint8_t piece[PIECE_BYTES];
    uint8_t *end = piece + wav_write_header(piece, WAV_CANONICAL, &format, n * sizeof *pcm);
    for (size_t i = 0; i < n; i++) {
        end = little_put_u16(end, (uint16_t)pcm[i]);
        if (end == piece + PIECE_BYTES) {
            base64_write(out, slice_of(piece, PIECE_BYTES));
            end = piece;
        }
    }
    base64_write(out, slice_of(piece, (size_t)(end - piece)));
}

void hume_v0_write_block(struct buf *out, const int16_t *pcm, size_t n, uint64_t payload_id) {
    char id[24];
    snprintf(id, sizeof id, "%" PRIu64, payload_id);
    buf_reserve(out, (WAV_CANONICAL_BYTES + n * sizeof *pcm) * 4 / 3 + 100);
    json_open(out, NULL);
    json_add_name(out, "data");
    buf_add_byte(out, '"');
    add_wav(out, pcm, n);
    buf_add_byte(out, '"');
    add_models(out);
    json_add_text(out, "payload_id", slice_from(id));
    json_close(out);
}

/* ---- Answers ---- */

static void read_payload_id(struct hume_reading *out, const json_t *root) {
    const json_t *id = json_object_get(root, "payload_id");
    uint64_t number;
    if (json_is_string(id) &&
        slice_to_uint(slice_of(json_string_value(id), json_string_length(id)), INT64_MAX, &number))
        out->payload_id = number;
}

/* E: our fault or our quota (E03..), I: a fault of the service, W: nothing was measured. */
static bool read_code(struct hume_reading *out, const json_t *object) {
    const json_t *code = json_object_get(object, "code");
    const json_t *error = json_object_get(object, "error");
    const json_t *warning = json_object_get(object, "warning");
    if (!code && !error && !warning)
        return false;
    hume_set_code(out, code);
    if (warning || out->code[0] == 'W')
        out->kind = HUME_NO_SPEECH;
    else if (out->code[0] == 'I')
        out->kind = HUME_SERVICE_FAULT;
    else if (strncmp(out->code, "E03", 3) == 0)
        out->kind = HUME_QUOTA;
    else
        out->kind = HUME_FAULT;
    return true;
}

static void read_prediction(struct hume_reading *out, const struct expressions *map,
                            const json_t *prediction) {
    if (out->count == HUME_SPANS || !json_is_object(prediction))
        return;
    struct hume_span *span = &out->spans[out->count];
    const json_t *time = json_object_get(prediction, "time");
    *span = (struct hume_span){.feeling = FEELING_NONE};
    hume_add_scores(&span->feeling, map, json_object_get(prediction, "emotions"), "score");
    hume_find_numbers(&span->feeling, prediction);
    span->begin_ms = hume_time_ms(json_number_value(json_object_get(time, "begin")), 1000);
    span->end_ms = hume_time_ms(json_number_value(json_object_get(time, "end")), 1000);
    out->count++;
}

static void read_prosody(struct hume_reading *out, const struct expressions *map,
                         const json_t *prosody) {
    if (read_code(out, prosody))
        return;
    out->kind = HUME_MEASURED;
    const json_t *predictions = json_object_get(prosody, "predictions");
    if (!json_is_array(predictions)) { /* compatible services put valence and arousal right here */
        read_prediction(out, map, prosody);
        return;
    }
    size_t i;
    json_t *prediction;
    json_array_foreach(predictions, i, prediction)
        read_prediction(out, map, prediction);
}

void hume_v0_read(struct hume_reading *out, const struct expressions *map, struct slice message) {
    *out = (struct hume_reading){.kind = HUME_UNREADABLE};
    json_t *root = hume_parse(message);
    if (!root)
        return;
    out->kind = HUME_NOTHING;
    read_payload_id(out, root);
    const json_t *prosody = json_object_get(root, "prosody");
    if (json_is_object(prosody))
        read_prosody(out, map, prosody);
    else
        read_code(out, root);
    json_decref(root);
}
