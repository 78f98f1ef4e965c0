/* Pictures come out of payloads as they went in, or not at all. */
#include "unit.h"
#include "wire/rtc/rtp_video.h"

#include <stdlib.h>

static uint32_t next(uint32_t *seed) {
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static bool take(struct rtp_video *v, const void *bytes, size_t len, uint32_t timestamp,
                 bool marker, struct slice *picture) {
    return rtp_video_take(v, slice_of(bytes, len), timestamp, marker, picture);
}

static void vp8_pictures_lose_their_descriptors(void **state) {
    struct rtp_video v = {.codec = RTP_VIDEO_VP8};
    struct slice picture;
    assert_false(take(&v,
                      "\x10\x00"
                      "abc",
                      5, 1, false, &picture));
    assert_true(take(&v,
                     "\x00"
                     "def",
                     4, 1, true, &picture));
    assert_int_equal(picture.len, 7);
    assert_memory_equal(picture.ptr, "\0abcdef", 7);
    /* A number of two bytes, an index, and both of the third byte's fields. */
    assert_true(take(&v, "\x90\xf0\x81\x23\x05\x41\x01z", 8, 2, true, &picture));
    assert_memory_equal(picture.ptr, "\x01z", 2);
    assert_true(take(&v, "\x90\x80\x12\x01y", 5, 3, true, &picture));
    assert_memory_equal(picture.ptr, "\x01y", 2);
    rtp_video_free(&v);
}

static void vp9_pictures_lose_their_descriptors(void **state) {
    struct rtp_video v = {.codec = RTP_VIDEO_VP9};
    struct slice picture;
    /* I, L, B, E, V: number, layer with index, structure of one size and two pictures. */
    static const char key[] =
        "\xae\x92\x34\x00\x07\x18\x00\x60\x00\x50\x02\x04\x01\x08\x02\x03\x82key";
    assert_true(take(&v, key, sizeof key - 1, 1, true, &picture));
    assert_int_equal(picture.len, 4);
    assert_memory_equal(picture.ptr, "\x82key", 4);
    /* Flexible, with two references. */
    assert_true(take(&v, "\xdc\x01\x03\x04\x86p", 6, 2, true, &picture));
    assert_memory_equal(picture.ptr, "\x86p", 2);
    rtp_video_free(&v);
}

static void h264_units_get_start_codes(void **state) {
    struct rtp_video v = {.codec = RTP_VIDEO_H264};
    struct slice picture;
    assert_false(take(&v, "\x78\x00\x02\x67s\x00\x02\x68p", 9, 1, false, &picture));
    assert_false(take(&v,
                      "\x7c\x85"
                      "one",
                      5, 1, false, &picture));
    assert_false(take(&v,
                      "\x7c\x05"
                      "two",
                      5, 1, false, &picture));
    assert_true(take(&v,
                     "\x7c\x45"
                     "end",
                     5, 1, true, &picture));
    static const char expected[] = "\0\0\0\1\x67s\0\0\0\1\x68p\0\0\0\1\x65onetwoend";
    assert_int_equal(picture.len, sizeof expected - 1);
    assert_memory_equal(picture.ptr, expected, sizeof expected - 1);
    assert_false(take(&v, "\x78", 1, 2, true, &picture)); /* no unit in it */
    assert_false(take(&v, "\x41slice", 6, 3, true, &picture));
    assert_true(take(&v, "\x65slice", 6, 4, true, &picture));
    assert_true(take(&v, "\x41slice", 6, 5, true, &picture));
    assert_memory_equal(picture.ptr, "\0\0\0\1\x41slice", 10);
    rtp_video_free(&v);
}

static void what_misses_something_waits_for_a_key(void **state) {
    struct rtp_video v = {.codec = RTP_VIDEO_VP8};
    struct slice picture;
    assert_true(take(&v, "\x10\x00k", 3, 1, true, &picture));
    assert_true(take(&v, "\x10\x01p", 3, 2, true, &picture));
    assert_false(take(&v, "\x10\x01p", 3, 3, false, &picture));
    rtp_video_lose(&v);
    assert_false(take(&v, "\x00q", 2, 3, true, &picture));
    assert_true(v.needs_key);
    assert_false(take(&v, "\x10\x01p", 3, 4, true, &picture));
    assert_true(take(&v, "\x10\x00k", 3, 5, true, &picture));
    assert_true(take(&v, "\x10\x01p", 3, 6, true, &picture));
    rtp_video_free(&v);
}

static void a_picture_without_an_end_is_left_out(void **state) {
    struct rtp_video v = {.codec = RTP_VIDEO_VP8};
    struct slice picture;
    assert_false(take(&v, "\x10\x00k", 3, 1, false, &picture));
    assert_false(take(&v, "\x10\x01p", 3, 2, true, &picture)); /* its key never came whole */
    assert_true(take(&v, "\x10\x00k", 3, 3, true, &picture));
    assert_int_equal(picture.len, 2);
    rtp_video_free(&v);
}

/* Random pictures in random fragments, some lost: what comes out was sent. */
static void pictures_come_out_as_they_went_in(void **state) {
    uint32_t seed = 11;
    struct rtp_video v = {.codec = RTP_VIDEO_VP8};
    unsigned whole = 0;
    for (uint32_t i = 1; i <= 2000; i++) {
        uint8_t sent[3000], payload[1300];
        size_t len = 10 + next(&seed) % 2900;
        for (size_t k = 0; k < len; k++)
            sent[k] = (uint8_t)next(&seed);
        sent[0] = (uint8_t)((sent[0] & 0xfe) | (next(&seed) % 4 != 0));
        bool is_hurt = false;
        struct slice picture = SLICE_NONE;
        bool came = false;
        for (size_t at = 0; at < len;) {
            size_t part = 1 + next(&seed) % 1200;
            part = part < len - at ? part : len - at;
            payload[0] = at == 0 ? 0x10 : 0;
            memcpy(payload + 1, sent + at, part);
            at += part;
            if (next(&seed) % 50 == 0) {
                rtp_video_lose(&v);
                is_hurt = true;
                continue;
            }
            came = rtp_video_take(&v, slice_of(payload, part + 1), i, at == len, &picture);
        }
        assert_true(!(came && is_hurt));
        if (!came)
            continue;
        whole++;
        assert_int_equal(picture.len, len);
        assert_memory_equal(picture.ptr, sent, len);
    }
    assert_true(whole > 1000);
    rtp_video_free(&v);
}

static void nothing_that_is_sent_is_trusted(void **state) {
    uint32_t seed = 5;
    for (enum rtp_video_codec codec = RTP_VIDEO_VP8; codec <= RTP_VIDEO_H264; codec++) {
        struct rtp_video v = {.codec = codec};
        for (unsigned i = 0; i < 100000; i++) {
            size_t len = next(&seed) % 24;
            uint8_t *bytes = malloc(len + 1); /* so that a byte too much is found */
            for (size_t k = 0; k < len; k++)
                bytes[k] = (uint8_t)next(&seed);
            if (codec == RTP_VIDEO_H264 && len > 0 && i % 2)
                bytes[0] = i % 4 == 1 ? 0x7c : 0x78;
            uint8_t *exact = realloc(bytes, len ? len : 1);
            struct slice picture;
            rtp_video_take(&v, slice_of(exact, len), next(&seed) % 5, i % 3 == 0, &picture);
            free(exact);
        }
        rtp_video_free(&v);
    }
}

RUN_TESTS(TEST(vp8_pictures_lose_their_descriptors), TEST(vp9_pictures_lose_their_descriptors),
          TEST(h264_units_get_start_codes), TEST(what_misses_something_waits_for_a_key),
          TEST(a_picture_without_an_end_is_left_out), TEST(pictures_come_out_as_they_went_in),
          TEST(nothing_that_is_sent_is_trusted))
