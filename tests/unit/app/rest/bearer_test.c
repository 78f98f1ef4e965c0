#include "app/rest/bearer.h"
#include "unit.h"
#include "wire/web/http.h"

#include <stdio.h>

static char bytes[512];

/* The head of a request with these header lines. */
static const struct http_head *head_with(const char *headers) {
    static struct http_head head;
    size_t scanned = 0, used = 0;
    snprintf(bytes, sizeof bytes, "GET / HTTP/1.1\r\nHost: x\r\n%s\r\n", headers);
    assert_int_equal(http_parse_request(&head, slice_from(bytes), HTTP_HEAD_MAX, &scanned, &used), HTTP_DONE);
    return &head;
}

static void the_scheme_is_read_in_any_letter_case(void **state) {
    assert_slice_equal(bearer_token(head_with("Authorization: Bearer abc.def\r\n")), "abc.def");
    assert_slice_equal(bearer_token(head_with("aUTHORIZATION: bEaReR abc\r\n")), "abc");
    assert_slice_equal(bearer_token(head_with("Authorization:Bearer \t abc \r\n")), "abc");
}

static void without_the_scheme_there_is_no_token(void **state) {
    static const char *const headers[] = {
        "",
        "Authorization:\r\n",
        "Authorization: abc\r\n",
        "Authorization: Bearer\r\n",
        "Authorization: Bearerabc\r\n",
        "Authorization: Bearer\tabc\r\n",
        "Authorization: Basic YTpi\r\n",
        "Proxy-Authorization: Bearer abc\r\n",
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        assert_int_equal(bearer_token(head_with(headers[i])).len, 0);
}

static void two_headers_give_no_token(void **state) {
    static const char *const headers[] = {
        "Authorization: Bearer abc\r\nAuthorization: Bearer abc\r\n",
        "Authorization: Bearer abc\r\nX: y\r\nauthorization: Basic YTpi\r\n",
        "Authorization: Basic YTpi\r\nAuthorization: Bearer abc\r\n",
        "Authorization:\r\nAuthorization: Bearer abc\r\n",
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        const struct http_head *head = head_with(headers[i]);
        assert_int_equal(bearer_token(head).len, 0);
        assert_int_equal(bearer_or_bare_token(head).len, 0);
        assert_false(bearer_is(head, SLICE("abc")));
    }
}

static void a_webhook_may_leave_the_scheme_out(void **state) {
    assert_slice_equal(bearer_or_bare_token(head_with("Authorization: abc.def\r\n")), "abc.def");
    assert_slice_equal(bearer_or_bare_token(head_with("Authorization: bearer abc\r\n")), "abc");
    assert_int_equal(bearer_or_bare_token(head_with("Authorization:\r\n")).len, 0);
    assert_int_equal(bearer_or_bare_token(head_with("")).len, 0);
}

static void a_secret_is_compared_whole(void **state) {
    const struct http_head *head = head_with("Authorization: Bearer the-secret\r\n");
    assert_true(bearer_is(head, SLICE("the-secret")));
    assert_false(bearer_is(head, SLICE("the-secre")));
    assert_false(bearer_is(head, SLICE("the-secret2")));
    assert_false(bearer_is(head, SLICE("The-secret")));
    assert_false(bearer_is(head_with("Authorization: the-secret\r\n"), SLICE("the-secret")));
    assert_false(bearer_is(head_with(""), SLICE("the-secret")));
}

RUN_TESTS(TEST(the_scheme_is_read_in_any_letter_case), TEST(without_the_scheme_there_is_no_token),
          TEST(two_headers_give_no_token), TEST(a_webhook_may_leave_the_scheme_out),
          TEST(a_secret_is_compared_whole))
