#include "outside/hume/hume_v0.h"

#include "wire/web/base64.h"

#include <string.h>

/* contracts/hume.md, section 1. */

enum { HEADER_BYTES = 44, PIECE_BYTES = 3072 };

static const char MODELS[] = "\"models\":{\"prosody\":{}}";

void hume_v0_write_hello(struct buf *out) {
    buf_printf(out, "{%s}", MODELS);
}

static void put_le(uint8_t *out, uint32_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; i++)
        out[i] = (uint8_t)(value >> 8 * i);
}

static void write_header(uint8_t header[HEADER_BYTES], uint32_t bytes, unsigned rate_hz) {
    memcpy(header, "RIFF....WAVEfmt ", 16);
    put_le(header + 4, HEADER_BYTES - 8 + bytes, 4);
    put_le(header + 16, 16, 4);
    put_le(header + 20, 1, 2); /* PCM */
    put_le(header + 22, 1, 2); /* mono */
    put_le(header + 24, rate_hz, 4);
    put_le(header + 28, rate_hz * 2, 4);
    put_le(header + 32, 2, 2);
    put_le(header + 34, 16, 2);
    memcpy(header + 36, "data", 4);
    put_le(header + 40, bytes, 4);
}

/* In pieces of a multiple of three bytes, so that the block is never copied whole. */
static void write_wav(struct buf *out, const int16_t *pcm, size_t n, unsigned rate_hz) {
    uint8_t piece[PIECE_BYTES];
    size_t filled = HEADER_BYTES;
    write_header(piece, (uint32_t)(n * sizeof *pcm), rate_hz);
    for (size_t i = 0; i < n; i++) {
        put_le(piece + filled, (uint16_t)pcm[i], 2);
        filled += 2;
        if (filled == PIECE_BYTES) {
            base64_write(out, slice_of(piece, filled));
            filled = 0;
        }
    }
    base64_write(out, slice_of(piece, filled));
}

void hume_v0_write_block(struct buf *out, const int16_t *pcm, size_t n, unsigned rate_hz,
                         uint64_t payload_id) {
    buf_reserve(out, (HEADER_BYTES + n * sizeof *pcm) * 4 / 3 + 100);
    buf_add_text(out, "{\"data\":\"");
    write_wav(out, pcm, n, rate_hz);
    buf_printf(out, "\",%s,\"payload_id\":\"%llu\"}", MODELS, (unsigned long long)payload_id);
}

/* ---- answers ---- */

static void read_payload_id(struct hume_reading *out, const json_t *root) {
    const json_t *id = json_object_get(root, "payload_id");
    uint64_t number;
    if (json_is_string(id) &&
        slice_to_uint(slice_of(json_string_value(id), json_string_length(id)), INT64_MAX, &number))
        out->payload_id = number;
}

/* E: our fault or our quota (E03..), I: theirs, W: nothing to report. */
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
    const json_t *predictions = json_object_get(prosody, "predictions");
    size_t i;
    json_t *prediction;
    if (read_code(out, prosody))
        return;
    out->kind = HUME_MEASURED;
    if (json_is_array(predictions)) {
        json_array_foreach(predictions, i, prediction) read_prediction(out, map, prediction);
    } else { /* compatible services put valence and arousal right here */
        read_prediction(out, map, prosody);
    }
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
