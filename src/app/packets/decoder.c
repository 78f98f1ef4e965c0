#include "app/packets/decoder.h"

#include "base/mem.h"

#include <opus.h>

enum { OPUS_CLOCK_HZ = 48000, G711_RATE_HZ = 8000 };

struct decoder {
    enum packet_codec codec;
    unsigned rate_hz, channels;
    OpusDecoder *opus; /* NULL: G.711 */
};

struct decoder *decoder_new(enum packet_codec codec, unsigned rate_hz, unsigned channels) {
    struct decoder *decoder = mem_alloc(sizeof *decoder);
    decoder->codec = codec;
    decoder->rate_hz = codec == CODEC_OPUS ? rate_hz : G711_RATE_HZ;
    decoder->channels = codec == CODEC_OPUS ? channels : 1;
    if (codec == CODEC_OPUS)
        decoder->opus = opus_decoder_create((opus_int32)rate_hz, (int)channels, NULL);
    if (codec == CODEC_OPUS && !decoder->opus) {
        mem_free(decoder);
        return NULL;
    }
    return decoder;
}

void decoder_free(struct decoder *decoder) {
    if (!decoder)
        return;
    if (decoder->opus)
        opus_decoder_destroy(decoder->opus);
    mem_free(decoder);
}

unsigned decoder_rate_hz(const struct decoder *decoder) {
    return decoder->rate_hz;
}

unsigned decoder_channels(const struct decoder *decoder) {
    return decoder->channels;
}

size_t decoder_frames_of(const struct decoder *decoder, uint64_t ticks) {
    unsigned clock_hz = decoder->opus ? OPUS_CLOCK_HZ : G711_RATE_HZ;
    return (size_t)(ticks * decoder->rate_hz / clock_hz);
}

void decoder_reset(struct decoder *decoder) {
    if (decoder->opus)
        opus_decoder_ctl(decoder->opus, OPUS_RESET_STATE);
}

/* ITU-T G.711, tables 1a and 2a, as arithmetic: a sign, three bits of exponent, four of mantissa. */
static int16_t mu_law(uint8_t byte) {
    unsigned bits = ~byte & 0xff;
    int magnitude = (int)((((bits & 15) << 3) + 132) << (bits >> 4 & 7)) - 132;
    return (int16_t)(bits & 0x80 ? -magnitude : magnitude);
}

static int16_t a_law(uint8_t byte) {
    unsigned bits = byte ^ 0x55, exponent = bits >> 4 & 7;
    int magnitude = (int)((bits & 15) << 4) + 8;
    if (exponent > 0)
        magnitude = (magnitude + 256) << (exponent - 1);
    return (int16_t)(bits & 0x80 ? magnitude : -magnitude);
}

static size_t g711_read(const struct decoder *decoder, struct slice payload, int16_t *out) {
    size_t frames = payload.len < DECODER_FRAMES_MAX ? payload.len : DECODER_FRAMES_MAX;
    for (size_t i = 0; i < frames; i++)
        out[i] = decoder->codec == CODEC_PCMU ? mu_law((uint8_t)payload.ptr[i])
                                              : a_law((uint8_t)payload.ptr[i]);
    return frames;
}

static size_t opus_read(struct decoder *decoder, struct slice payload, size_t frames, bool is_lost,
                        int16_t *out) {
    int got = opus_decode(decoder->opus, (const unsigned char *)payload.ptr,
                          (opus_int32)payload.len, out, (int)frames, is_lost);
    return got > 0 ? (size_t)got : 0;
}

size_t decoder_read(struct decoder *decoder, struct slice payload, int16_t *out) {
    if (!decoder->opus)
        return g711_read(decoder, payload, out);
    size_t most = decoder_frames_of(decoder, DECODER_FRAMES_MAX);
    return payload.len > 0 ? opus_read(decoder, payload, most, false, out) : 0;
}

/* libopus takes whole steps of 2.5 ms only. */
static bool is_length(const struct decoder *decoder, size_t frames) {
    return decoder->opus && frames > 0 && frames % (decoder->rate_hz / 400) == 0 &&
           frames <= decoder_frames_of(decoder, DECODER_FRAMES_MAX);
}

size_t decoder_read_lost(struct decoder *decoder, struct slice payload, size_t frames,
                         int16_t *out) {
    bool can = is_length(decoder, frames) && payload.len > 0;
    return can ? opus_read(decoder, payload, frames, true, out) : 0;
}

size_t decoder_conceal(struct decoder *decoder, size_t frames, int16_t *out) {
    return is_length(decoder, frames) ? opus_read(decoder, SLICE_NONE, frames, false, out) : 0;
}
