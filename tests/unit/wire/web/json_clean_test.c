#include "wire/web/json_clean.h"

#include "unit.h"
#include "wire/web/json.h"

#include <string.h>

static void assert_cleaned(const char *from, const char *to) {
    struct buf out = {0};
    assert_true(json_check(slice_from(from)));
    json_clean(&out, slice_from(from), 7);
    assert_slice_equal(buf_slice(&out), to);
    buf_free(&out);
}

static void what_is_harmless_stays(void **state) {
    static const char *const texts[] = {"null",
                                        "true",
                                        "-0",
                                        "0.1",
                                        "1e21",
                                        "-12.5E-3",
                                        "9223372036854775807",
                                        "-9223372036854775808",
                                        "18446744073709551615",
                                        "\"a b\"",
                                        "[]",
                                        "{}",
                                        "[1,[2,{\"a\":[]}],\"x\"]",
                                        "{\"a\":{\"a\":1},\"b\":2}",
                                        "\"\xc3\xbc\""};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_cleaned(texts[i], texts[i]);
    assert_cleaned(" [ 1 , { \"a\" : 2 , \"b\" : [ ] } ] ", "[1,{\"a\":2,\"b\":[]}]");
}

static void numbers_are_those_of_a_double(void **state) {
    assert_cleaned("1e400", "null");
    assert_cleaned("[-1e400,1e-400,-1e-400]", "[null,0,-0]");
    assert_cleaned("18446744073709551616", "1.8446744073709552e+19");
    assert_cleaned("-9223372036854775809", "-9.2233720368547758e+18");
    char digits[402];
    memset(digits, '7', 400);
    digits[400] = 0;
    assert_cleaned(digits, "null");
    assert_cleaned("0.1000000000000000055511151231257827", "0.10000000000000001");
}

static void the_last_of_two_members_stays(void **state) {
    assert_cleaned("{\"a\":1,\"a\":2}", "{\"a\":2}");
    assert_cleaned("{\"a\":1,\"b\":3,\"\\u0061\":[2]}", "{\"b\":3,\"a\":[2]}");
    assert_cleaned("{\"b\":3,\"a\":1,\"a\":2,\"c\":4,\"a\":5}", "{\"b\":3,\"c\":4,\"a\":5}");
    assert_cleaned("[{\"a\":{\"x\":1,\"x\":2},\"a\":{\"y\":1,\"y\":3}},{\"a\":1}]",
                   "[{\"a\":{\"y\":3}},{\"a\":1}]");
}

static void escapes_become_characters(void **state) {
    assert_cleaned("\"\\u00fc\\/\\n\\\"\\u0000\"", "\"\xc3\xbc/\\n\\\"\\u0000\"");
    assert_cleaned("\"\\ud83d\\ude00\\ud800\"", "\"\xf0\x9f\x98\x80\xef\xbf\xbd\"");
}

static void a_list_is_cleaned_item_by_item(void **state) {
    struct buf out = {0};
    buf_add_byte(&out, '[');
    json_clean(&out, SLICE("1, {\"a\":1,\"a\":2} ,\"\\u0061\""), 7);
    assert_slice_equal(buf_slice(&out), "[1,{\"a\":2},\"a\"");
    buf_free(&out);
}

static void text_is_counted_without_its_escapes(void **state) {
    assert_int_equal(json_text_bytes(SLICE("\"abc\"")), 5);
    assert_int_equal(json_text_bytes(SLICE("\"\\u00fc\\n\\u20ac\\ud83d\\ude00\\u0041\"")),
                     2 + 2 + 1 + 3 + 4 + 1);
}

RUN_TESTS(TEST(what_is_harmless_stays), TEST(numbers_are_those_of_a_double),
          TEST(the_last_of_two_members_stays), TEST(escapes_become_characters),
          TEST(a_list_is_cleaned_item_by_item), TEST(text_is_counted_without_its_escapes))
