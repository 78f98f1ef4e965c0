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

static void lengths_become_start_codes(void **state) {
    uint8_t unit[] = {0, 0, 0, 2, 0x67, 0x64, 0, 0, 0, 1, 0x65};
    const uint8_t stream[] = {0, 0, 0, 1, 0x67, 0x64, 0, 0, 0, 1, 0x65};
    assert_true(h264_replace_lengths(unit, sizeof unit));
    assert_memory_equal(unit, stream, sizeof unit);
}

static void what_is_not_whole_units_stays_as_it_is(void **state) {
    const uint8_t unit[] = {0, 0, 0, 2, 0x67, 0x64, 0, 0, 0, 1, 0x65};
    uint8_t bytes[sizeof unit];
    for (size_t len = 0; len < sizeof unit; len++) {
        if (len == 6)
            continue; /* the first unit alone */
        memcpy(bytes, unit, sizeof unit);
        assert_false(h264_replace_lengths(bytes, len));
        assert_memory_equal(bytes, unit, sizeof unit);
    }
    uint8_t forbidden[] = {0, 0, 0, 1, 0xe7};
    assert_false(h264_replace_lengths(forbidden, sizeof forbidden));
    uint8_t empty[] = {0, 0, 0, 0, 0, 0, 0, 0};
    assert_false(h264_replace_lengths(empty, sizeof empty));
}

RUN_TESTS(TEST(start_codes_are_known), TEST(lengths_become_start_codes),
          TEST(what_is_not_whole_units_stays_as_it_is),
          TEST(parameters_and_whole_pictures_begin_anew), TEST(everything_else_does_not))
