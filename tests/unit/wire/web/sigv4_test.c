#include "base/macros.h"
#include "base/mem.h"
#include "wire/web/sigv4.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* The key, the moment and the bucket of the examples in Amazon's documentation. */
static const struct sigv4_key key = {
    .id = {"AKIAIOSFODNN7EXAMPLE", 20},
    .secret = {"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", 40},
    .region = {"us-east-1", 9},
};
static const int64_t moment_s = 1369353600; /* 2013-05-24 00:00:00 UTC */
#define HOST         SLICE("examplebucket.s3.amazonaws.com")
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void assert_ends(const struct buf *text, const char *end) {
    assert_true(slice_has_suffix(buf_slice(text), slice_from(end)));
}

static void a_date_has_its_short_form(void **state) {
    char date[SIGV4_DATE_SIZE];
    sigv4_date(moment_s, date);
    assert_string_equal(date, "20130524T000000Z");
    sigv4_date(1796042477, date);
    assert_string_equal(date, "20261130T124117Z");
}

static void the_sum_of_nothing_is_the_known_one(void **state) {
    char sum[SIGV4_SHA256_SIZE];
    sigv4_sha256(SLICE_NONE, sum);
    assert_string_equal(sum, EMPTY_SHA256);
}

static void paths_and_values_are_encoded_as_signed(void **state) {
    struct buf out = {0};
    sigv4_encode(&out, SLICE("a/b c=+:(*)~é"), true);
    assert_true(slice_is_equal(buf_slice(&out), SLICE("a/b%20c%3D%2B%3A%28%2A%29~%C3%A9")));
    buf_clear(&out);
    sigv4_encode(&out, slice_of("a/\0", 3), false);
    assert_true(slice_is_equal(buf_slice(&out), SLICE("a%2F%00")));
    buf_free(&out);
}

static void the_documented_range_has_its_signature(void **state) {
    const struct sigv4_header headers[] = {
        {"host", HOST},
        {"range", SLICE("bytes=0-9")},
        {"x-amz-content-sha256", SLICE(EMPTY_SHA256)},
        {"x-amz-date", SLICE("20130524T000000Z")},
    };
    const struct sigv4_request request = {"GET",   SLICE("/test.txt"), SLICE_NONE,
                                          headers, ARRAY_LEN(headers), SLICE(EMPTY_SHA256)};
    struct buf out = {0};
    sigv4_authorize(&out, &key, &request, moment_s);
    assert_true(slice_has_prefix(
        buf_slice(&out),
        SLICE("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
              "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,Signature=")));
    assert_ends(&out, "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    buf_free(&out);
}

static void the_documented_list_has_its_signature(void **state) {
    const struct sigv4_header headers[] = {
        {"host", HOST},
        {"x-amz-content-sha256", SLICE(EMPTY_SHA256)},
        {"x-amz-date", SLICE("20130524T000000Z")},
    };
    const struct sigv4_request request = {"GET",   SLICE("/"),         SLICE("max-keys=2&prefix=J"),
                                          headers, ARRAY_LEN(headers), SLICE(EMPTY_SHA256)};
    struct buf out = {0};
    sigv4_authorize(&out, &key, &request, moment_s);
    assert_ends(&out, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
    buf_free(&out);
}

static void the_documented_link_has_its_signature(void **state) {
    struct buf out = {0};
    sigv4_presign(&out, &key, "GET", HOST, SLICE("/test.txt"), SLICE_NONE, moment_s, 86400);
    assert_true(slice_is_equal(
        buf_slice(&out),
        SLICE("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2F"
              "us-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&"
              "X-Amz-SignedHeaders=host&X-Amz-Signature="
              "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404")));
    buf_free(&out);
}

/* A key that was lent names its session, and what the answer's headers shall be is signed too. */
static void a_link_carries_all_that_it_promises(void **state) {
    struct sigv4_key lent = key;
    lent.session_token = SLICE("token/+=");
    struct buf out = {0}, other = {0};
    sigv4_presign(&out, &lent, "GET", HOST, SLICE("/a"), SLICE("response-content-type=audio%2Fwav"),
                  moment_s, 300);
    sigv4_presign(&other, &lent, "GET", HOST, SLICE("/a"),
                  SLICE("response-content-type=audio%2Fogg"), moment_s, 300);
    char *link = buf_take_text(&out), *another = buf_take_text(&other);
    const char *token = strstr(link, "&X-Amz-Security-Token=token%2F%2B%3D&");
    const char *type = strstr(link, "&response-content-type=audio%2Fwav&X-Amz-Signature=");
    assert_true(token && type && token < type);
    assert_string_not_equal(strstr(link, "Signature="), strstr(another, "Signature="));
    sigv4_presign(&out, &lent, "HEAD", HOST, SLICE("/a"),
                  SLICE("response-content-type=audio%2Fwav"), moment_s, 300);
    assert_false(slice_is_equal(buf_slice(&out), slice_from(link)));
    buf_free(&out);
    mem_free(link);
    mem_free(another);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_date_has_its_short_form),
        cmocka_unit_test(the_sum_of_nothing_is_the_known_one),
        cmocka_unit_test(paths_and_values_are_encoded_as_signed),
        cmocka_unit_test(the_documented_range_has_its_signature),
        cmocka_unit_test(the_documented_list_has_its_signature),
        cmocka_unit_test(the_documented_link_has_its_signature),
        cmocka_unit_test(a_link_carries_all_that_it_promises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
