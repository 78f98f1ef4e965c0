#include "unit.h"
#include "wire/web/ws_handshake.h"

#include <errno.h>
#include <stdio.h>

#define START   "GET /x HTTP/1.1\r\nHost: h\r\n"
#define UPGRADE "Upgrade: h2c, WebSocket\r\nConnection: keep-alive, UPGRADE\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define KEY     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static struct http_head head;
static struct slice key;
static const char *why;

static int check(const char *text) {
    size_t scanned = 0, used;
    assert_int_equal(http_parse_request(&head, slice_from(text), HTTP_HEAD_MAX, &scanned, &used), HTTP_DONE);
    why = NULL;
    return ws_check_request(&head, &key, &why);
}

static void a_good_handshake_gives_its_key(void **state) {
    char accept[WS_ACCEPT_SIZE];
    assert_int_equal(check(START UPGRADE VERSION KEY "\r\n"), 0);
    ws_accept(accept, key);
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="); /* RFC 6455, 1.3 */
}

static void a_bad_one_gets_a_status_and_a_sentence(void **state) {
    static const struct {
        const char *text;
        int status;
    } cases[] = {
        {START UPGRADE VERSION "\r\n", 400},
        {START UPGRADE VERSION "Sec-WebSocket-Key: c2hvcnQ=\r\n\r\n", 400},
        {START UPGRADE VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ!==\r\n\r\n", 400},
        {START UPGRADE VERSION KEY KEY "\r\n", 400},
        {START UPGRADE KEY "\r\n", 400},
        {START UPGRADE KEY "Sec-WebSocket-Version: 8\r\n\r\n", 426},
        {START UPGRADE KEY VERSION "Content-Length: 1\r\n\r\n", 400},
        {START KEY VERSION "Upgrade: websocket\r\n\r\n", 400},
        {START KEY VERSION "Connection: upgrade\r\nUpgrade: websockets\r\n\r\n", 400},
        {"POST /x HTTP/1.1\r\nHost: h\r\n" UPGRADE KEY VERSION "\r\n", 400},
        {"GET /x HTTP/1.0\r\n" UPGRADE KEY VERSION "\r\n", 400},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(check(cases[i].text), cases[i].status);
        assert_non_null(why);
    }
}

static int check_reply(const char *text) {
    size_t scanned = 0, used;
    assert_int_equal(http_parse_reply(&head, slice_from(text), &scanned, &used), HTTP_DONE);
    return ws_check_reply(&head, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", &why);
}

static void an_answer_must_prove_itself(void **state) {
#define SWITCH "HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
#define PROOF  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
    assert_int_equal(check_reply(SWITCH PROOF "\r\n"), 0);
    const char *bad[] = {
        SWITCH "\r\n",
        SWITCH "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOO=\r\n\r\n",
        SWITCH PROOF "Sec-WebSocket-Protocol: chat\r\n\r\n",
        SWITCH PROOF "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
        "HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n" PROOF "\r\n",
        "HTTP/1.1 200 OK\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" PROOF "\r\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(check_reply(bad[i]), EPROTO);
}

RUN_TESTS(TEST(a_good_handshake_gives_its_key), TEST(a_bad_one_gets_a_status_and_a_sentence),
          TEST(an_answer_must_prove_itself))
