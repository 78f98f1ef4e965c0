#include "http_fixture.h"

static void a_request_is_answered_with_its_parts(void **state) {
    struct fixture f;
    open_server(&f);
    char *reply = ask(&f, "GET /describe?x=1&y HTTP/1.1\r\nX-Color: blue \r\n" CLOSE "\r\n");
    assert_contains(reply, "HTTP/1.1 200 OK\r\n");
    assert_contains(reply, "GET /describe?x=1&y from 127.0.0.1 color blue body ");
    assert_contains(reply, "X-Content-Type-Options: nosniff\r\n");
    assert_contains(reply, "\r\nDate: ");
    assert_contains(reply, "Connection: close\r\n");
    assert_lacks(reply, "\r\nX-Forged");
    free(reply);
    close_server(&f);
}

static void bodies_come_whole_by_length_and_by_chunks(void **state) {
    struct fixture f;
    open_server(&f);
    assert_reply(&f, "POST /echo HTTP/1.1\r\nContent-Length: 5\r\n" CLOSE "\r\nhello",
                 "HTTP/1.1 200", "\r\n\r\nhello");
    assert_reply(&f,
                 "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" CLOSE
                 "\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: 1\r\n\r\n",
                 "HTTP/1.1 200", "\r\n\r\nabcde");
    close_server(&f);
}

static void a_body_that_comes_late_byte_by_byte_finds_its_head_again(void **state) {
    struct fixture f;
    open_server(&f);
    const char *request =
        "POST /describe?q HTTP/1.1\r\nX-Color: red\r\nContent-Length: 4\r\n" CLOSE "\r\nbody";
    int fd = peer_connect(f.port);
    for (size_t i = 0; request[i]; i++) {
        peer_send(fd, request + i, 1);
        usleep(200);
    }
    char *reply = peer_hear_all(fd);
    assert_contains(reply, "POST /describe?q from 127.0.0.1 color red body body");
    free(reply);
    close(fd);
    close_server(&f);
}

static void an_expectation_is_met_before_the_body(void **state) {
    struct fixture f;
    open_server(&f);
    int fd = peer_connect(f.port);
    peer_say(fd,
             "POST /echo HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n" CLOSE "\r\n");
    char *reply = peer_hear_until(fd, "\r\n\r\n");
    assert_string_equal(reply, "HTTP/1.1 100 Continue\r\n\r\n");
    free(reply);
    peer_say(fd, "ok");
    reply = peer_hear_all(fd);
    assert_contains(reply, "\r\n\r\nok");
    free(reply);
    close(fd);
    assert_reply(&f, "POST /echo HTTP/1.1\r\nExpect: wonders\r\n" CLOSE "\r\n", "HTTP/1.1 417",
                 "}");
    close_server(&f);
}

static void every_options_is_a_preflight(void **state) {
    struct fixture f;
    open_server(&f);
    char *reply = ask(&f, "OPTIONS /anything HTTP/1.1\r\nOrigin: null\r\n"
                          "Access-Control-Request-Headers: x-a,x-b\r\n" CLOSE "\r\n");
    assert_contains(reply, "HTTP/1.1 204 No Content\r\n");
    assert_contains(reply, "Access-Control-Allow-Origin: null\r\n");
    assert_contains(reply, "Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE\r\n");
    assert_contains(reply, "Access-Control-Allow-Headers: x-a,x-b\r\n");
    assert_contains(reply, "Vary: Access-Control-Request-Headers\r\n");
    assert_contains(reply, "Content-Length: 0\r\n");
    free(reply);
    close_server(&f);
}

static void what_could_be_read_in_two_ways_is_refused(void **state) {
    static const struct {
        const char *request, *start;
    } cases[] = {
        {"POST /echo HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n" CLOSE "\r\nx",
         "HTTP/1.1 400"},
        {"POST /echo HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n" CLOSE
         "\r\n0\r\n\r\n",
         "HTTP/1.1 400"},
        {"POST /echo HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n" CLOSE "\r\n0\r\n\r\n",
         "HTTP/1.1 501"},
        {"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" CLOSE "\r\n0x3\r\nabc\r\n",
         "HTTP/1.1 400"},
        {"POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" CLOSE "\r\n3\r\nabcd\r\n",
         "HTTP/1.1 400"},
        {"GET / HTTP/1.1\r\nA: b\r\n folded\r\n" CLOSE "\r\n", "HTTP/1.1 400"},
        {"GET / HTTP/1.1\nHost: h\n\n", "HTTP/1.1 400"},
        {"GET / HTTP/1.1\r\nHost : h\r\n\r\n", "HTTP/1.1 400"},
        {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400"},
        {"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 400"},
        {"G@T / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 400"},
        {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", "HTTP/1.1 505"},
        {"\x16\x03\x01\x02 this is TLS\n", "HTTP/1.1 400"},
    };
    struct fixture f;
    open_server(&f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_reply(&f, cases[i].request, cases[i].start, "}");
    close_server(&f);
}

static char *request_of(size_t bytes) {
    static const char start[] = "GET /plain HTTP/1.1\r\n" CLOSE "X: ";
    char *request = malloc(bytes + 1);
    memset(request, 'x', bytes);
    memcpy(request, start, sizeof start - 1);
    strcpy(request + bytes - 4, "\r\n\r\n");
    return request;
}

static void the_limit_of_heads_can_be_set(void **state) {
    static const size_t limits[] = {1024, 64 * 1024};
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        struct fixture f;
        open_with(&f, (struct http_settings){.head_limit_bytes = limits[i]});
        char *fits = request_of(limits[i]), *larger = request_of(limits[i] + 1);
        assert_reply(&f, fits, "HTTP/1.1 200", "");
        assert_reply(&f, larger, "HTTP/1.1 431", "}");
        free(fits);
        free(larger);
        close_server(&f);
    }
}

static void sizes_have_limits(void **state) {
    struct fixture f;
    open_server(&f);
    char *request = calloc(1, 20000);
    strcpy(request, "GET / HTTP/1.1\r\nHost: h\r\nX: ");
    memset(request + strlen(request), 'x', 17000);
    strcat(request, "\r\n\r\n");
    assert_reply(&f, request, "HTTP/1.1 431", "}");
    free(request);
    static const char too_large[] = "{\"statusCode\":413,\"message\":\"request entity too large\"}";
    assert_reply(&f, "POST /small HTTP/1.1\r\nContent-Length: 11\r\n" CLOSE "\r\nhello world",
                 "HTTP/1.1 413", too_large);
    assert_reply(&f,
                 "POST /small HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" CLOSE
                 "\r\n8\r\n12345678\r\n3\r\nabc\r\n0\r\n\r\n",
                 "HTTP/1.1 413", too_large);
    close_server(&f);
}

#define SHAKE                                                                                      \
    "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"                                    \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static void a_handshake_takes_the_stream_with_what_came_behind_it(void **state) {
    struct fixture f;
    open_server(&f);
    char *reply = ask(&f, "GET /ws HTTP/1.1\r\nHost: h\r\nSec-WebSocket-Version: 13\r\n" SHAKE
                          "Origin: o\r\n\r\nbehind");
    assert_contains(reply, "HTTP/1.1 101 Switching Protocols\r\n");
    assert_contains(reply, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
    assert_contains(reply, "Access-Control-Allow-Origin: o\r\n");
    assert_contains(reply, "\r\n\r\nbehind");
    free(reply);
    close_server(&f);
}

static void bad_handshakes_get_proper_answers(void **state) {
    struct fixture f;
    open_server(&f);
    char *reply =
        ask(&f, "GET /ws HTTP/1.1\r\nHost: h\r\nSec-WebSocket-Version: 8\r\n" SHAKE "\r\n");
    assert_contains(reply, "HTTP/1.1 426 Upgrade Required\r\n");
    assert_contains(reply, "Sec-WebSocket-Version: 13\r\n");
    free(reply);
    assert_reply(&f,
                 "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n\r\n",
                 "HTTP/1.1 400", "}");
    assert_reply(&f, "GET /else HTTP/1.1\r\nHost: h\r\nSec-WebSocket-Version: 13\r\n" SHAKE "\r\n",
                 "HTTP/1.1 404",
                 "\"Cannot GET /else\",\"error\":\"Not Found\",\"statusCode\":404}");
    close_server(&f);
}

static void origins_that_are_not_listed_open_no_websocket(void **state) {
    static const struct {
        const char *origin, *status;
    } rows[] = {
        {"", "HTTP/1.1 101"},
        {"Origin: https://a.example\r\n", "HTTP/1.1 101"},
        {"Origin: https://evil.example\r\n", "HTTP/1.1 403"},
        {"Origin: https://a.example.evil\r\n", "HTTP/1.1 403"},
        {"Origin: null\r\n", "HTTP/1.1 403"},
        {"Origin: http://H:80\r\n", "HTTP/1.1 101"},
        {"Origin: http://h:8\r\n", "HTTP/1.1 403"},
        {"Origin: h:80\r\n", "HTTP/1.1 403"},
    };
    struct fixture f;
    open_with(&f, (struct http_settings){.cors_origins = "https://a.example"});
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char request[512];
        snprintf(request, sizeof request,
                 "GET /ws HTTP/1.1\r\nHost: h:80\r\nSec-WebSocket-Version: 13\r\n" SHAKE
                 "%s\r\nbehind",
                 rows[i].origin);
        char *reply = ask(&f, request);
        assert_contains(reply, rows[i].status);
        assert_int_equal(!strstr(reply, "behind"), !!strstr(rows[i].status, "403"));
        free(reply);
    }
    close_server(&f);
}

RUN_TESTS(TEST(a_request_is_answered_with_its_parts),
          TEST(bodies_come_whole_by_length_and_by_chunks),
          TEST(a_body_that_comes_late_byte_by_byte_finds_its_head_again),
          TEST(an_expectation_is_met_before_the_body), TEST(every_options_is_a_preflight),
          TEST(what_could_be_read_in_two_ways_is_refused),
          TEST(the_limit_of_heads_can_be_set), TEST(sizes_have_limits),
          TEST(a_handshake_takes_the_stream_with_what_came_behind_it),
          TEST(bad_handshakes_get_proper_answers),
          TEST(origins_that_are_not_listed_open_no_websocket))
