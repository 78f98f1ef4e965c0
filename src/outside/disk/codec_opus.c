#include "base/mem.h"
#include "outside/disk/codec.h"

#include <errno.h>
#include <opusenc.h>

/*
 * Half the effort of the maximum costs a third of its time and is not heard at 32 kbit/s of speech.
 */
enum { COMPLEXITY = 5 };

struct codec {
    OggOpusEnc *encoder;
    codec_write_fn *write;
    void *user;
    uint64_t position;
};

static int opus_on_write(void *arg, const unsigned char *bytes, opus_int32 len) {
    struct codec *codec = arg;
    codec->write(codec->position, bytes, (size_t)len, codec->user);
    codec->position += (uint64_t)len;
    return 0;
}

static int opus_on_close(void *arg) {
    return 0;
}

static int opus_open(struct codec **out, uint32_t rate_hz, unsigned channels, unsigned bps,
                     codec_write_fn *write, void *user) {
    static const OpusEncCallbacks callbacks = {.write = opus_on_write, .close = opus_on_close};
    struct codec *codec = mem_alloc(sizeof *codec);
    codec->write = write;
    codec->user = user;
    OggOpusComments *comments = ope_comments_create();
    int result = OPE_ALLOC_FAIL;
    if (comments)
        codec->encoder = ope_encoder_create_callbacks(
            &callbacks, codec, comments, (opus_int32)rate_hz, (int)channels, 0, &result);
    if (comments)
        ope_comments_destroy(comments);
    if (!codec->encoder) {
        mem_free(codec);
        return EINVAL;
    }
    /*
     * No look-ahead, and a page each second: a crash costs no more than what is not yet in a page.
     */
    ope_encoder_ctl(codec->encoder, OPE_SET_DECISION_DELAY(0));
    ope_encoder_ctl(codec->encoder, OPE_SET_MUXING_DELAY(48000));
    ope_encoder_ctl(codec->encoder, OPUS_SET_BITRATE((opus_int32)bps));
    ope_encoder_ctl(codec->encoder, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
    ope_encoder_ctl(codec->encoder, OPUS_SET_COMPLEXITY(COMPLEXITY));
    ope_encoder_flush_header(codec->encoder);
    *out = codec;
    return 0;
}

static int opus_feed(struct codec *codec, const int16_t *pcm, size_t frames) {
    return ope_encoder_write(codec->encoder, pcm, (int)frames) == OPE_OK ? 0 : EIO;
}

static void opus_close(struct codec *codec) {
    ope_encoder_drain(codec->encoder);
    ope_encoder_destroy(codec->encoder);
    mem_free(codec);
}

const struct codec_type codec_opus = {.open = opus_open, .feed = opus_feed, .close = opus_close};
