#include "base/blob.h"
#include "base/mem.h"
#include "certificate.h"
#include "net/http/http_server.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "net/stream.h"
#include "peer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>

/* ---- a server in a thread ---- */

struct fixture {
    struct loop *loop;
    struct thread *thread;
    struct mailbox *box;
    struct http_server *server;
    struct http_request *held;
    struct blob *shared;
    struct http_stats stats; /* at the end */
    uint16_t port;
    size_t pieces_left;
    atomic_int aborted;
    struct mail stop, drain;
};

static void write_pieces(struct http_request *request) {
    struct fixture *f = request->user;
    static char piece[65536];
    memset(piece, 'p', sizeof piece);
    while (f->pieces_left > 0) {
        f->pieces_left--;
        if (!http_body_write(request, slice_of(piece, sizeof piece)))
            return;
    }
    http_body_end(request);
}

static void on_held_abort(struct http_request *request) {
    struct fixture *f = request->user;
    f->held = NULL;
    atomic_fetch_add(&f->aborted, 1);
}

static void on_head(struct http_request *request, void *arg) {
    if (slice_is_equal(request->path, SLICE("/small")))
        request->body_limit_bytes = 10;
    if (slice_is_equal(request->path, SLICE("/refused")))
        http_respond_error(request, 403, NULL);
    if (slice_is_equal(request->path, SLICE("/upload"))) {
        request->user = arg;
        request->on_abort = on_held_abort;
    }
}

static void describe(struct http_request *request) {
    struct buf text = {0};
    const struct slice *color = http_find_header(request->head, "x-color");
    buf_printf(&text, "%.*s %.*s?%.*s from %s color %.*s body %.*s", SLICE_ARG(request->method),
               SLICE_ARG(request->path), SLICE_ARG(request->query), request->peer,
               color ? (int)color->len : 0, color ? color->ptr : "", SLICE_ARG(request->body));
    http_add_header(request, "X-Test", SLICE("a\r\nX-Forged: 1"));
    http_respond(request, 200, "text/plain", buf_slice(&text));
    buf_free(&text);
}

static void on_request(struct http_request *request, void *arg) {
    struct fixture *f = arg;
    if (slice_is_equal(request->path, SLICE("/echo"))) {
        http_respond(request, 200, "text/plain", request->body);
    } else if (slice_is_equal(request->path, SLICE("/describe"))) {
        describe(request);
    } else if (slice_is_equal(request->path, SLICE("/hold"))) {
        request->user = f;
        request->on_abort = on_held_abort;
        f->held = request;
    } else if (slice_is_equal(request->path, SLICE("/release"))) {
        if (f->held)
            http_respond(f->held, 200, "text/plain", SLICE("released"));
        f->held = NULL;
        http_respond(request, 204, NULL, SLICE_NONE);
    } else if (slice_is_equal(request->path, SLICE("/blob"))) {
        http_respond_blob(request, 200, "text/plain", f->shared);
    } else if (slice_is_equal(request->path, SLICE("/pieces"))) {
        f->pieces_left = 64;
        request->user = f;
        request->on_drain = write_pieces;
        http_respond_start(request, 200, "application/octet-stream", -1);
        write_pieces(request);
    } else if (slice_is_equal(request->path, SLICE("/drop"))) {
        http_drop(request);
    } else {
        http_respond_not_found(request);
    }
}

/* Gives back what came with the handshake. */
static void on_upgrade(struct http_request *request, void *arg) {
    if (!slice_is_equal(request->path, SLICE("/ws"))) {
        http_respond_not_found(request);
        return;
    }
    char bytes[64];
    struct stream *stream = http_accept_websocket(request);
    if (!stream)
        return;
    ssize_t got = stream_read(stream, bytes, sizeof bytes);
    if (got > 0)
        stream_write(stream, bytes, (size_t)got);
    stream_close(stream);
}

static void run(void *arg) {
    struct fixture *f = arg;
    loop_run(f->loop);
    f->stats = *http_server_stats(f->server);
    http_server_close(f->server);
    mailbox_close(f->box);
    loop_close(f->loop);
}

static void on_stop(struct mail *mail, void *owner) {
    loop_stop(((struct fixture *)owner)->loop);
}

static void on_drained(void *arg) {
    loop_stop(((struct fixture *)arg)->loop);
}

static void on_drain(struct mail *mail, void *owner) {
    struct fixture *f = owner;
    http_server_drain(f->server, on_drained, f);
}

static void open_with(struct fixture *f, struct http_settings settings) {
    struct http_handlers handlers = {on_head, on_request, on_upgrade, f};
    memset(f, 0, sizeof *f);
    f->stop.deliver = on_stop;
    f->drain.deliver = on_drain;
    f->shared = blob_from(SLICE("shared bytes"));
    assert_int_equal(loop_open(&f->loop), 0);
    assert_int_equal(mailbox_open(&f->box, f->loop, f), 0);
    assert_int_equal(http_server_open(&f->server, f->loop, &settings, &handlers), 0);
    f->port = http_server_port(f->server);
    assert_true(f->port > 0);
    assert_int_equal(thread_start(&f->thread, "server", 0, run, f), 0);
}

static void open_server(struct fixture *f) {
    open_with(f, (struct http_settings){0});
}

static void close_server(struct fixture *f) {
    mailbox_send(f->box, &f->stop);
    thread_join(f->thread);
    blob_unref(f->shared);
}

static char *ask(const struct fixture *f, const char *request) {
    int fd = peer_connect(f->port);
    peer_say(fd, request);
    char *reply = peer_hear_all(fd);
    close(fd);
    return reply;
}

/* Once this is answered the server has read what was sent before on other connections: each has its turn. */
static void settle(const struct fixture *f) {
    for (int i = 0; i < 3; i++)
        free(ask(f, "GET /blob HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
}

#define assert_contains(text, part)                                                                \
    do {                                                                                           \
        if (!strstr((text), (part)))                                                               \
            fail_msg("no \"%s\" in:\n%s", (part), (text));                                         \
    } while (0)
#define assert_lacks(text, part) assert_null(strstr((text), (part)))

#define CLOSE "Host: h\r\nConnection: close\r\n"

static void assert_reply(const struct fixture *f, const char *request, const char *start,
                         const char *end) {
    char *reply = ask(f, request);
    if (strncmp(reply, start, strlen(start)) != 0)
        fail_msg("for %s\nexpected %s, got:\n%s", request, start, reply);
    assert_contains(reply, end);
    assert_string_equal(reply + strlen(reply) - strlen(end), end);
    free(reply);
}

/* ---- answers ---- */

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

static void pipelined_requests_are_answered_in_order(void **state) {
    struct fixture f;
    open_server(&f);
    int fd = peer_connect(f.port);
    peer_say(fd, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n"
                 "POST /echo HTTP/1.1\r\nContent-Length: 3\r\n" CLOSE "\r\ntwo");
    settle(&f);
    free(ask(&f, "GET /release HTTP/1.1\r\n" CLOSE "\r\n"));
    char *reply = peer_hear_all(fd);
    char *first = strstr(reply, "released"), *second = strstr(reply, "two");
    assert_true(first && second && first < second);
    free(reply);
    close(fd);
    close_server(&f);
}

static void head_answers_carry_no_body_and_204_no_length(void **state) {
    struct fixture f;
    open_server(&f);
    assert_reply(&f, "HEAD /blob HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 200",
                 "Connection: close\r\n\r\n");
    assert_reply(&f, "GET /blob HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 200", "\r\n\r\nshared bytes");
    char *reply = ask(&f, "GET /release HTTP/1.1\r\n" CLOSE "\r\n");
    assert_contains(reply, "HTTP/1.1 204 No Content\r\n");
    assert_lacks(reply, "Content-Length");
    free(reply);
    close_server(&f);
}

static void http_1_0_closes_unless_it_asks_to_stay(void **state) {
    struct fixture f;
    open_server(&f);
    assert_reply(&f, "GET /blob HTTP/1.0\r\n\r\n", "HTTP/1.1 200", "\r\n\r\nshared bytes");
    int fd = peer_connect(f.port);
    peer_say(fd, "GET /blob HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    char *reply = peer_hear_until(fd, "shared bytes");
    assert_contains(reply, "Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n");
    free(reply);
    peer_say(fd, "GET /blob HTTP/1.0\r\n\r\n");
    reply = peer_hear_all(fd);
    assert_contains(reply, "shared bytes");
    free(reply);
    close(fd);
    close_server(&f);
}

static void a_long_answer_in_pieces_waits_for_the_client(void **state) {
    struct fixture f;
    open_server(&f);
    char *reply = ask(&f, "GET /pieces HTTP/1.0\r\n\r\n");
    assert_lacks(reply, "Content-Length");
    assert_int_equal(strlen(strstr(reply, "\r\n\r\n") + 4), 64 * 65536);
    free(reply);
    reply = ask(&f, "GET /pieces HTTP/1.1\r\n" CLOSE "\r\n");
    assert_contains(reply, "Transfer-Encoding: chunked\r\n");
    assert_contains(reply, "\r\n\r\n10000\r\nppp");
    assert_string_equal(reply + strlen(reply) - 12, "ppppp\r\n0\r\n\r\n");
    free(reply);
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

/* ---- shapes ---- */

static void errors_have_the_shape_of_nestjs(void **state) {
    struct fixture f;
    open_server(&f);
    assert_reply(&f, "GET /nope?x=\"1 HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 404 Not Found",
                 "\r\n\r\n{\"message\":\"Cannot GET /nope?x=\\\"1\",\"error\":\"Not Found\","
                 "\"statusCode\":404}");
    assert_reply(&f, "POST /refused HTTP/1.1\r\nContent-Length: 9\r\n" CLOSE "\r\n", "HTTP/1.1 403",
                 "\r\n\r\n{\"message\":\"Forbidden\",\"statusCode\":403}");
    close_server(&f);
}

static void any_origin_is_echoed_or_only_those_listed(void **state) {
    struct fixture f;
    open_server(&f);
    char *reply = ask(&f, "GET /nope HTTP/1.1\r\nOrigin: https://a.example\r\n" CLOSE "\r\n");
    assert_contains(reply, "Access-Control-Allow-Origin: https://a.example\r\n");
    assert_contains(reply, "Vary: Origin\r\nAccess-Control-Allow-Credentials: true\r\n");
    free(reply);
    reply = ask(&f, "GET /nope HTTP/1.1\r\n" CLOSE "\r\n");
    assert_lacks(reply, "Allow-Origin");
    assert_contains(reply, "Vary: Origin\r\nAccess-Control-Allow-Credentials: true\r\n");
    free(reply);
    close_server(&f);

    open_with(&f, (struct http_settings){.cors_origins = "https://b.example, https://a.example"});
    reply = ask(&f, "GET /nope HTTP/1.1\r\nOrigin: https://a.example\r\n" CLOSE "\r\n");
    assert_contains(reply, "Access-Control-Allow-Origin: https://a.example\r\n");
    free(reply);
    reply = ask(&f, "GET /nope HTTP/1.1\r\nOrigin: https://a.example.evil\r\n" CLOSE "\r\n");
    assert_lacks(reply, "Allow-Origin");
    free(reply);
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

/* ---- bad input ---- */

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

static void a_slow_head_is_told_and_a_silent_client_just_closed(void **state) {
    struct fixture f;
    open_with(&f, (struct http_settings){.head_timeout_ms = 500, .idle_timeout_ms = 1000});
    assert_reply(&f, "GET / HT", "HTTP/1.1 408 Request Timeout", "}");
    char *reply = ask(&f, "");
    assert_string_equal(reply, "");
    free(reply);
    reply = ask(&f, "GET /blob HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_contains(reply, "shared bytes");
    free(reply);
    close_server(&f);
}

/* A byte now and then does not put the end off, and others are served meanwhile. */
static void a_body_has_its_time(void **state) {
    struct fixture f;
    open_with(&f, (struct http_settings){.body_timeout_ms = 1000});
    int echo = peer_connect(f.port), upload = peer_connect(f.port);
    peer_say(echo, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
    peer_say(upload, "POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n");
    for (int i = 0; i < 3000 && atomic_load(&f.aborted) < 1; i++) {
        send(echo, "x", 1, MSG_NOSIGNAL);
        send(upload, "x", 1, MSG_NOSIGNAL);
        settle(&f);
        usleep(10000);
    }
    assert_int_equal(atomic_load(&f.aborted), 1);
    char *reply = peer_hear_until(echo, "\r\n");
    assert_string_equal(reply, "HTTP/1.1 408 Request Timeout\r\n");
    free(reply);
    close(echo);
    close(upload);
    close_server(&f);
    assert_int_equal(f.stats.timeouts, 2);
}

static void a_client_that_leaves_is_noticed(void **state) {
    struct fixture f;
    open_server(&f);
    int fd = peer_connect(f.port);
    peer_say(fd, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
    settle(&f);
    close(fd);
    fd = peer_connect(f.port);
    peer_say(fd, "POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf");
    settle(&f);
    close(fd);
    for (int i = 0; i < 3000 && atomic_load(&f.aborted) < 2; i++)
        usleep(10000);
    assert_int_equal(atomic_load(&f.aborted), 2);
    assert_reply(&f, "GET /drop HTTP/1.1\r\n" CLOSE "\r\n", "", "");
    close_server(&f);
}

static void an_answer_reaches_a_client_that_ended_its_sending(void **state) {
    struct fixture f;
    open_server(&f);
    int fd = peer_connect(f.port);
    peer_say(fd, "GET /pieces HTTP/1.1\r\nHost: h\r\n\r\n");
    shutdown(fd, SHUT_WR);
    char *reply = peer_hear_all(fd);
    assert_string_equal(reply + strlen(reply) - 12, "ppppp\r\n0\r\n\r\n");
    free(reply);
    close(fd);
    close_server(&f);
}

static void beyond_the_limit_of_connections_there_is_a_clear_no(void **state) {
    struct fixture f;
    open_with(&f, (struct http_settings){.max_connections = 1});
    int fd = peer_connect(f.port);
    peer_say(fd, "GET /blob HTTP/1.1\r\nHost: h\r\n\r\n");
    free(peer_hear_until(fd, "shared bytes"));
    assert_reply(&f, "", "HTTP/1.1 503", "\"statusCode\":503}");
    close(fd);
    close_server(&f);
}

/* ---- upgrades ---- */

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

/* ---- TLS ---- */

static void tls_serves_the_same_and_garbage_is_only_counted(void **state) {
    struct fixture f;
    struct certificate certificate;
    struct tls *server_tls, *client_tls;
    char why[128], reply[1024] = {0};
    certificate_make(&certificate);
    assert_int_equal(
        tls_open_server(&server_tls, certificate.cert_file, certificate.key_file, why, sizeof why),
        0);
    assert_int_equal(tls_open_client(&client_tls, certificate.cert_file, why, sizeof why), 0);
    open_with(&f, (struct http_settings){.tls = server_tls});
    char *plain = ask(&f, "GET /blob HTTP/1.1\r\n" CLOSE "\r\n");
    assert_lacks(plain, "shared bytes");
    free(plain);

    struct stream *stream = stream_new(peer_connect(f.port));
    stream_start_tls_client(stream, client_tls, "127.0.0.1");
    static const char request[] = "GET /blob HTTP/1.1\r\n" CLOSE "\r\n";
    size_t sent = 0, n = 0;
    for (int i = 0; i < 30000; i++) {
        if (sent < sizeof request - 1) {
            ssize_t put = stream_write(stream, request + sent, sizeof request - 1 - sent);
            sent += put > 0 ? (size_t)put : 0;
        }
        ssize_t got = stream_read(stream, reply + n, sizeof reply - 1 - n);
        if (got == 0)
            break;
        n += got > 0 ? (size_t)got : 0;
        usleep(1000);
    }
    assert_contains(reply, "HTTP/1.1 200 OK");
    assert_contains(reply, "shared bytes");
    stream_close(stream);
    close_server(&f);
    assert_int_equal(f.stats.tls_errors, 1);
    assert_int_equal(f.stats.responses[2], 1);
    tls_close(server_tls);
    tls_close(client_tls);
    certificate_remove(&certificate);
}

/* ---- living ---- */

static void draining_lets_requests_finish_and_closes_the_rest(void **state) {
    struct fixture f;
    open_server(&f);
    int idle = peer_connect(f.port), held = peer_connect(f.port), second = peer_connect(f.port);
    peer_say(idle, "GET /blob HTTP/1.1\r\nHost: h\r\n\r\n");
    free(peer_hear_until(idle, "shared bytes"));
    peer_say(held, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
    peer_say(second, "GET /re");
    settle(&f);
    mailbox_send(f.box, &f.drain);
    char *reply = peer_hear_all(idle);
    assert_string_equal(reply, "");
    free(reply);
    peer_say(second, "lease HTTP/1.1\r\nHost: h\r\n\r\n");
    reply = peer_hear_all(held);
    assert_contains(reply, "Connection: close\r\n");
    assert_contains(reply, "released");
    free(reply);
    free(peer_hear_all(second));
    close(idle);
    close(held);
    close(second);
    thread_join(f.thread); /* on_drained stopped the loop */
    blob_unref(f.shared);
}

static void a_taken_port_is_an_error(void **state) {
    struct fixture f;
    struct loop *loop;
    struct http_server *second;
    struct http_handlers handlers = {NULL, on_request, NULL, NULL};
    open_with(&f, (struct http_settings){.host = "localhost"});
    assert_int_equal(loop_open(&loop), 0);
    assert_int_equal(http_server_open(&second, loop,
                                      &(struct http_settings){.host = "localhost", .port = f.port},
                                      &handlers),
                     EADDRINUSE);
    assert_int_equal(
        http_server_open(&second, loop, &(struct http_settings){.host = "not-an-ip"}, &handlers),
        EADDRNOTAVAIL);
    loop_close(loop);
    assert_reply(&f, "GET /blob HTTP/1.0\r\n\r\n", "HTTP/1.1 200", "shared bytes");
    close_server(&f);
}

RUN_TESTS(TEST(a_request_is_answered_with_its_parts),
          TEST(bodies_come_whole_by_length_and_by_chunks),
          TEST(a_body_that_comes_late_byte_by_byte_finds_its_head_again),
          TEST(pipelined_requests_are_answered_in_order),
          TEST(head_answers_carry_no_body_and_204_no_length),
          TEST(http_1_0_closes_unless_it_asks_to_stay),
          TEST(a_long_answer_in_pieces_waits_for_the_client),
          TEST(an_expectation_is_met_before_the_body), TEST(errors_have_the_shape_of_nestjs),
          TEST(any_origin_is_echoed_or_only_those_listed), TEST(every_options_is_a_preflight),
          TEST(what_could_be_read_in_two_ways_is_refused), TEST(sizes_have_limits),
          TEST(a_body_has_its_time), TEST(a_slow_head_is_told_and_a_silent_client_just_closed),
          TEST(a_client_that_leaves_is_noticed),
          TEST(an_answer_reaches_a_client_that_ended_its_sending),
          TEST(beyond_the_limit_of_connections_there_is_a_clear_no),
          TEST(a_handshake_takes_the_stream_with_what_came_behind_it),
          TEST(bad_handshakes_get_proper_answers),
          TEST(tls_serves_the_same_and_garbage_is_only_counted),
          TEST(draining_lets_requests_finish_and_closes_the_rest), TEST(a_taken_port_is_an_error))
