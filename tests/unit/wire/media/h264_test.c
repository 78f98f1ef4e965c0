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

RUN_TESTS(TEST(parameters_and_whole_pictures_begin_anew), TEST(everything_else_does_not))
