/* Packets with losses and silences become samples that have every moment in its place. */
#include "app/packets/samples.h"

#include "unit.h"
#include "wire/media/opus_packet.h"

#include <math.h>
#include <opus.h>
#include <stdio.h>
#include <stdlib.h>

enum { RATE = 16000, MOST = 100 * RATE };

struct heard {
    int16_t pcm[MOST];
    uint8_t kinds[MOST];
    int64_t end; /* position that must come next; -1: none yet */
    size_t frames;
};

static void give(const int16_t *pcm, size_t frames, int64_t at, enum samples_kind kind,
                 void *user) {
    struct heard *h = user;
    assert_true(h->end < 0 || at == h->end);
    assert_true(h->frames + frames <= MOST);
    for (size_t i = 0; i < frames; i++) {
        h->pcm[h->frames + i] = pcm ? pcm[i] : 0;
        h->kinds[h->frames + i] = (uint8_t)kind;
    }
    assert_true((pcm == NULL) == (kind == SAMPLES_LEFT_OUT || kind == SAMPLES_MISSING));
    h->frames += frames;
    h->end = at + (int64_t)frames * 3;
}

static struct heard *heard_new(void) {
    struct heard *h = calloc(1, sizeof *h);
    h->end = -1;
    return h;
}

struct voice {
    OpusEncoder *encoder;
    double phase;
};

static struct voice voice_new(void) {
    struct voice v = {opus_encoder_create(48000, 1, OPUS_APPLICATION_VOIP, NULL), 0};
    opus_encoder_ctl(v.encoder, OPUS_SET_INBAND_FEC(1));
    opus_encoder_ctl(v.encoder, OPUS_SET_PACKET_LOSS_PERC(20));
    opus_encoder_ctl(v.encoder, OPUS_SET_BITRATE(24000));
    return v;
}

static struct slice speak(struct voice *v, unsigned ticks) {
    static float pcm[2880];
    static uint8_t bytes[1500];
    for (unsigned i = 0; i < ticks; i++) {
        v->phase += 2 * M_PI * 150 / 48000;
        pcm[i] = (float)(0.2 * (sin(v->phase) + 0.5 * sin(2 * v->phase) + 0.3 * sin(5 * v->phase)));
    }
    int len = opus_encode_float(v->encoder, pcm, (int)ticks, bytes, sizeof bytes);
    assert_true(len > 0);
    return slice_of(bytes, (size_t)len);
}

static void take(struct samples *s, struct slice payload, unsigned ticks, int64_t at,
                 unsigned lost) {
    const struct queued packet = {.ticks = ticks, .payload = payload, .lost = lost};
    samples_take(s, &packet, at, payload.len <= 3);
}

static double rms(const struct heard *h, size_t from, size_t frames) {
    double sum = 0;
    for (size_t i = from; i < from + frames; i++)
        sum += (double)h->pcm[i] * h->pcm[i];
    return sqrt(sum / (double)frames);
}

static void speech_is_heard_whole(void **state) {
    struct heard *h = heard_new();
    struct samples s;
    struct voice v = voice_new();
    assert_true(samples_init(&s, CODEC_OPUS, RATE, 1, true, give, h));
    for (int i = 0; i < 100; i++)
        take(&s, speak(&v, 960), 960, 500 + i * 960, 0);
    assert_int_equal(h->frames, 100 * 320);
    assert_true(rms(h, 3200, 3200) > 2000);
    samples_free(&s);
    opus_encoder_destroy(v.encoder);
    free(h);
}

/* One, two, three packets of 20 and of 60 ms: each gap has its exact length, and none is a hole. */
static void what_is_lost_is_concealed_for_its_length(void **state) {
    for (unsigned lost = 1; lost <= 3; lost++)
        for (unsigned mix = 0; mix < 4; mix++) {
            struct heard *h = heard_new();
            struct samples s;
            struct voice v = voice_new();
            assert_true(samples_init(&s, CODEC_OPUS, RATE, 1, true, give, h));
            int64_t at = 0, from = 0, to = 0;
            unsigned missing = 0;
            for (unsigned i = 0; i < 60; i++) {
                unsigned ticks = (i & mix) != 0 ? 2880 : 960;
                struct slice payload = speak(&v, ticks);
                bool is_lost = i >= 30 && i < 30 + lost;
                if (is_lost && missing++ == 0)
                    from = at;
                if (!is_lost) {
                    take(&s, payload, ticks, at, missing);
                    to = missing > 0 ? at : to;
                    missing = 0;
                }
                at += ticks;
            }
            assert_int_equal(h->frames * 3, at);
            bool is_short = to - from <= SAMPLES_CONCEAL_MAX_TICKS;
            for (int64_t i = from / 3; i < to / 3; i++)
                assert_int_equal(h->kinds[i], is_short ? SAMPLES_CONCEALED : SAMPLES_MISSING);
            if (lost == 1 && is_short)
                assert_true(rms(h, (size_t)from / 3, (size_t)(to - from) / 3) > 1000);
            samples_free(&s);
            opus_encoder_destroy(v.encoder);
            free(h);
        }
}

static void silence_that_was_left_out_stays_silent(void **state) {
    struct heard *h = heard_new();
    struct samples s;
    struct voice v = voice_new();
    assert_true(samples_init(&s, CODEC_OPUS, RATE, 1, true, give, h));
    int64_t at = 0;
    for (int i = 0; i < 50; i++, at += 960)
        take(&s, speak(&v, 960), 960, at, 0);
    size_t from = h->frames;
    at += 19200; /* numbers go on */
    take(&s, slice_of("\xf8\xff\xfe", 3), 960, at, 0);
    at += 960 + 19200;
    size_t to = h->frames;
    take(&s, speak(&v, 960), 960, at, 1); /* one of the silent ones was lost */
    assert_int_equal(h->frames * 3, at + 960);
    assert_true(rms(h, from, to - from) == 0);
    for (size_t i = from; i < (size_t)at / 3; i++)
        assert_true(h->kinds[i] == SAMPLES_LEFT_OUT || h->kinds[i] == SAMPLES_MISSING);
    samples_free(&s);
    opus_encoder_destroy(v.encoder);
    free(h);
}

static void what_comes_too_late_is_not_given_twice(void **state) {
    struct heard *h = heard_new();
    struct samples s;
    struct voice v = voice_new();
    assert_true(samples_init(&s, CODEC_OPUS, RATE, 1, true, give, h));
    take(&s, speak(&v, 960), 960, 0, 0);
    samples_pass(&s, 4800, SAMPLES_LEFT_OUT);
    take(&s, speak(&v, 960), 960, 1920, 0); /* all of it is too late */
    take(&s, speak(&v, 960), 960, 4320, 0); /* half of it */
    assert_int_equal(h->frames * 3, 5280);
    samples_free(&s);
    opus_encoder_destroy(v.encoder);
    free(h);
}

static void junk_is_silence_of_its_length(void **state) {
    struct heard *h = heard_new();
    struct samples s;
    assert_true(samples_init(&s, CODEC_OPUS, RATE, 1, true, give, h));
    uint32_t seed = 5;
    int64_t at = 0;
    for (int i = 0; i < 1000; i++) {
        uint8_t bytes[200];
        for (size_t k = 0; k < sizeof bytes; k++)
            bytes[k] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
        struct opus_packet packet;
        struct slice payload = slice_of(bytes, 4 + (seed >> 8) % 190);
        if (!opus_packet_read(payload, &packet))
            continue;
        take(&s, payload, packet.ticks, at, seed >> 30);
        at += packet.ticks;
        assert_int_equal(h->frames, at / 3);
    }
    samples_free(&s);
    free(h);
}

static void telephones_are_understood(void **state) {
    struct heard *h = heard_new();
    for (enum packet_codec codec = CODEC_PCMU; codec <= CODEC_PCMA; codec++) {
        struct decoder *decoder = decoder_new(codec, RATE, 2);
        assert_int_equal(decoder_rate_hz(decoder), 8000);
        assert_int_equal(decoder_channels(decoder), 1);
        uint8_t all[256];
        int16_t pcm[DECODER_FRAMES_MAX];
        for (unsigned i = 0; i < 256; i++)
            all[i] = (uint8_t)i;
        assert_int_equal(decoder_read(decoder, slice_of(all, 256), pcm), 256);
        /* ITU-T G.711: the largest and the smallest of both signs. */
        if (codec == CODEC_PCMU) {
            assert_int_equal(pcm[0x00], -32124);
            assert_int_equal(pcm[0x80], 32124);
            assert_int_equal(pcm[0x7f], 0);
            assert_int_equal(pcm[0xff], 0);
        } else {
            assert_int_equal(pcm[0xaa], 32256);
            assert_int_equal(pcm[0x2a], -32256);
            assert_int_equal(pcm[0xd5], 8);
            assert_int_equal(pcm[0x55], -8);
        }
        decoder_free(decoder);
    }
    free(h);
}

RUN_TESTS(TEST(speech_is_heard_whole), TEST(what_is_lost_is_concealed_for_its_length),
          TEST(silence_that_was_left_out_stays_silent),
          TEST(what_comes_too_late_is_not_given_twice), TEST(junk_is_silence_of_its_length),
          TEST(telephones_are_understood))
