#include "base/buf.h"
#include "unit.h"
#include "wire/web/http.h"

#include <stdio.h>
#include <stdlib.h>

static struct http_head head;

/* Whole and byte by byte; both must agree. Returns the bytes used, 0 when it is bad or
 * unfinished. */
static size_t parse(struct slice bytes, enum http_result expected) {
    static struct http_head slowly;
    size_t scanned = 0, used = 0, slow_scanned = 0, slow_used = 0;
    enum http_result result = http_parse_request(&head, bytes, HTTP_HEAD_MAX, &scanned, &used);
    enum http_result slow = HTTP_MORE;
    for (size_t n = 1; n <= bytes.len && slow == HTTP_MORE; n++) {
        char *copy = malloc(n);
        memcpy(copy, bytes.ptr, n);
        slow = http_parse_request(&slowly, slice_of(copy, n), HTTP_HEAD_MAX, &slow_scanned,
                                  &slow_used);
        free(copy);
    }
    assert_int_equal(result, expected);
    assert_int_equal(slow, expected);
    if (result == HTTP_DONE)
        assert_int_equal(used, slow_used);
    if (result == HTTP_BAD) {
        assert_int_equal(head.refusal, slowly.refusal);
        assert_string_equal(head.why, slowly.why);
    }
    return result == HTTP_DONE ? used : 0;
}

static void assert_refused(const char *text, int status) {
    parse(slice_from(text), HTTP_BAD);
    assert_int_equal(head.refusal, status);
}

static void a_request_is_taken_apart(void **state) {
    struct slice text = SLICE("POST /a%20b?x=1&y HTTP/1.1\r\nHost: h:1\r\nX-Empty:\r\n"
                              "Accept:\t a , b \r\nContent-Length: 7\r\n\r\nbody...");
    assert_int_equal(parse(text, HTTP_DONE), text.len - 7);
    assert_slice_equal(head.method, "POST");
    assert_slice_equal(head.target, "/a%20b?x=1&y");
    assert_slice_equal(head.path, "/a%20b");
    assert_slice_equal(head.query, "x=1&y");
    assert_int_equal(head.header_count, 4);
    assert_slice_equal(*http_find_header(&head, "ACCEPT"), "a , b");
    assert_slice_equal(*http_find_header(&head, "x-empty"), "");
    assert_null(http_find_header(&head, "x-none"));
    assert_int_equal(head.content_length, 7);
    assert_true(head.is_keep_alive);
    assert_false(head.is_chunked || head.asks_upgrade || head.expects_continue);
}

static void empty_lines_in_front_are_skipped(void **state) {
    struct slice text = SLICE("\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(parse(text, HTTP_DONE), text.len);
    assert_slice_equal(head.method, "GET");
    parse(SLICE("\r\n\r\n\r\n\r\n"), HTTP_MORE);
    assert_refused("\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400);
    assert_refused("\r\n\rGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400);
}

static void targets_have_four_forms(void **state) {
    parse(SLICE("GET http://h:80/p?q HTTP/1.1\r\nHost: h\r\n\r\n"), HTTP_DONE);
    assert_slice_equal(head.path, "/p");
    assert_slice_equal(head.query, "q");
    parse(SLICE("GET HTTP://h?q HTTP/1.1\r\nHost: h\r\n\r\n"), HTTP_DONE);
    assert_slice_equal(head.path, "/");
    assert_slice_equal(head.query, "q");
    parse(SLICE("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"), HTTP_DONE);
    assert_slice_equal(head.path, "*");
    parse(SLICE("CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n"), HTTP_DONE);
    assert_slice_equal(head.path, "h:443");
    assert_refused("GET p HTTP/1.1\r\nHost: h\r\n\r\n", 400);
    assert_refused("GET http:///p HTTP/1.1\r\nHost: h\r\n\r\n", 400);
}

static void versions_and_connection_decide_what_follows(void **state) {
    static const struct {
        const char *text;
        bool keep_alive, upgrade;
    } cases[] = {
        {"GET / HTTP/1.0\r\n\r\n", false, false},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true, false},
        {"GET / HTTP/1.1\r\nHost: h\r\nConnection: foo, CLOSE\r\n\r\n", false, false},
        {"GET / HTTP/1.2\r\nHost: h\r\n\r\n", true, false},
        {"GET / HTTP/1.1\r\nHost: h\r\nConnection: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
         true, true},
        {"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: x\r\n\r\n", true, false},
        {"GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        parse(slice_from(cases[i].text), HTTP_DONE);
        assert_int_equal(head.is_keep_alive, cases[i].keep_alive);
        assert_int_equal(head.asks_upgrade, cases[i].upgrade);
    }
}

#define HOST "Host: h\r\n"

static void what_two_readers_could_read_differently_is_refused(void **state) {
    assert_refused("GET / HTTP/1.1\nHost: h\r\n\r\n", 400);
    assert_refused("GET / HTTP/1.1\r\n" HOST "A: b\rc\r\n\r\n", 400);
    assert_refused("GET / HTTP/1.1\r\n" HOST "A: b\n\n", 400);
    assert_refused("GET / HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n", 400);
    assert_refused("GET / HTTP/1.1\r\n A: b\r\n" HOST "\r\n", 400);
    assert_refused("GET / HTTP/1.1\r\n" HOST "A : b\r\n\r\n", 400);
    assert_refused("GET / HTTP/1.1\r\n" HOST ": b\r\n\r\n", 400);
    assert_refused("GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n", 400);
    assert_refused("GET / HTTP/1.1\r\n" HOST "A: \x01\r\n\r\n", 400);
    assert_refused("GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400);
    assert_refused("GET / HTTP/1.1\r\n\r\n", 400);
    assert_refused("GET /a b HTTP/1.1\r\n" HOST "\r\n", 400);
    assert_refused("GET\t/ HTTP/1.1\r\n" HOST "\r\n", 400);
    assert_refused("GET / http/1.1\r\n" HOST "\r\n", 400);
    assert_refused("GET /\r\n" HOST "\r\n", 400);
    assert_refused("GET / HTTP/1.1 \r\n" HOST "\r\n", 400);
    assert_refused("GET / HTTP/3.0\r\n" HOST "\r\n", 505);
    parse(slice_of("GET / HTTP/1.1\r\nA: \0\r\n", 22), HTTP_BAD);
}

static void the_length_of_a_body_is_never_in_doubt(void **state) {
    assert_refused("POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\ncontent-length: 1\r\n\r\n",
                   400);
    assert_refused("POST / HTTP/1.1\r\n" HOST "Content-Length: 1, 1\r\n\r\n", 400);
    assert_refused("POST / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\n", 400);
    assert_refused("POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n", 400);
    assert_refused("POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", 400);
    assert_refused("POST / HTTP/1.1\r\n" HOST "Content-Length: 9223372036854775808\r\n\r\n", 400);
    assert_refused(
        "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
    assert_refused("POST / HTTP/1.1\r\n" HOST
                   "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
                   400);
    assert_refused("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, gzip\r\n\r\n", 501);
    assert_refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
    assert_refused("POST / HTTP/1.1\r\n" HOST "Expect: magic\r\n\r\n", 417);
    parse(SLICE("POST / HTTP/1.1\r\n" HOST
                "Expect: 100-Continue\r\nTransfer-Encoding: Chunked\r\n\r\n"),
          HTTP_DONE);
    assert_true(head.is_chunked && head.expects_continue);
}

static void heads_have_limits(void **state) {
    char *text = malloc(HTTP_HEAD_MAX + 100);
    strcpy(text, "GET / HTTP/1.1\r\n" HOST "X: ");
    size_t n = strlen(text);
    memset(text + n, 'x', HTTP_HEAD_MAX);
    memcpy(text + HTTP_HEAD_MAX - 4, "\r\n\r\n", 4);
    assert_int_equal(parse(slice_of(text, HTTP_HEAD_MAX), HTTP_DONE), HTTP_HEAD_MAX);
    memset(text + n, 'x', HTTP_HEAD_MAX);
    parse(slice_of(text, HTTP_HEAD_MAX), HTTP_MORE);
    parse(slice_of(text, HTTP_HEAD_MAX + 1), HTTP_BAD);
    assert_int_equal(head.refusal, 431);
    n = (size_t)sprintf(text, "GET / HTTP/1.1\r\n" HOST);
    for (int i = 0; i < HTTP_HEADERS_MAX; i++)
        n += (size_t)sprintf(text + n, "A: b\r\n");
    strcpy(text + n, "\r\n");
    assert_refused(text, 431);
    free(text);
}

static void replies_are_parsed_too(void **state) {
    size_t scanned = 0, used = 0;
    struct slice text = SLICE("HTTP/1.1 101 Switching  Protocols\r\nUpgrade: websocket\r\n"
                              "Connection: upgrade\r\n\r\nmore");
    assert_int_equal(http_parse_reply(&head, text, &scanned, &used), HTTP_DONE);
    assert_int_equal(head.status, 101);
    assert_slice_equal(head.reason, "Switching  Protocols");
    assert_true(head.asks_upgrade);
    assert_int_equal(used, text.len - 4);
    const char *bad[] = {"HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
                         "HTTP/1.1  200\r\n\r\n", "ICY 200 OK\r\n\r\n", "HTTP/1.1 099 x\r\n\r\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        scanned = 0;
        assert_int_equal(http_parse_reply(&head, slice_from(bad[i]), &scanned, &used), HTTP_BAD);
    }
    scanned = 0;
    assert_int_equal(http_parse_reply(&head, SLICE("HTTP/1.1 204\r\n\r\n"), &scanned, &used),
                     HTTP_DONE);
    assert_int_equal(head.status, 204);
}

/* ---- bodies ---- */

static enum http_result decode(struct slice bytes, size_t piece, struct buf *out, size_t *rest) {
    struct http_head chunked = {.is_chunked = true, .content_length = -1};
    struct http_body body;
    http_body_init(&body, &chunked);
    size_t at = 0;
    while (at < bytes.len) {
        size_t n = bytes.len - at < piece ? bytes.len - at : piece, used;
        struct slice part;
        enum http_result result = http_body_parse(&body, slice_of(bytes.ptr + at, n), &used, &part);
        buf_add_slice(out, part);
        at += used;
        *rest = bytes.len - at;
        if (result != HTTP_MORE)
            return result;
    }
    return HTTP_MORE;
}

static void assert_body(const char *text, enum http_result expected, const char *content,
                        size_t rest) {
    for (size_t piece = 1; piece <= strlen(text); piece++) {
        struct buf out = {0};
        size_t left = 0;
        assert_int_equal(decode(slice_from(text), piece, &out, &left), expected);
        if (expected == HTTP_DONE) {
            assert_slice_equal(buf_slice(&out), content);
            assert_int_equal(left, rest);
        }
        buf_free(&out);
    }
}

static void chunks_make_a_body(void **state) {
    assert_body("3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\nnext", HTTP_DONE, "abc0123456789", 4);
    assert_body("3;name=\"value\"\r\nabc\r\n000\r\nTrailer: x\r\nOther: y\r\n\r\n", HTTP_DONE,
                "abc", 0);
    assert_body("0\r\n\r\n", HTTP_DONE, "", 0);
    assert_body("3\r\nab", HTTP_MORE, "", 0);
}

static void malformed_chunks_are_refused(void **state) {
    const char *bad[] = {
        "\r\n",
        "x\r\n",
        " 3\r\nabc\r\n",
        "3 \r\nabc\r\n",
        "0x3\r\nabc\r\n",
        "-3\r\nabc\r\n",
        "3\nabc\r\n",
        "3\r\nabcd\r\n",
        "3\r\nabc\n",
        "3;a\nb\r\nabc\r\n",
        "3\rabc\r\n",
        "0\r\nA\nB\r\n\r\n",
        "fffffffffffffffff\r\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_body(bad[i], HTTP_BAD, "", 0);
    struct buf endless = {0};
    buf_add_text(&endless, "3;");
    for (int i = 0; i < 300; i++)
        buf_add_byte(&endless, 'x');
    struct buf out = {0};
    size_t rest;
    assert_int_equal(decode(buf_slice(&endless), 1, &out, &rest), HTTP_BAD);
    buf_free(&endless);
    buf_free(&out);
}

static void a_length_is_counted_down(void **state) {
    struct http_head by_length = {.content_length = 5};
    struct http_body body;
    struct slice piece;
    size_t used;
    http_body_init(&body, &by_length);
    assert_int_equal(http_body_parse(&body, SLICE("abc"), &used, &piece), HTTP_MORE);
    assert_int_equal(http_body_parse(&body, SLICE("defg"), &used, &piece), HTTP_DONE);
    assert_int_equal(used, 2);
    assert_slice_equal(piece, "de");
    assert_int_equal(body.received, 5);
    by_length.content_length = -1;
    http_body_init(&body, &by_length);
    assert_int_equal(http_body_parse(&body, SLICE("next"), &used, &piece), HTTP_DONE);
    assert_int_equal(used, 0);
}

RUN_TESTS(TEST(a_request_is_taken_apart), TEST(empty_lines_in_front_are_skipped),
          TEST(targets_have_four_forms), TEST(versions_and_connection_decide_what_follows),
          TEST(what_two_readers_could_read_differently_is_refused),
          TEST(the_length_of_a_body_is_never_in_doubt), TEST(heads_have_limits),
          TEST(replies_are_parsed_too), TEST(chunks_make_a_body),
          TEST(malformed_chunks_are_refused), TEST(a_length_is_counted_down))
