#include "wire/rtc/rtp_video.h"

enum {
    NAL_TYPE = 0x1f,
    NAL_STAP_A = 24,
    NAL_FU_A = 28,
    FU_START = 0x80,
    FU_END = 0x40,
    NAL_IDR = 5,
    NAL_PARAMETERS = 7,
};

static const uint8_t start_code[] = {0, 0, 0, 1};

void rtp_video_free(struct rtp_video *video) {
    buf_free(&video->picture);
}

static void picture_drop(struct rtp_video *video) {
    video->dropped += video->has_begun;
    video->has_begun = video->is_in_unit = false;
    video->needs_key = true;
    buf_clear(&video->picture);
}

void rtp_video_lose(struct rtp_video *video) {
    picture_drop(video);
}

/* What follows a payload's own head; NULL in it: the payload is malformed. */
struct part {
    struct slice bytes;
    bool is_start; /* of a picture */
};

static const struct part malformed;

/* Bytes of a payload, one by one; reading past the end is told by is_short. */
struct reader {
    const uint8_t *at, *end;
    bool is_short;
};

static uint8_t byte_read(struct reader *reader) {
    if (reader->at == reader->end) {
        reader->is_short = true;
        return 0;
    }
    return *reader->at++;
}

static void bytes_skip(struct reader *reader, size_t count) {
    if (count > (size_t)(reader->end - reader->at)) {
        reader->is_short = true;
        count = (size_t)(reader->end - reader->at);
    }
    reader->at += count;
}

static struct part part_of(const struct reader *reader, bool is_start) {
    if (reader->is_short)
        return malformed;
    return (struct part){slice_of(reader->at, (size_t)(reader->end - reader->at)), is_start};
}

static struct reader reader_of(struct slice payload) {
    const uint8_t *bytes = (const uint8_t *)payload.ptr;
    return (struct reader){bytes, bytes + payload.len, false};
}

/* ---- VP8: RFC 7741, 4.2 ---- */

static struct part vp8_read(struct slice payload) {
    struct reader reader = reader_of(payload);
    uint8_t head = byte_read(&reader);
    if (head & 0x80) {
        uint8_t more = byte_read(&reader);
        if (more & 0x80 && byte_read(&reader) & 0x80) /* a picture's number, of one byte or two */
            byte_read(&reader);
        bytes_skip(&reader, (size_t)(more >> 6 & 1) + ((more & 0x30) != 0));
    }
    return part_of(&reader, (head & 0x10) != 0 && (head & 7) == 0);
}

static bool vp8_is_key(struct slice picture) {
    return picture.len > 0 && (picture.ptr[0] & 1) == 0;
}

/* ---- VP9: RFC 9628, 4.2 ---- */

static void vp9_structure_skip(struct reader *reader) {
    uint8_t head = byte_read(reader);
    if (head & 0x10)
        bytes_skip(reader, 4 * ((size_t)(head >> 5) + 1));
    if (!(head & 0x08))
        return;
    for (unsigned pictures = byte_read(reader); pictures > 0 && !reader->is_short; pictures--)
        bytes_skip(reader, byte_read(reader) >> 2 & 3);
}

static struct part vp9_read(struct slice payload) {
    struct reader reader = reader_of(payload);
    uint8_t head = byte_read(&reader), layer = 0;
    bool is_flexible = head & 0x10;
    if (head & 0x80 && byte_read(&reader) & 0x80)
        byte_read(&reader);
    if (head & 0x20) {
        layer = byte_read(&reader);
        if (!is_flexible)
            byte_read(&reader);
    }
    if (is_flexible && head & 0x40) {
        unsigned count = 1;
        while (byte_read(&reader) & 1 && count < 3)
            count++;
    }
    if (head & 0x02)
        vp9_structure_skip(&reader);
    return part_of(&reader, (head & 0x08) != 0 && (layer >> 1 & 7) == 0);
}

/* Bits of the frame's own head: marker 2, profile 2 (3), existing 1, then 0 for a key frame. */
static bool vp9_is_key(struct slice picture) {
    if (picture.len == 0)
        return false;
    uint8_t head = (uint8_t)picture.ptr[0];
    unsigned shift = (head >> 4 & 3) == 3 ? 1 : 0;
    return (head >> (3 - shift) & 1) == 0 && (head >> (2 - shift) & 1) == 0;
}

/* ---- H.264: RFC 6184, 5.2 ---- */

static bool is_key_unit(uint8_t head) {
    unsigned type = head & NAL_TYPE;
    return type == NAL_IDR || type == NAL_PARAMETERS;
}

static bool units_add(struct rtp_video *video, struct slice payload) {
    for (payload = slice_skip(payload, 1); payload.len > 0;) {
        if (payload.len < 3)
            return false;
        size_t len = (size_t)(uint8_t)payload.ptr[0] << 8 | (uint8_t)payload.ptr[1];
        payload = slice_skip(payload, 2);
        if (len == 0 || len > payload.len)
            return false;
        buf_add(&video->picture, start_code, sizeof start_code);
        buf_add_slice(&video->picture, slice_take(payload, len));
        payload = slice_skip(payload, len);
    }
    return true;
}

static bool fragment_add(struct rtp_video *video, struct slice payload) {
    if (payload.len < 3)
        return false;
    uint8_t indicator = (uint8_t)payload.ptr[0], head = (uint8_t)payload.ptr[1];
    if (head & FU_START) {
        uint8_t unit = (uint8_t)((indicator & ~NAL_TYPE) | (head & NAL_TYPE));
        buf_add(&video->picture, start_code, sizeof start_code);
        buf_add_byte(&video->picture, (char)unit);
    } else if (!video->is_in_unit) {
        return false;
    }
    video->is_in_unit = !(head & FU_END);
    buf_add_slice(&video->picture, slice_skip(payload, 2));
    return true;
}

static bool h264_add(struct rtp_video *video, struct slice payload) {
    unsigned type = (uint8_t)payload.ptr[0] & NAL_TYPE;
    if (type != NAL_FU_A && video->is_in_unit)
        return false;
    if (type == NAL_STAP_A)
        return units_add(video, payload);
    if (type == NAL_FU_A)
        return fragment_add(video, payload);
    if (type == 0 || type > NAL_STAP_A)
        return false;
    buf_add(&video->picture, start_code, sizeof start_code);
    buf_add_slice(&video->picture, payload);
    return true;
}

static bool h264_is_key(struct slice picture) {
    for (size_t i = 0; i + sizeof start_code < picture.len; i++)
        if (picture.ptr[i] == 0 && picture.ptr[i + 1] == 0 && picture.ptr[i + 2] == 0 &&
            picture.ptr[i + 3] == 1 && is_key_unit((uint8_t)picture.ptr[i + 4]))
            return true;
    return false;
}

/* ---- Pictures ---- */

static bool is_key(const struct rtp_video *video) {
    struct slice picture = buf_slice(&video->picture);
    return video->codec == RTP_VIDEO_VP8   ? vp8_is_key(picture)
           : video->codec == RTP_VIDEO_VP9 ? vp9_is_key(picture)
                                           : h264_is_key(picture);
}

/* False: it cannot be a part of this picture. */
static bool payload_add(struct rtp_video *video, struct slice payload) {
    if (video->codec == RTP_VIDEO_H264) {
        video->has_begun = true;
        return h264_add(video, payload);
    }
    struct part part = video->codec == RTP_VIDEO_VP8 ? vp8_read(payload) : vp9_read(payload);
    if (!part.bytes.ptr || part.bytes.len == 0 || (!video->has_begun && !part.is_start))
        return false;
    video->has_begun = true;
    buf_add_slice(&video->picture, part.bytes);
    return true;
}

bool rtp_video_take(struct rtp_video *video, struct slice payload, uint32_t timestamp, bool marker,
                    struct slice *picture) {
    if (!video->has_begun || timestamp != video->timestamp) {
        if (video->has_begun) /* it never ended */
            picture_drop(video);
        buf_clear(&video->picture);
        video->is_in_unit = false;
        video->timestamp = timestamp;
    }
    if (payload.len == 0) /* padding only */
        return false;
    if (!payload_add(video, payload) || video->picture.len > RTP_VIDEO_PICTURE_MAX) {
        picture_drop(video);
        return false;
    }
    if (!marker)
        return false;
    video->has_begun = false;
    if (video->is_in_unit || video->picture.len == 0 || (video->needs_key && !is_key(video))) {
        video->dropped++;
        video->needs_key = true;
        return false;
    }
    video->needs_key = false;
    *picture = buf_slice(&video->picture);
    return true;
}
