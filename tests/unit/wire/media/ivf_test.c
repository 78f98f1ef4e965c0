#include "unit.h"
#include "wire/media/ivf.h"

/* VP8, 96x80, 30 frames a second, 3 frames. */
static const uint8_t head[] = {0x44, 0x4b, 0x49, 0x46, 0x00, 0x00, 0x20, 0x00, 0x56, 0x50, 0x38,
                               0x30, 0x60, 0x00, 0x50, 0x00, 0x1e, 0x00, 0x00, 0x00, 0x01, 0x00,
                               0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00};
static const uint8_t vp8_key[] = {0x90, 0x03, 0x00, 0x9d, 0x01, 0x2a, 0x60, 0x00, 0x50, 0x00};
static const uint8_t vp9_key[] = {0x82, 0x49, 0x83, 0x42, 0x00, 0x05, 0xf0, 0x04, 0xf6, 0x00};

static void the_header_is_the_known_one(void **state) {
    uint8_t out[IVF_HEADER_BYTES];
    const struct ivf_header header = {
        .codec = IVF_VP8, .width = 96, .height = 80, .rate = 30, .scale = 1, .length = 3};
    ivf_write_header(out, &header);
    assert_memory_equal(out, head, sizeof head);
}

static size_t make_file(uint8_t *out) {
    size_t at = sizeof head;
    memcpy(out, head, at);
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t payload = i * 20; /* the first is empty */
        ivf_write_frame_header(out + at, payload, i * 33 + ((uint64_t)i << 32));
        at += IVF_FRAME_HEADER_BYTES;
        memset(out + at, (int)i, payload);
        at += payload;
    }
    return at;
}

/* The results of a walk in `step` bytes, or by skipping payloads (0). */
static void walk(const uint8_t *file, size_t len, size_t step, struct ivf_parser *parser) {
    memset(parser, 0, sizeof *parser);
    unsigned headers = 0, frames = 0;
    for (size_t at = 0; at < len;) {
        enum ivf_result result;
        size_t n = step && step < len - at ? step : len - at;
        if (step == 0 && (at += (size_t)ivf_skip(parser, len - at, &result)) && result == IVF_FRAME)
            frames++;
        n = n < len - at ? n : len - at;
        at += ivf_parse(parser, file + at, n, &result);
        headers += result == IVF_HEADER;
        frames += result == IVF_FRAME;
        assert_int_not_equal(result, IVF_BAD);
    }
    assert_int_equal(headers, 1);
    assert_int_equal(frames, parser->frames);
}

static void frames_are_the_same_whole_and_byte_by_byte(void **state) {
    uint8_t file[256];
    size_t len = make_file(file);
    for (size_t step = 1; step <= 40; step++) {
        struct ivf_parser parser;
        walk(file, len, step, &parser);
        assert_int_equal(parser.frames, 3);
        assert_int_equal(parser.end, len);
        assert_int_equal(parser.pts, 66 + (UINT64_C(2) << 32));
        assert_int_equal(parser.header.codec, IVF_VP8);
        assert_int_equal(parser.header.width, 96);
    }
}

static void payloads_can_be_skipped(void **state) {
    uint8_t file[256];
    size_t len = make_file(file);
    struct ivf_parser parser;
    walk(file, len, 0, &parser);
    assert_int_equal(parser.frames, 3);
    assert_int_equal(parser.end, len);
}

static void a_cut_file_ends_behind_its_last_whole_frame(void **state) {
    uint8_t file[256];
    size_t len = make_file(file);
    struct ivf_parser parser;
    walk(file, len - 1, 7, &parser);
    assert_int_equal(parser.frames, 2);
    assert_int_equal(parser.end, len - 40 - IVF_FRAME_HEADER_BYTES);
}

static void what_is_no_ivf_is_refused(void **state) {
    struct ivf_parser parser = {0};
    enum ivf_result result;
    uint8_t bad[sizeof head];
    memcpy(bad, head, sizeof head);
    bad[8] = 'X';
    ivf_parse(&parser, bad, sizeof bad, &result);
    assert_int_equal(result, IVF_BAD);
    assert_int_equal(ivf_parse(&parser, head, sizeof head, &result), 0);
    assert_int_equal(result, IVF_BAD);
}

static void key_frames_tell_their_size(void **state) {
    uint16_t width = 0, height = 0;
    assert_true(ivf_is_vp8_key(vp8_key, sizeof vp8_key, &width, &height));
    assert_int_equal(width, 96);
    assert_int_equal(height, 80);
    width = height = 0;
    assert_true(ivf_is_vp9_key(vp9_key, sizeof vp9_key, &width, &height));
    assert_int_equal(width, 96);
    assert_int_equal(height, 80);
}

static void other_frames_are_no_key_frames(void **state) {
    uint16_t width, height;
    uint8_t inter[sizeof vp8_key];
    memcpy(inter, vp8_key, sizeof inter);
    inter[0] |= 1;
    assert_false(ivf_is_vp8_key(inter, sizeof inter, &width, &height));
    assert_false(ivf_is_vp8_key(vp8_key, 9, &width, &height));
    for (size_t len = 0; len < 9; len++)
        assert_false(ivf_is_vp9_key(vp9_key, len, &width, &height));
    memcpy(inter, vp9_key, sizeof inter);
    inter[0] |= 0x04; /* frame_type: not a key */
    assert_false(ivf_is_vp9_key(inter, sizeof inter, &width, &height));
}

static void the_length_is_in_ticks(void **state) {
    assert_int_equal(ivf_length(0, 0, 0), 0);
    assert_int_equal(ivf_length(1, 0, 0), 1);
    assert_int_equal(ivf_length(121, 0, 4000), 4033);
    assert_int_equal(ivf_length(30, 100, 129), 130);
    assert_int_equal(ivf_length(3, 50, 50), 51);
    assert_int_equal(ivf_length(2, 0, UINT64_C(1) << 40), UINT32_MAX);
}

RUN_TESTS(TEST(the_length_is_in_ticks), TEST(the_header_is_the_known_one), TEST(frames_are_the_same_whole_and_byte_by_byte),
          TEST(payloads_can_be_skipped), TEST(a_cut_file_ends_behind_its_last_whole_frame),
          TEST(what_is_no_ivf_is_refused), TEST(key_frames_tell_their_size),
          TEST(other_frames_are_no_key_frames))
