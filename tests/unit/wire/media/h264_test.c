#include "unit.h"
#include "wire/media/h264.h"

#define IS_KEY(...)                                                                                \
    h264_is_key((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void parameters_and_whole_pictures_begin_anew(void **state) {
    assert_true(IS_KEY(0, 0, 0, 1, 0x67, 0x64, 0x00, 0x0a));
    assert_true(IS_KEY(0, 0, 1, 0x67, 0x64));
    assert_true(IS_KEY(0, 0, 0, 1, 0x65, 0x88));
    assert_true(IS_KEY(0, 0, 0, 1, 0x25, 0x88));
    assert_true(IS_KEY(0, 0, 0, 1, 0x09, 0x10, 0, 0, 0, 1, 0x67, 0x64)); /* behind a delimiter */
}

static void everything_else_does_not(void **state) {
    assert_false(IS_KEY(0, 0, 0, 1, 0x41, 0x9a, 0x21)); /* a picture that needs others */
    assert_false(IS_KEY(0, 0, 0, 1, 0x06, 0x05));
    assert_false(IS_KEY(0, 0, 0, 1, 0x09, 0x10, 0, 0, 0, 1, 0x41, 0x9a));
    assert_false(IS_KEY(0, 0, 0, 1, 0x09, 0x10));
    assert_false(IS_KEY(0, 0, 0, 1));
    assert_false(IS_KEY(0x67, 0x65));
    assert_false(h264_is_key(NULL, 0));
}

static void start_codes_are_known(void **state) {
    assert_true(h264_has_start_code((const uint8_t[]){0, 0, 1, 0x67}, 4));
    assert_true(h264_has_start_code((const uint8_t[]){0, 0, 0, 1, 0x67}, 5));
    assert_false(h264_has_start_code((const uint8_t[]){0, 0, 0, 2, 0x67, 1}, 6));
    assert_false(h264_has_start_code((const uint8_t[]){0, 0, 0, 0}, 4));
}

static void assert_bytes(const struct buf *units, const uint8_t *bytes, size_t len) {
    assert_int_equal(units->len, len);
    assert_memory_equal(units->data, bytes, len);
}

static bool add(struct buf *units, const uint8_t *bytes, size_t len, unsigned length_bytes) {
    buf_clear(units);
    return h264_add_units(units, bytes, len, length_bytes);
}

static void lengths_become_start_codes(void **state) {
    static const uint8_t stream[] = {0, 0, 0, 1, 0x67, 0x64, 0, 0, 0, 1, 0x65};
    static const uint8_t four[] = {0, 0, 0, 2, 0x67, 0x64, 0, 0, 0, 1, 0x65};
    static const uint8_t two[] = {0, 2, 0x67, 0x64, 0, 1, 0x65}, one[] = {2, 0x67, 0x64, 1, 0x65};
    struct buf units = {0};
    assert_true(add(&units, four, sizeof four, 4));
    assert_bytes(&units, stream, sizeof stream);
    assert_true(add(&units, two, sizeof two, 2));
    assert_bytes(&units, stream, sizeof stream);
    assert_true(add(&units, one, sizeof one, 1));
    assert_bytes(&units, stream, sizeof stream);
    buf_free(&units);
}

static void what_is_not_whole_units_is_refused(void **state) {
    static const uint8_t unit[] = {0, 0, 0, 2, 0x67, 0x64, 0, 0, 0, 1, 0x65};
    static const uint8_t forbidden[] = {0, 0, 0, 1, 0xe7}, empty[8];
    struct buf units = {0};
    for (size_t len = 0; len < sizeof unit; len++)
        assert_int_equal(add(&units, unit, len, 4), len == 6); /* the first unit alone */
    assert_false(add(&units, forbidden, sizeof forbidden, 4));
    assert_false(add(&units, empty, sizeof empty, 4));
    assert_int_equal(units.len, 0);
    buf_free(&units);
}

static const uint8_t avcc[] = {1,    66, 0,    30, 0xff, 0xe1, 0,    4,   0x67,
                               0x42, 0,  0x1e, 1,  0,    2,    0x68, 0xce};

static void a_record_gives_its_parameters(void **state) {
    static const uint8_t stream[] = {0, 0, 0, 1, 0x67, 0x42, 0, 0x1e, 0, 0, 0, 1, 0x68, 0xce};
    struct h264_record record;
    struct buf units = {0};
    for (size_t len = 0; len < sizeof avcc; len++)
        assert_false(h264_read_record(&record, avcc, len, &units));
    assert_true(h264_read_record(&record, avcc, sizeof avcc, &units));
    assert_int_equal(record.length_bytes, 4);
    assert_int_equal(record.used, sizeof avcc);
    assert_bytes(&units, stream, sizeof stream);
    buf_clear(&units);
    uint8_t high[sizeof avcc + 5];
    memcpy(high, avcc, sizeof avcc);
    high[1] = 100;
    high[4] = 0xfd;
    memcpy(high + sizeof avcc, (const uint8_t[]){0xfd, 0xf8, 0xf8, 0, 9}, 5);
    assert_true(h264_read_record(&record, high, sizeof high, &units));
    assert_int_equal(record.length_bytes, 2);
    assert_int_equal(record.used, sizeof high - 1);
    buf_free(&units);
}

RUN_TESTS(TEST(start_codes_are_known), TEST(lengths_become_start_codes),
          TEST(what_is_not_whole_units_is_refused), TEST(a_record_gives_its_parameters),
          TEST(parameters_and_whole_pictures_begin_anew), TEST(everything_else_does_not))
