#include "wire/web/json.h"

#include "unit.h"

static bool is_json(const char *text) {
    return json_check(slice_from(text));
}

static void accepts_every_kind_of_value(void **state) {
    static const char *const good[] = {
        "0",
        "-0",
        "12",
        "-1.5e+10",
        "1e400",
        "123456789012345678901234567890",
        "\"\"",
        "\"a\"",
        "\"\\u00e9\"",
        "\"\\ud800\"",
        "true",
        "false",
        "null",
        "[]",
        "[ ]",
        "[1,2]",
        "{}",
        "{ \"a\" : [ { } , null ] }",
        " \t\r\n1 ",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
        "{\"\":0,\"\":1}",
        "\"\xf0\x9f\x98\x80\"",
    };

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (!is_json(good[i]))
            fail_msg("refused: %s", good[i]);
    }
}

static void refuses_what_is_no_json(void **state) {
    static const char *const bad[] = {
        "",    " ",    "01",   "+1",       "1.",     ".5",      "1e",        "1e+",    "--1",
        "nul", "True", "'a'",  "\"a",      "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\n\"", "[",
        "]",   "[1",   "[1,]", "[,1]",     "[1 2]",  "{\"a\"}", "{\"a\":}",  "{a:1}",  "{\"a\":1,}",
        "{,}", "1 1",  "[1]]", "{\"a\":1", "\"\\",   "[1}",     "{]",        "NaN",    "-",
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (is_json(bad[i]))
            fail_msg("accepted: %s", bad[i]);
    }
    assert_false(json_check(slice_of("\"a\0b\"", 5)));
}

static void nest(char *out, unsigned depth) {
    for (unsigned i = 0; i < depth; i++) {
        out[i] = '[';
        out[2 * depth - 1 - i] = ']';
    }
    out[2 * depth] = 0;
}

static void bounds_the_depth(void **state) {
    char text[2 * (JSON_DEPTH_MAX + 1) + 1];

    nest(text, JSON_DEPTH_MAX);
    assert_true(is_json(text));
    assert_true(json_is_shallow(slice_from(text)));
    nest(text, JSON_DEPTH_MAX + 1);
    assert_false(is_json(text));
    assert_false(json_is_shallow(slice_from(text)));
    assert_true(json_is_shallow(
        SLICE("\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"")));
}

static void walks_lists_and_objects(void **state) {
    struct slice rest = json_inside(SLICE(" [ 1 , \"a,]\" ,[2,{\"x\":3}], {} ] ")), item, key;

    assert_true(json_next_item(&rest, &item));
    assert_slice_equal(item, "1");
    assert_true(json_next_item(&rest, &item));
    assert_slice_equal(item, "\"a,]\"");
    assert_true(json_next_item(&rest, &item));
    assert_slice_equal(item, "[2,{\"x\":3}]");
    assert_true(json_next_item(&rest, &item));
    assert_slice_equal(item, "{}");
    assert_false(json_next_item(&rest, &item));

    rest = json_inside(SLICE("{ \"a\" : 1 ,\"b\":{\"c\":2}}"));
    assert_true(json_next_member(&rest, &key, &item));
    assert_slice_equal(key, "\"a\"");
    assert_slice_equal(item, "1");
    assert_true(json_next_member(&rest, &key, &item));
    assert_slice_equal(key, "\"b\"");
    assert_slice_equal(item, "{\"c\":2}");
    assert_false(json_next_member(&rest, &key, &item));
}

static void finds_the_last_member_of_a_name(void **state) {
    assert_slice_equal(json_member(SLICE("{\"a\":1,\"b\":2,\"\\u0061\":3}"), "a"), "3");
    assert_int_equal(json_member(SLICE("{\"a\":1}"), "b").len, 0);
    assert_int_equal(json_member(SLICE("[1]"), "a").len, 0);
}

static void unquotes(void **state) {
    struct buf out = {0};

    json_unquote(&out, SLICE("\"a\\n\\u00e9\\ud83d\\ude00\\ud800x\\udc00\\/\""));
    assert_slice_equal(buf_slice(&out), "a\n\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbdx\xef\xbf\xbd/");
    assert_true(json_text_is(SLICE("\"m\\u0065ssage\""), "message"));
    assert_false(json_text_is(SLICE("\"message\""), "messag"));
    assert_false(json_text_is(SLICE("1"), "1"));
    buf_free(&out);
}

static void reads_counts(void **state) {
    uint64_t n;

    assert_true(json_to_count(SLICE("9007199254740991"), &n));
    assert_int_equal(n, 9007199254740991);
    assert_false(json_to_count(SLICE("9007199254740992"), &n));
    assert_false(json_to_count(SLICE("-1"), &n));
    assert_false(json_to_count(SLICE("1.0"), &n));
    assert_false(json_to_count(SLICE(""), &n));
    assert_false(json_to_count(SLICE("99999999999999999999"), &n));
}

RUN_TESTS(TEST(accepts_every_kind_of_value), TEST(refuses_what_is_no_json), TEST(bounds_the_depth),
          TEST(walks_lists_and_objects), TEST(finds_the_last_member_of_a_name), TEST(unquotes),
          TEST(reads_counts))
