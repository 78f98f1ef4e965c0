#include "base/mem.h"
#include "outside/disk/codec.h"

#include <FLAC/stream_encoder.h>
#include <errno.h>
#include <stdbool.h>

/*
 * Level 2 is within a few per cent of the size of the default level 5 for speech, at half its time.
 */
enum { LEVEL = 2, CHUNK_FRAMES = 1024, CHANNELS_MAX = 2 };

struct codec {
    FLAC__StreamEncoder *encoder;
    codec_write_fn *write;
    void *user;
    unsigned channels;
    uint64_t position; /* in the file; goes back when the header is completed */
};

static FLAC__StreamEncoderWriteStatus flac_on_write(const FLAC__StreamEncoder *encoder,
                                                    const FLAC__byte bytes[], size_t len,
                                                    uint32_t samples, uint32_t frame, void *arg) {
    struct codec *codec = arg;
    codec->write(codec->position, bytes, len, codec->user);
    codec->position += len;
    return FLAC__STREAM_ENCODER_WRITE_STATUS_OK;
}

static FLAC__StreamEncoderSeekStatus flac_on_seek(const FLAC__StreamEncoder *encoder,
                                                  FLAC__uint64 offset, void *arg) {
    struct codec *codec = arg;
    codec->position = offset;
    return FLAC__STREAM_ENCODER_SEEK_STATUS_OK;
}

static FLAC__StreamEncoderTellStatus flac_on_tell(const FLAC__StreamEncoder *encoder,
                                                  FLAC__uint64 *offset, void *arg) {
    const struct codec *codec = arg;
    *offset = codec->position;
    return FLAC__STREAM_ENCODER_TELL_STATUS_OK;
}

static int flac_open(struct codec **out, uint32_t rate_hz, unsigned channels, unsigned bps,
                     codec_write_fn *write, void *user) {
    struct codec *codec = mem_alloc(sizeof *codec);
    codec->write = write;
    codec->user = user;
    codec->channels = channels;
    FLAC__StreamEncoder *encoder = codec->encoder = FLAC__stream_encoder_new();
    if (!encoder) {
        mem_free(codec);
        return ENOMEM;
    }
    /* LiveKit may send sample rates outside the streamable subset; every decoder reads them. */
    bool is_fine =
        FLAC__stream_encoder_set_streamable_subset(encoder, false) &&
        FLAC__stream_encoder_set_channels(encoder, channels) &&
        FLAC__stream_encoder_set_bits_per_sample(encoder, 16) &&
        FLAC__stream_encoder_set_sample_rate(encoder, rate_hz) &&
        FLAC__stream_encoder_set_compression_level(encoder, LEVEL) &&
        FLAC__stream_encoder_init_stream(encoder, flac_on_write, flac_on_seek, flac_on_tell, NULL,
                                         codec) == FLAC__STREAM_ENCODER_INIT_STATUS_OK;
    if (!is_fine) {
        FLAC__stream_encoder_delete(encoder);
        mem_free(codec);
        return EINVAL;
    }
    *out = codec;
    return 0;
}

static int flac_feed(struct codec *codec, const int16_t *pcm, size_t frames) {
    FLAC__int32 wide[CHUNK_FRAMES * CHANNELS_MAX];
    while (frames > 0) {
        size_t n = frames < CHUNK_FRAMES ? frames : CHUNK_FRAMES;
        for (size_t i = 0; i < n * codec->channels; i++)
            wide[i] = pcm[i];
        if (!FLAC__stream_encoder_process_interleaved(codec->encoder, wide, (uint32_t)n))
            return EIO;
        pcm += n * codec->channels;
        frames -= n;
    }
    return 0;
}

static void flac_close(struct codec *codec) {
    FLAC__stream_encoder_finish(codec->encoder);
    FLAC__stream_encoder_delete(codec->encoder);
    mem_free(codec);
}

const struct codec_type codec_flac = {.open = flac_open, .feed = flac_feed, .close = flac_close};
