#include "wire/media/ivf.h"

#include "base/little.h"
#include "base/macros.h"

#include <string.h>

enum { READ_HEADER, READ_FRAME_HEADER, READ_PAYLOAD, READ_BAD };

static const char fourccs[][4] = {
    [IVF_VP8] = {'V', 'P', '8', '0'},
    [IVF_VP9] = {'V', 'P', '9', '0'},
    [IVF_AV1] = {'A', 'V', '0', '1'},
};

void ivf_write_header(uint8_t out[IVF_HEADER_BYTES], const struct ivf_header *header) {
    uint8_t *p = out;
    memcpy(p, "DKIF", 4);
    p = little_put_u16(p + 4, 0); /* version */
    p = little_put_u16(p, IVF_HEADER_BYTES);
    memcpy(p, fourccs[header->codec], 4);
    p = little_put_u16(p + 4, header->width);
    p = little_put_u16(p, header->height);
    p = little_put_u32(p, header->rate);
    p = little_put_u32(p, header->scale);
    p = little_put_u32(p, header->length);
    little_put_u32(p, 0);
}

void ivf_write_frame_header(uint8_t out[IVF_FRAME_HEADER_BYTES], uint32_t payload_bytes,
                            uint64_t pts) {
    little_put_u64(little_put_u32(out, payload_bytes), pts);
}

uint32_t ivf_length(uint64_t frames, uint64_t first_pts, uint64_t last_pts) {
    if (frames == 0)
        return 0;
    bool is_even = frames > 1 && last_pts > first_pts;
    uint64_t each = is_even ? (last_pts - first_pts + (frames - 1) / 2) / (frames - 1) : 0;
    uint64_t length = last_pts + (each > 0 ? each : 1);
    return length < UINT32_MAX ? (uint32_t)length : UINT32_MAX;
}

bool ivf_is_magic(const uint8_t *bytes, size_t len) {
    return memcmp(bytes, "DKIF", len < 4 ? len : 4) == 0;
}

static bool parse_codec(const uint8_t *fourcc, enum ivf_codec *codec) {
    for (size_t i = 0; i < ARRAY_LEN(fourccs); i++) {
        if (memcmp(fourcc, fourccs[i], 4) == 0) {
            *codec = (enum ivf_codec)i;
            return true;
        }
    }
    return false;
}

static enum ivf_result on_header(struct ivf_parser *parser) {
    const uint8_t *h = parser->held;
    struct ivf_header *header = &parser->header;
    if (!ivf_is_magic(h, 4) || little_u16(h + 4) != 0 || little_u16(h + 6) != IVF_HEADER_BYTES ||
        !parse_codec(h + 8, &header->codec)) {
        parser->state = READ_BAD;
        return IVF_BAD;
    }
    header->width = little_u16(h + 12);
    header->height = little_u16(h + 14);
    header->rate = little_u32(h + 16);
    header->scale = little_u32(h + 20);
    header->length = little_u32(h + 24);
    parser->state = READ_FRAME_HEADER;
    parser->have = 0;
    parser->end = parser->offset;
    return IVF_HEADER;
}

static enum ivf_result end_frame(struct ivf_parser *parser) {
    parser->state = READ_FRAME_HEADER;
    parser->have = 0;
    parser->frames++;
    parser->end = parser->offset;
    return IVF_FRAME;
}

static enum ivf_result on_frame_header(struct ivf_parser *parser) {
    parser->frame_bytes = little_u32(parser->held);
    parser->pts = little_u64(parser->held + 4);
    if (parser->frames == 0)
        parser->first_pts = parser->pts;
    parser->payload_left = parser->frame_bytes;
    parser->state = READ_PAYLOAD;
    return parser->payload_left == 0 ? end_frame(parser) : IVF_MORE;
}

uint64_t ivf_skip(struct ivf_parser *parser, uint64_t count, enum ivf_result *result) {
    *result = IVF_MORE;
    if (parser->state != READ_PAYLOAD)
        return 0;
    uint32_t n = count < parser->payload_left ? (uint32_t)count : parser->payload_left;
    parser->payload_left -= n;
    parser->offset += n;
    if (parser->payload_left == 0)
        *result = end_frame(parser);
    return n;
}

size_t ivf_parse(struct ivf_parser *parser, const uint8_t *bytes, size_t len,
                 enum ivf_result *result) {
    size_t used = 0;
    *result = parser->state == READ_BAD ? IVF_BAD : IVF_MORE;
    while (used < len && *result == IVF_MORE) {
        if (parser->state == READ_PAYLOAD) {
            used += (size_t)ivf_skip(parser, len - used, result);
            continue;
        }
        size_t need = parser->state == READ_HEADER ? IVF_HEADER_BYTES : IVF_FRAME_HEADER_BYTES;
        size_t room = need - parser->have;
        size_t n = len - used < room ? len - used : room;
        memcpy(parser->held + parser->have, bytes + used, n);
        parser->have = (uint8_t)(parser->have + n);
        parser->offset += n;
        used += n;
        if (parser->have == need)
            *result = parser->state == READ_HEADER ? on_header(parser) : on_frame_header(parser);
    }
    return used;
}

bool ivf_is_vp8_key(const uint8_t *frame, size_t len, uint16_t *width, uint16_t *height) {
    static const uint8_t start_code[] = {0x9d, 0x01, 0x2a};
    if (len < 10 || (frame[0] & 1) != 0 || memcmp(frame + 3, start_code, sizeof start_code) != 0)
        return false;
    *width = little_u16(frame + 6) & 0x3fff; /* two bits of scale above */
    *height = little_u16(frame + 8) & 0x3fff;
    return true;
}

/* Reads bits, most significant first. Beyond the end they are 0, and is_short is set. */
struct bits {
    const uint8_t *bytes;
    size_t len;
    size_t at;
    bool is_short;
};

static uint32_t take_bits(struct bits *bits, unsigned count) {
    uint32_t value = 0;
    for (; count > 0; count--, bits->at++) {
        bool is_there = bits->at / 8 < bits->len;
        bits->is_short |= !is_there;
        value = value << 1 | (is_there ? bits->bytes[bits->at / 8] >> (7 - bits->at % 8) & 1u : 0);
    }
    return value;
}

static void skip_vp9_color(struct bits *bits, uint32_t profile) {
    enum { COLOR_RGB = 7 };
    bool is_odd_profile = profile == 1 || profile == 3;
    if (profile >= 2)
        take_bits(bits, 1); /* ten or twelve bit */
    bool is_rgb = take_bits(bits, 3) == COLOR_RGB;
    if (!is_rgb)
        take_bits(bits, 1); /* range */
    if (is_odd_profile)
        take_bits(bits, is_rgb ? 1 : 3); /* subsampling x and y unless RGB, and a reserved bit */
}

bool ivf_is_vp9_key(const uint8_t *frame, size_t len, uint16_t *width, uint16_t *height) {
    enum { MARKER = 2, SYNC_CODE = 0x498342 };
    struct bits bits = {.bytes = frame, .len = len};
    if (take_bits(&bits, 2) != MARKER)
        return false;
    uint32_t profile = take_bits(&bits, 1);
    profile |= take_bits(&bits, 1) << 1;
    if (profile == 3)
        take_bits(&bits, 1);
    bool shows_existing = take_bits(&bits, 1);
    bool is_inter = take_bits(&bits, 1);
    take_bits(&bits, 2); /* show_frame, error_resilient_mode */
    if (shows_existing || is_inter || take_bits(&bits, 24) != SYNC_CODE)
        return false;
    skip_vp9_color(&bits, profile);
    uint32_t w = take_bits(&bits, 16) + 1, h = take_bits(&bits, 16) + 1;
    if (bits.is_short)
        return false;
    *width = w > UINT16_MAX ? UINT16_MAX : (uint16_t)w;
    *height = h > UINT16_MAX ? UINT16_MAX : (uint16_t)h;
    return true;
}
