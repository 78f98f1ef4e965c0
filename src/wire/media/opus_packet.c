#include "wire/media/opus_packet.h"

enum { FRAMES_MAX = 48, FRAME_BYTES_MAX = 1275, STEREO = 4, LONG_LENGTH = 252 };
/* Configurations of the first byte: CELT, full band, from 2.5 to 20 ms. */
enum { CELT_2_5_MS = 28, CELT_20_MS = 31, CELT_20_MS_TICKS = 960, SILENCE_FRAMES = 6 };
/* What LiveKit's server sends for a track that is muted: a frame of 20 ms, with zeros behind it. */
enum { FILLER_BYTES = 80 };

static unsigned frame_ticks(uint8_t toc) {
    static const uint16_t silk[] = {480, 960, 1920, 2880};
    unsigned config = toc >> 3;
    if (config < 12)
        return silk[config % 4];
    return config < 16 ? 480U << config % 2 : 120U << config % 4;
}

/* Reads the length of a frame; returns the bytes that it took, 0: there are too few. */
static size_t length_read(const uint8_t *at, size_t left, size_t *length) {
    if (left < 1)
        return 0;
    if (at[0] < LONG_LENGTH) {
        *length = at[0];
        return 1;
    }
    if (left < 2)
        return 0;
    *length = at[0] + (size_t)at[1] * 4;
    return 2;
}

/* Takes the padding of a packet with counted frames off its end. */
static bool padding_skip(const uint8_t **at, size_t *left) {
    size_t padding = 0;
    uint8_t more;
    do {
        if (*left < 1)
            return false;
        more = *(*at)++;
        --*left;
        padding += more == 255 ? 254 : more;
    } while (more == 255);
    if (padding > *left)
        return false;
    *left -= padding;
    return true;
}

/* Code 3: a count, then frames of one length or of lengths that are told. */
static bool counted_check(const uint8_t *at, size_t left, unsigned ticks, unsigned *count) {
    if (left < 1)
        return false;
    uint8_t head = *at++;
    left--;
    *count = head & 63;
    if (*count == 0 || *count > FRAMES_MAX || *count * ticks > OPUS_TICKS_MAX)
        return false;
    if (head & 0x40 && !padding_skip(&at, &left))
        return false;
    if (!(head & 0x80))
        return left % *count == 0 && left / *count <= FRAME_BYTES_MAX;
    for (unsigned i = 1; i < *count; i++) {
        size_t length, used = length_read(at, left, &length);
        if (used == 0 || length > left - used)
            return false;
        at += used;
        left -= used + length;
        /* The lengths stand together in front of the frames; only their sum matters here. */
    }
    return left <= FRAME_BYTES_MAX;
}

static bool frames_check(struct slice payload, unsigned ticks, unsigned *count) {
    const uint8_t *at = (const uint8_t *)payload.ptr + 1;
    size_t left = payload.len - 1, length, used;
    *count = 2;
    switch (*(const uint8_t *)payload.ptr & 3) {
    case 0:
        *count = 1;
        return left <= FRAME_BYTES_MAX;
    case 1:
        return left % 2 == 0 && left / 2 <= FRAME_BYTES_MAX;
    case 2:
        used = length_read(at, left, &length);
        return used > 0 && length <= left - used && left - used - length <= FRAME_BYTES_MAX;
    default:
        return counted_check(at, left, ticks, count);
    }
}

/* A frame of CELT whose first bit says that it is silent, with nothing behind it, or a frame that
 * holds nothing at all. */
static bool is_silent(struct slice payload) {
    const uint8_t *bytes = (const uint8_t *)payload.ptr;
    if (payload.len <= 2)
        return true;
    if (bytes[0] >> 3 < 16 || (bytes[0] & 3) != 0 || bytes[1] != 0xff || bytes[2] != 0xfe)
        return false;
    return slice_is_zero(slice_skip(payload, 3));
}

bool opus_packet_read(struct slice payload, struct opus_packet *packet) {
    if (payload.len < 1)
        return false;
    uint8_t toc = *(const uint8_t *)payload.ptr;
    unsigned count;
    if (!frames_check(payload, frame_ticks(toc), &count))
        return false;
    *packet = (struct opus_packet){
        .ticks = count * frame_ticks(toc),
        .frame_ticks = frame_ticks(toc),
        .channels = toc & STEREO ? 2 : 1,
        .is_silent = is_silent(payload),
    };
    packet->is_filler = packet->is_silent && payload.len == FILLER_BYTES;
    return packet->ticks <= OPUS_TICKS_MAX;
}

unsigned opus_packet_silence(uint8_t out[OPUS_SILENCE_MAX], unsigned channels, uint64_t ticks,
                             unsigned *written) {
    uint8_t stereo = channels == 2 ? STEREO : 0;
    unsigned count = ticks / CELT_20_MS_TICKS < SILENCE_FRAMES
                         ? (unsigned)(ticks / CELT_20_MS_TICKS)
                         : SILENCE_FRAMES;
    unsigned len = 0, config = CELT_20_MS, frame = CELT_20_MS_TICKS;
    for (; count == 0 && config >= CELT_2_5_MS; config--, frame /= 2)
        if (ticks >= frame) {
            count = 1;
            break;
        }
    if (count == 0)
        return 0;
    out[len++] = (uint8_t)(config << 3 | stereo | (count > 1 ? 3 : 0));
    if (count > 1)
        out[len++] = (uint8_t)count;
    for (unsigned i = 0; i < count; i++) {
        out[len++] = 0xff;
        out[len++] = 0xfe;
    }
    *written = count * frame;
    return len;
}

uint8_t opus_packet_lost(uint8_t before, unsigned *ticks) {
    *ticks = frame_ticks(before);
    return before & 0xfc;
}
