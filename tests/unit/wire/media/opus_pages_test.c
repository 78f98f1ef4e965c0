/* Streams of packets in any order of lengths are accepted by opusfile, ffprobe and oggz-validate, and
 * have the right length. */
#include "opus_judges.h"
#include "wire/media/ogg.h"
#include "wire/media/opus_packet.h"
#include "wire/media/opus_pages.h"

#include <math.h>
#include <opus.h>
#include <unistd.h>

enum { SERIAL = 0x11223344 };

static void save(const char *path, const struct buf *bytes) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes->data, 1, bytes->len, file), bytes->len);
    fclose(file);
}

static const char *path_new(void) {
    static char path[64];
    snprintf(path, sizeof path, "/tmp/opus-pages-%d.opus", (int)getpid());
    return path;
}

static float *judge(const struct buf *bytes, int64_t samples) {
    const char *path = path_new();
    save(path, bytes);
    float *pcm = judge_opus_file(path, samples);
    unlink(path);
    return pcm;
}

/* Packets of a tone that an encoder made. */
struct tone {
    OpusEncoder *encoder;
    double phase;
};

static struct tone tone_open(unsigned channels) {
    return (struct tone){opus_encoder_create(48000, (int)channels, OPUS_APPLICATION_VOIP, NULL), 0};
}

static struct slice tone_packet(struct tone *tone, unsigned ticks) {
    static float pcm[2880 * 2];
    static uint8_t bytes[4000];
    for (unsigned i = 0; i < ticks * 2; i++)
        pcm[i] = (float)(0.3 * sin(tone->phase += 0.03));
    int len = opus_encode_float(tone->encoder, pcm, (int)ticks, bytes, sizeof bytes);
    assert_true(len > 0);
    return slice_of(bytes, (size_t)len);
}

static void a_stream_of_speech_has_its_length(void **state) {
    struct opus_pages pages;
    struct buf out = {0};
    struct tone tone = tone_open(1);
    opus_pages_open(&pages, SERIAL, 1, &out);
    for (int i = 0; i < 500; i++)
        opus_pages_add(&pages, tone_packet(&tone, 960), 960, &out);
    opus_pages_close(&pages, &out);
    free(judge(&out, 500 * 960 - OPUS_LEAD_TICKS));
    buf_free(&out);
    opus_encoder_destroy(tone.encoder);
}

static void a_gap_is_silent_and_has_its_time(void **state) {
    for (unsigned channels = 1; channels <= 2; channels++) {
        struct opus_pages pages;
        struct buf out = {0};
        struct tone tone = tone_open(channels);
        opus_pages_open(&pages, SERIAL, channels, &out);
        for (int i = 0; i < 50; i++)
            opus_pages_add(&pages, tone_packet(&tone, 960), 960, &out);
        unsigned rest = opus_pages_add_silence(&pages, 5 * 48000 + 77, &out);
        assert_int_equal(rest, 77);
        for (int i = 0; i < 50; i++)
            opus_pages_add(&pages, tone_packet(&tone, 960), 960, &out);
        opus_pages_close(&pages, &out);
        float *pcm = judge(&out, 7 * 48000 - OPUS_LEAD_TICKS);
        for (size_t i = 48000 + 1000; i < 48000 * 6 - 1000; i++)
            assert_true(fabsf(pcm[i * 2]) < 1e-4f);
        free(pcm);
        buf_free(&out);
        opus_encoder_destroy(tone.encoder);
    }
}

static void one_packet_is_a_file(void **state) {
    struct opus_pages pages;
    struct buf out = {0};
    struct tone tone = tone_open(1);
    opus_pages_open(&pages, SERIAL, 1, &out);
    opus_pages_add(&pages, tone_packet(&tone, 960), 960, &out);
    opus_pages_close(&pages, &out);
    free(judge(&out, 960 - OPUS_LEAD_TICKS));
    buf_free(&out);
    opus_encoder_destroy(tone.encoder);
}

static void a_gap_may_be_on_the_first_page(void **state) {
    struct opus_pages pages;
    struct buf out = {0};
    struct tone tone = tone_open(1);
    opus_pages_open(&pages, SERIAL, 1, &out);
    opus_pages_add(&pages, tone_packet(&tone, 480), 480, &out);
    opus_pages_add_silence(&pages, 24000, &out);
    opus_pages_add(&pages, tone_packet(&tone, 2880), 2880, &out);
    opus_pages_close(&pages, &out);
    free(judge(&out, 480 + 24000 + 2880 - OPUS_LEAD_TICKS));
    buf_free(&out);
    opus_encoder_destroy(tone.encoder);
}

static void packets_of_any_length_stay_whole(void **state) {
    uint32_t seed = 5;
    struct opus_pages pages;
    struct buf out = {0}, sent = {0};
    opus_pages_open(&pages, SERIAL, 2, &out);
    uint64_t ticks = 0;
    for (int i = 0; i < 3000; i++) {
        uint8_t bytes[1275];
        seed = seed * 1664525 + 1013904223;
        size_t len = seed >> 28 == 0 ? (seed >> 24 & 1 ? 255 : 510) : 3 + (seed >> 8) % 1200;
        memset(bytes, (int)(seed >> 16 & 0xff), len);
        bytes[0] = 0xfc;
        bytes[1] = 0xff;
        opus_pages_add(&pages, slice_of(bytes, len), 960, &out);
        buf_add(&sent, bytes, len);
        ticks += 960;
        if (seed % 7 == 0)
            opus_pages_flush(&pages, &out);
    }
    opus_pages_close(&pages, &out);

    struct buf got = {0};
    struct ogg_page page = {0};
    uint64_t granule = 0;
    unsigned count = 0;
    for (size_t at = 0; at < out.len; at += page.len, count++) {
        const uint8_t *bytes = (const uint8_t *)out.data + at;
        assert_int_equal(ogg_parse(bytes, out.len - at, &page), OGG_PAGE);
        assert_int_equal(page.sequence, count);
        assert_int_equal(page.flags, count == 0                 ? OGG_FIRST
                                     : at + page.len == out.len ? OGG_LAST
                                                                : 0);
        assert_true((uint64_t)page.granule >= granule);
        granule = (uint64_t)page.granule;
        if (count >= 2)
            buf_add(&got, bytes + page.body, page.len - page.body);
    }
    assert_int_equal(granule, ticks);
    assert_int_equal(got.len, sent.len);
    assert_memory_equal(got.data, sent.data, sent.len);
    buf_free(&got);
    buf_free(&sent);
    buf_free(&out);
}

/* Past 2^31 samples the count goes on; what is checked is the arithmetic, in a small file. */
static void the_position_is_of_64_bits(void **state) {
    struct opus_pages pages;
    struct buf out = {0};
    opus_pages_open(&pages, SERIAL, 1, &out);
    uint64_t ticks = UINT64_C(25) * 3600 * 48000;
    assert_int_equal(opus_pages_add_silence(&pages, ticks, &out), 0);
    opus_pages_close(&pages, &out);
    int64_t granule = 0;
    struct ogg_page page = {0};
    for (size_t at = 0; at < out.len; at += page.len) {
        assert_int_equal(ogg_parse((const uint8_t *)out.data + at, out.len - at, &page), OGG_PAGE);
        assert_true(page.granule - granule <= OPUS_PAGE_TICKS + OPUS_TICKS_MAX);
        granule = page.granule;
    }
    assert_int_equal(granule, ticks);
    buf_free(&out);
}

RUN_TESTS(TEST(a_stream_of_speech_has_its_length), TEST(a_gap_is_silent_and_has_its_time),
          TEST(one_packet_is_a_file), TEST(a_gap_may_be_on_the_first_page),
          TEST(packets_of_any_length_stay_whole), TEST(the_position_is_of_64_bits))
