#include "wire/media/wav.h"

#include "base/little.h"
#include "base/macros.h"

#include <assert.h>
#include <string.h>

enum { RIFF_HEAD = 12, CHUNK_HEAD = 8, FMT_BYTES = 16, DS64_BYTES = 28, TAG_EXTENSIBLE = 0xFFFE };
#define SIZE_SEE_DS64 UINT32_C(0xFFFFFFFF)

/* Where the sizes lie: at the front, and right before the samples. */
enum { RIFF_SIZE_AT = 4, DS64_AT = 12, DATA_SIZE_BEFORE = 4 };

static uint8_t *put_id(uint8_t *p, const char *id) {
    memcpy(p, id, 4);
    return p + 4;
}

static bool is_id(const uint8_t *p, const char *id) {
    return memcmp(p, id, 4) == 0;
}

struct wav_format wav_format_s16(uint32_t rate_hz, uint16_t channels) {
    return (struct wav_format){.tag = WAV_TAG_PCM,
                               .channels = channels,
                               .rate_hz = rate_hz,
                               .bits = 16,
                               .frame_bytes = (uint16_t)(channels * 2)};
}

size_t wav_header_bytes(enum wav_layout layout) {
    return layout == WAV_RF64 ? WAV_RF64_BYTES : WAV_CANONICAL_BYTES;
}

static uint8_t *put_fmt(uint8_t *p, const struct wav_format *format) {
    p = put_id(p, "fmt ");
    p = little_put_u32(p, FMT_BYTES);
    p = little_put_u16(p, format->tag);
    p = little_put_u16(p, format->channels);
    p = little_put_u32(p, format->rate_hz);
    p = little_put_u32(p, format->rate_hz * format->frame_bytes);
    p = little_put_u16(p, format->frame_bytes);
    return little_put_u16(p, format->bits);
}

/* The 28 bytes of a ds64 chunk. */
static void put_ds64(uint8_t *p, uint64_t riff_bytes, uint64_t data_bytes, uint16_t frame_bytes) {
    p = little_put_u64(p, riff_bytes);
    p = little_put_u64(p, data_bytes);
    p = little_put_u64(p, data_bytes / frame_bytes);
    little_put_u32(p, 0); /* no table */
}

size_t wav_write_header(uint8_t out[WAV_HEADER_MAX], enum wav_layout layout,
                        const struct wav_format *format, uint64_t data_bytes) {
    size_t header = wav_header_bytes(layout);
    uint64_t riff_bytes = header - 8 + data_bytes;
    bool is_long = riff_bytes >= SIZE_SEE_DS64;
    assert(layout == WAV_RF64 || !is_long);

    uint8_t *p = put_id(out, is_long ? "RF64" : "RIFF");
    p = little_put_u32(p, is_long ? SIZE_SEE_DS64 : (uint32_t)riff_bytes);
    p = put_id(p, "WAVE");
    if (layout == WAV_RF64) {
        p = put_id(p, is_long ? "ds64" : "JUNK");
        p = little_put_u32(p, DS64_BYTES);
        memset(p, 0, DS64_BYTES);
        if (is_long)
            put_ds64(p, riff_bytes, data_bytes, format->frame_bytes);
        p += DS64_BYTES;
    }
    p = put_fmt(p, format);
    p = put_id(p, "data");
    p = little_put_u32(p, is_long ? SIZE_SEE_DS64 : (uint32_t)data_bytes);
    assert((size_t)(p - out) == header);
    return header;
}

/* What the parser collects `need` bytes for. */
enum { READ_RIFF, READ_CHUNK, READ_FMT, READ_DS64, READ_DONE, READ_BAD };

static enum wav_result expect(struct wav_parser *parser, uint8_t state, size_t need) {
    parser->state = state;
    parser->need = (uint8_t)need;
    parser->have = 0;
    return WAV_MORE;
}

static enum wav_result on_riff(struct wav_parser *parser) {
    const uint8_t *h = parser->held;
    struct wav_info *info = &parser->info;
    info->is_rf64 = is_id(h, "RF64") || is_id(h, "BW64");
    if ((!info->is_rf64 && !is_id(h, "RIFF")) || !is_id(h + 8, "WAVE"))
        return WAV_BAD;
    uint32_t size = little_u32(h + 4);
    info->riff_bytes = size == SIZE_SEE_DS64 ? WAV_SIZE_UNKNOWN : size;
    return expect(parser, READ_CHUNK, CHUNK_HEAD);
}

static enum wav_result on_fmt(struct wav_parser *parser, size_t len) {
    const uint8_t *h = parser->held;
    struct wav_format *format = &parser->info.format;
    *format = (struct wav_format){.tag = little_u16(h),
                                  .channels = little_u16(h + 2),
                                  .rate_hz = little_u32(h + 4),
                                  .frame_bytes = little_u16(h + 12),
                                  .bits = little_u16(h + 14)};
    if (format->tag == TAG_EXTENSIBLE && len >= 26)
        format->tag = little_u16(h + 24); /* the first two bytes of the sub-format GUID */
    uint32_t sample_bytes = (format->bits + 7u) / 8;
    if (format->channels == 0 || format->rate_hz == 0 || sample_bytes == 0 ||
        format->frame_bytes != sample_bytes * format->channels)
        return WAV_BAD;
    parser->has_fmt = true;
    return expect(parser, READ_CHUNK, CHUNK_HEAD);
}

static enum wav_result on_ds64(struct wav_parser *parser) {
    const uint8_t *h = parser->held;
    if (parser->info.is_rf64) {
        if (parser->info.riff_bytes == WAV_SIZE_UNKNOWN)
            parser->info.riff_bytes = little_u64(h);
        parser->ds64_data = little_u64(h + 8);
        parser->has_ds64 = true;
    }
    return expect(parser, READ_CHUNK, CHUNK_HEAD);
}

static enum wav_result on_data(struct wav_parser *parser, uint32_t size) {
    if (!parser->has_fmt)
        return WAV_BAD;
    struct wav_info *info = &parser->info;
    info->data_offset = parser->offset;
    info->data_bytes = size;
    if (size == SIZE_SEE_DS64)
        info->data_bytes = parser->has_ds64 ? parser->ds64_data : WAV_SIZE_UNKNOWN;
    parser->state = READ_DONE;
    return WAV_DONE;
}

static enum wav_result on_chunk(struct wav_parser *parser) {
    const uint8_t *h = parser->held;
    uint32_t size = little_u32(h + 4);
    bool is_first = parser->offset == RIFF_HEAD + CHUNK_HEAD;
    if (is_id(h, "data"))
        return on_data(parser, size);
    if (is_first && size == DS64_BYTES && (is_id(h, "JUNK") || is_id(h, "ds64")))
        parser->info.has_ds64_slot = true;

    size_t take = 0;
    uint8_t state = READ_CHUNK;
    if (is_id(h, "fmt ")) {
        if (size < FMT_BYTES)
            return WAV_BAD;
        state = READ_FMT;
        take = size < sizeof parser->held ? size : sizeof parser->held;
    } else if (is_id(h, "ds64") && size >= DS64_BYTES && is_first) { /* Tech 3306: only first */
        state = READ_DS64;
        take = DS64_BYTES;
    }
    parser->skip_after = (uint64_t)size - take + (size & 1);
    if (state != READ_CHUNK)
        return expect(parser, state, take);
    parser->skip = parser->skip_after;
    return expect(parser, READ_CHUNK, CHUNK_HEAD);
}

static enum wav_result on_held(struct wav_parser *parser) {
    switch (parser->state) {
    case READ_RIFF:
        return on_riff(parser);
    case READ_CHUNK:
        return on_chunk(parser);
    case READ_FMT:
        parser->skip = parser->skip_after;
        return on_fmt(parser, parser->need);
    default: /* READ_DS64 */
        parser->skip = parser->skip_after;
        return on_ds64(parser);
    }
}

size_t wav_parse(struct wav_parser *parser, const uint8_t *bytes, size_t len,
                 enum wav_result *result) {
    size_t used = 0;
    if (parser->need == 0)
        expect(parser, READ_RIFF, RIFF_HEAD);
    *result = parser->state == READ_DONE  ? WAV_DONE
              : parser->state == READ_BAD ? WAV_BAD
                                          : WAV_MORE;
    while (used < len && *result == WAV_MORE) {
        size_t n = len - used;
        if (parser->skip > 0) {
            n = n < parser->skip ? n : (size_t)parser->skip;
            parser->skip -= n;
        } else {
            size_t room = (size_t)parser->need - parser->have;
            n = n < room ? n : room;
            memcpy(parser->held + parser->have, bytes + used, n);
            parser->have = (uint8_t)(parser->have + n);
        }
        used += n;
        parser->offset += n;
        if (parser->skip == 0 && parser->have == parser->need) {
            *result = on_held(parser);
            if (*result == WAV_BAD)
                parser->state = READ_BAD;
        }
    }
    return used;
}

bool wav_is_tag(const uint8_t bytes[WAV_TAG_BYTES]) {
    return memcmp(bytes, "TAG", 3) == 0 || memcmp(bytes, "ID3", 3) == 0 ||
           memcmp(bytes, "APETAGEX", WAV_TAG_BYTES) == 0;
}

static void add_patch(struct wav_repair *repair, uint64_t offset, const void *bytes, size_t len) {
    assert(repair->patch_count < ARRAY_LEN(repair->patches));
    repair->patches[repair->patch_count].offset = offset;
    repair->patches[repair->patch_count].len = (uint8_t)len;
    memcpy(repair->patches[repair->patch_count].bytes, bytes, len);
    repair->patch_count++;
}

static void add_size(struct wav_repair *repair, uint64_t offset, uint32_t size) {
    uint8_t bytes[4];
    little_put_u32(bytes, size);
    add_patch(repair, offset, bytes, sizeof bytes);
}

static void patch_short(const struct wav_info *info, struct wav_repair *repair) {
    add_size(repair, info->data_offset - DATA_SIZE_BEFORE, (uint32_t)repair->data_bytes);
    add_size(repair, RIFF_SIZE_AT, (uint32_t)(repair->file_bytes - 8));
}

static void patch_long(const struct wav_info *info, struct wav_repair *repair) {
    uint8_t slot[CHUNK_HEAD + DS64_BYTES];
    little_put_u32(put_id(slot, "ds64"), DS64_BYTES);
    put_ds64(slot + CHUNK_HEAD, repair->file_bytes - 8, repair->data_bytes,
             info->format.frame_bytes);
    uint8_t riff[8];
    little_put_u32(put_id(riff, "RF64"), SIZE_SEE_DS64);
    add_patch(repair, DS64_AT, slot, sizeof slot);
    add_size(repair, info->data_offset - DATA_SIZE_BEFORE, SIZE_SEE_DS64);
    add_patch(repair, 0, riff, sizeof riff);
}

/* Its sizes agree with the file, or the RIFF size includes chunks behind the samples. */
static bool is_finished(const struct wav_info *info, uint64_t file_bytes) {
    if (info->data_bytes == WAV_SIZE_UNKNOWN || info->riff_bytes == WAV_SIZE_UNKNOWN ||
        info->data_bytes > file_bytes - info->data_offset)
        return false;
    uint64_t data_end = info->data_offset + info->data_bytes;
    uint64_t riff_end = info->riff_bytes + 8;
    return riff_end == file_bytes || (info->data_bytes > 0 && riff_end > data_end + (data_end & 1));
}

bool wav_plan_repair(const struct wav_info *info, uint64_t file_bytes, struct wav_repair *out) {
    if (file_bytes < info->data_offset)
        return false;
    if (is_finished(info, file_bytes) || (info->is_rf64 && !info->has_ds64_slot))
        return false;

    uint64_t avail = file_bytes - info->data_offset;
    *out = (struct wav_repair){0};
    out->data_bytes = avail - avail % info->format.frame_bytes;
    bool is_long = info->is_rf64 || info->data_offset - 8 + out->data_bytes >= SIZE_SEE_DS64;
    bool keeps_length = is_long && !info->has_ds64_slot;
    if (keeps_length) { /* as much as the header can state; the rest stays in the file */
        out->data_bytes = SIZE_SEE_DS64 - 1 - (info->data_offset - 8);
        out->data_bytes -= out->data_bytes % info->format.frame_bytes;
    }
    out->file_bytes = info->data_offset + out->data_bytes;
    if (info->data_bytes == out->data_bytes && info->riff_bytes == out->file_bytes - 8 &&
        (file_bytes == out->file_bytes || keeps_length))
        return false;
    if (is_long && !keeps_length)
        patch_long(info, out);
    else
        patch_short(info, out);
    if (keeps_length)
        out->file_bytes = file_bytes;
    return true;
}
