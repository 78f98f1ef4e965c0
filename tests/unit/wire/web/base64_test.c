#include "base/mem.h"
#include "wire/web/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void rfc_vectors_are_written_and_read(void **state) {
    /* RFC 4648, section 10. */
    static const char *const pairs[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
    };
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        struct buf out = {0};
        base64_write(&out, slice_from(pairs[i][0]));
        assert_true(slice_is_equal(buf_slice(&out), slice_from(pairs[i][1])));
        buf_clear(&out);
        assert_true(base64_parse_leniently(&out, slice_from(pairs[i][1])));
        assert_true(slice_is_equal(buf_slice(&out), slice_from(pairs[i][0])));
        buf_free(&out);
    }
}

static void every_length_survives_the_round_trip(void **state) {
    uint8_t bytes[64];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 151 + 250);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        struct buf text = {0}, back = {0};
        base64url_write(&text, slice_of(bytes, len));
        assert_int_equal(text.len, (len * 4 + 2) / 3);
        assert_true(base64url_parse(&back, buf_slice(&text)));
        assert_true(slice_is_equal(buf_slice(&back), slice_of(bytes, len)));
        buf_free(&text);
        buf_free(&back);
    }
}

static void both_alphabets_are_written(void **state) {
    struct buf out = {0};
    buf_add_text(&out, "+/="); /* what was there stays */
    base64_write(&out, SLICE("\xfb\xff\xfe\xff"));
    base64url_write(&out, SLICE("\xfb\xff\xfe\xff"));
    assert_true(slice_is_equal(buf_slice(&out), SLICE("+/=+//+/w==-__-_w")));
    buf_free(&out);
}

static void other_spellings_are_refused(void **state) {
    static const char *const url[] = {"Zg==", "Z", "Zh", "Zm9", "Zm+/", "Zm9v ", "Zm 9v", "Zm9v\n", "="};
    for (size_t i = 0; i < ARRAY_LEN(url); i++) {
        struct buf out = {0};
        buf_add_text(&out, "kept");
        assert_false(base64url_parse(&out, slice_from(url[i])));
        assert_int_equal(out.len, 4);
        buf_free(&out);
    }
}

/* Java's wraps lines, some leave padding out, some use the other alphabet; Node reads them all. */
static void odd_encoders_are_read_leniently(void **state) {
    static const char *const texts[] = {
        "+/+/AQ==", "+/+/\r\nAQ==\n", "+/+/ AQ", "-_-_AQ==\n", "-_-_AQ", "+/+/AR==", "+/+/AQ=",
    };
    struct buf out = {0};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        buf_clear(&out);
        assert_true(base64_parse_leniently(&out, slice_from(texts[i])));
        assert_true(slice_is_equal(buf_slice(&out), SLICE("\xfb\xff\xbf\x01")));
    }
    buf_clear(&out);
    assert_true(base64_parse_leniently(&out, SLICE("\n")));
    assert_int_equal(out.len, 0);
    static const char *const bad[] = {"AAAAA", "A*==", "A=A=", "Z===", "Zm9v=Zm9", "\xc3\xbc=="};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(base64_parse_leniently(&out, slice_from(bad[i])));
    assert_int_equal(out.len, 0);
    buf_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rfc_vectors_are_written_and_read),
        cmocka_unit_test(every_length_survives_the_round_trip),
        cmocka_unit_test(both_alphabets_are_written),
        cmocka_unit_test(other_spellings_are_refused),
        cmocka_unit_test(odd_encoders_are_read_leniently),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
