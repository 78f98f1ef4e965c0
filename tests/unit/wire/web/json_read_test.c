#include "wire/web/json_read.h"

#include "base/buf.h"
#include "unit.h"

#include <math.h>
#include <stdlib.h>

static void assert_read(const char *text, const char *expected) {
    json_t *value = json_read(slice_from(text));
    if (!value)
        fail_msg("refused: %s", text);
    char *got = json_dumps(value, JSON_COMPACT);
    assert_string_equal(got, expected);
    free(got);
    json_decref(value);
}

static void reads_what_is_good_as_it_is(void **state) {
    assert_read("{\"a\":[1,-2.5,true,null,\"\\u00e9\\ud83d\\ude00\"]}",
                "{\"a\":[1,-2.5,true,null,\"\u00e9\U0001F600\"]}");
    assert_read("[9223372036854775807,-9223372036854775808]",
                "[9223372036854775807,-9223372036854775808]");
    assert_read("{\"a\":1,\"a\":2}", "{\"a\":2}");
}

static void replaces_what_a_text_cannot_hold(void **state) {
    assert_read("{\"name\":\"A\\u0000na\",\"x\":1}", "{\"name\":\"A\uFFFDna\",\"x\":1}");
    assert_read("{\"a\\u0000\":1}", "{\"a\uFFFD\":1}");
    assert_read("[\"\\ud800\",\"\\udc00x\",\"\\ud83d\\ude00\\ud83d\",\"a\\\"\\\\b\\n\"]",
                "[\"\uFFFD\",\"\uFFFDx\",\"\U0001F600\uFFFD\",\"a\\\"\\\\b\\n\"]");
    assert_read("[\"a\xff"
                "b\",\"\xed\xa0\x80\"]",
                "[\"a\uFFFDb\",\"\uFFFD\uFFFD\uFFFD\"]");
}

static void a_number_is_never_too_large(void **state) {
    assert_read("[1,\"\\u0000\",1e400,-1e400]", "[1,\"\uFFFD\",null,null]");
    assert_read("[18446744073709551616,{\"a\":-9223372036854775809}]",
                "[1.8446744073709552e19,{\"a\":-9.2233720368547758e18}]");
    struct buf text = {0};
    buf_add_byte(&text, '[');
    for (int i = 0; i < 400; i++)
        buf_add_byte(&text, '9');
    buf_add_text(&text, ",7]");
    json_t *value = json_read(buf_slice(&text));
    assert_true(json_is_null(json_array_get(value, 0)));
    assert_int_equal(json_integer_value(json_array_get(value, 1)), 7);
    json_decref(value);
    buf_free(&text);
}

static void a_byte_order_mark_is_left_out(void **state) {
    assert_read("\xEF\xBB\xBF{\"a\":1}", "{\"a\":1}");
    assert_null(json_read(SLICE("\xEF\xBB\xBF\xEF\xBB\xBF{}")));
    assert_null(json_read(SLICE("\xEF\xBB\xBF")));
}

static void what_is_no_json_stays_none(void **state) {
    static const char *const bad[] = {"",           "{",
                                      "{\"a\":}",   "[\"\\u00\",\"\\u0000\"]",
                                      "[01]",       "[\"\\u0000\"",
                                      "nul",        "{\"a\\u0000\":1,}",
                                      "[\"\x01\"]", "[1e400",
                                      "[--1e400]",  "\"text\""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (json_read(slice_from(bad[i])))
            fail_msg("read: %s", bad[i]);
    }
    assert_null(json_read(SLICE("[\"\0\"]")));
    assert_null(json_read(SLICE("[6\0\n ]")));
    assert_null(json_read(SLICE_NONE));
}

static void depth_is_bounded(void **state) {
    char text[4096];
    memset(text, '[', sizeof text);
    assert_null(json_read(slice_of(text, sizeof text)));
}

static void the_strict_reader_takes_no_member_twice(void **state) {
    assert_null(json_read_strict(SLICE("{\"a\":1,\"a\":1}")));
    assert_null(json_read_strict(SLICE("{\"a\\u0000\":1,\"a\\ufffd\":1}")));
    json_t *value = json_read_strict(SLICE("{\"a\":\"\\u0000\",\"b\":1}"));
    assert_non_null(value);
    json_decref(value);
}

RUN_TESTS(TEST(reads_what_is_good_as_it_is), TEST(replaces_what_a_text_cannot_hold),
          TEST(a_number_is_never_too_large), TEST(a_byte_order_mark_is_left_out),
          TEST(what_is_no_json_stays_none), TEST(depth_is_bounded),
          TEST(the_strict_reader_takes_no_member_twice))
