#include "base/text.h"
#include "unit.h"

static const char *const good[] = {"",           "a",          "ol\u00e1", "\u2615",
                                   "\U0001F600", "\U0010FFFF", "\ued7f"};
static const char *const bad[] = {
    "\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80",     "\xed\xa0\x80",    "\xf4\x90\x80\x80",
    "\xf5", "\xff",     "\xe2\x98", "aaaaaaaaaaaa\xe2", "\xf0\x80\x80\x80"};

static bool feed_by_bytes(struct slice s) {
    struct text_utf8 state = {0};
    for (size_t i = 0; i < s.len; i++)
        if (!text_utf8_feed(&state, slice_of(s.ptr + i, 1)))
            return false;
    return text_utf8_is_complete(&state);
}

static void utf8_is_judged_the_same_whole_and_in_pieces(void **state) {
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(text_is_utf8(slice_from(good[i])));
        assert_true(feed_by_bytes(slice_from(good[i])));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(text_is_utf8(slice_from(bad[i])));
        assert_false(feed_by_bytes(slice_from(bad[i])));
    }
}

static void identities_have_no_control_characters(void **state) {
    assert_true(text_is_identity(SLICE("bob:x y/\u00e7"), 256));
    assert_true(text_is_identity(SLICE("\u00a0"), 256));
    assert_false(text_is_identity(SLICE(""), 256));
    assert_false(text_is_identity(SLICE("a\nb"), 256));
    assert_false(text_is_identity(slice_of("a\0b", 3), 256));
    assert_false(text_is_identity(SLICE("a\xc2\x85"), 256));
    assert_false(text_is_identity(SLICE("abcd"), 3));
}

static void names_become_one_harmless_path_component(void **state) {
    char name[TEXT_NAME_SIZE];
    assert_true(text_reduce(SLICE("sala 1/\u00e7"), name));
    assert_string_equal(name, "sala_1__");
    assert_true(text_reduce(SLICE("../../x"), name));
    assert_string_equal(name, ".._.._x");
    assert_true(text_reduce(SLICE(".."), name));
    assert_string_equal(name, "__");
    assert_true(text_reduce(SLICE(""), name));
    assert_string_equal(name, "_");
    assert_false(text_reduce(SLICE("TR_ab.c-1"), name));
    assert_string_equal(name, "TR_ab.c-1");
    char longest[300];
    memset(longest, 'x', sizeof longest);
    assert_true(text_reduce(slice_of(longest, sizeof longest), name));
    assert_int_equal(strlen(name), TEXT_NAME_MAX);
}

static void two_names_never_share_a_folder(void **state) {
    char a[TEXT_NAME_SIZE], b[TEXT_NAME_SIZE];
    text_reduce_unique(SLICE("a/b"), a);
    text_reduce_unique(SLICE("a:b"), b);
    assert_string_not_equal(a, b);
    assert_memory_equal(a, "a_b-", 4);
    text_reduce_unique(SLICE("RM_1"), a);
    assert_string_equal(a, "RM_1");
    char longest[300];
    memset(longest, 'x', sizeof longest);
    text_reduce_unique(slice_of(longest, 299), a);
    text_reduce_unique(slice_of(longest, 300), b);
    assert_int_equal(strlen(a), TEXT_NAME_MAX);
    assert_string_not_equal(a, b);
}

static void times_are_iso_in_utc(void **state) {
    char iso[TEXT_ISO_SIZE];
    text_iso_time(1795349609774, iso);
    assert_string_equal(iso, "2026-11-22T12:13:29.774Z");
    text_iso_time(-1, iso);
    assert_string_equal(iso, "1969-12-31T23:59:59.999Z");
    int64_t ms;
    assert_true(text_parse_iso_time(SLICE("2026-11-22T12:13:29.774Z"), &ms));
    assert_true(ms == 1795349609774);
    assert_true(text_parse_iso_time(SLICE("2026-11-22T09:13:29.774-03:00"), &ms));
    assert_true(ms == 1795349609774);
    assert_true(text_parse_iso_time(SLICE("1970-01-01T00:00:00Z"), &ms));
    assert_true(ms == 0);
    assert_false(text_parse_iso_time(SLICE("2026-11-22"), &ms));
    assert_false(text_parse_iso_time(SLICE("2026-13-22T12:13:29Z"), &ms));
    assert_false(text_parse_iso_time(SLICE("2026-11-22T12:13:29.Z"), &ms));
    assert_false(text_parse_iso_time(SLICE("2026-11-22T12:13:29Zx"), &ms));
}

static void json_strings_are_escaped_and_valid(void **state) {
    struct buf out = {0};
    text_add_json(&out, slice_of("a\"b\\\n\x01\0z", 8));
    assert_slice_equal(buf_slice(&out), "\"a\\\"b\\\\\\n\\u0001\\u0000z\"");
    buf_clear(&out);
    text_add_json(&out, SLICE("\u00e7\xff\xe2\x98"));
    assert_slice_equal(buf_slice(&out), "\"\u00e7\ufffd\ufffd\ufffd\"");
    buf_free(&out);
}

static void small_numbers(void **state) {
    char text[14], hex[9];
    text_base36(1795349609774, text);
    assert_string_equal(text, "mwrsswtq");
    text_base36(0, text);
    assert_string_equal(text, "0");
    text_base36(UINT64_MAX, text);
    assert_string_equal(text, "3w5e11264sgsf");
    text_hex("\x00\xff\x1a\x80", 4, hex);
    assert_string_equal(hex, "00ff1a80");
}

static void hexadecimal_digits_have_a_value_and_nothing_else_has(void **state) {
    static const char digits[] = "0123456789abcdef", capitals[] = "ABCDEF";
    for (int c = 0; c < 256; c++) {
        const char *digit = memchr(digits, c, 16), *capital = memchr(capitals, c, 6);
        int value = digit ? (int)(digit - digits) : capital ? (int)(capital - capitals) + 10 : -1;
        assert_int_equal(text_hex_value((char)c), value);
    }
}

RUN_TESTS(TEST(utf8_is_judged_the_same_whole_and_in_pieces),
          TEST(identities_have_no_control_characters),
          TEST(names_become_one_harmless_path_component), TEST(two_names_never_share_a_folder),
          TEST(times_are_iso_in_utc), TEST(json_strings_are_escaped_and_valid), TEST(small_numbers),
          TEST(hexadecimal_digits_have_a_value_and_nothing_else_has))
