/* An HTTP server in a thread of its own, and peers that talk to it. */
#ifndef TESTS_UNIT_NET_HTTP_FIXTURE_H
#define TESTS_UNIT_NET_HTTP_FIXTURE_H

#include "base/mem.h"
#include "net/http/http_server.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "net/stream.h"
#include "net/thread.h"
#include "peer.h"

#include <stdatomic.h>

struct fixture {
    struct loop *loop;
    struct thread *thread;
    struct mailbox *box;
    struct http_server *server;
    struct http_request *held;
    struct http_stats stats; /* at the end */
    uint16_t port;
    size_t pieces_left;
    atomic_int aborted;
    struct mail stop, drain;
};

static inline void write_pieces(struct http_request *request) {
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

static inline void on_held_abort(struct http_request *request) {
    struct fixture *f = request->user;
    f->held = NULL;
    atomic_fetch_add(&f->aborted, 1);
}

static inline void on_head(struct http_request *request, void *arg) {
    if (slice_is_equal(request->path, SLICE("/small")))
        request->body_limit_bytes = 10;
    if (slice_is_equal(request->path, SLICE("/refused")))
        http_respond_error(request, 403, NULL);
    if (slice_is_equal(request->path, SLICE("/upload"))) {
        request->user = arg;
        request->on_abort = on_held_abort;
    }
}

static inline void describe(struct http_request *request) {
    struct buf text = {0};
    const struct slice *color = http_find_header(request->head, "x-color");
    buf_printf(&text, "%.*s %.*s?%.*s from %s color %.*s body %.*s", SLICE_ARG(request->method),
               SLICE_ARG(request->path), SLICE_ARG(request->query), request->peer,
               color ? (int)color->len : 0, color ? color->ptr : "", SLICE_ARG(request->body));
    http_add_header(request, "X-Test", SLICE("a\r\nX-Forged: 1"));
    http_respond(request, 200, "text/plain", buf_slice(&text));
    buf_free(&text);
}

static inline void on_drained(void *arg) {
    loop_stop(((struct fixture *)arg)->loop);
}

static inline void on_drain(struct mail *mail, void *owner) {
    struct fixture *f = owner;
    http_server_drain(f->server, on_drained, f);
}

static inline void on_request(struct http_request *request, void *arg) {
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
    } else if (slice_is_equal(request->path, SLICE("/signed"))) {
        http_vouch(request, BUDGET_SIGNED);
        http_respond(request, 200, "text/plain", SLICE("welcome"));
    } else if (slice_is_equal(request->path, SLICE("/plain"))) {
        http_respond(request, 200, "text/plain", SLICE("plain bytes"));
    } else if (slice_is_equal(request->path, SLICE("/drain"))) {
        http_respond(request, 200, "text/plain", SLICE("the last bytes"));
        on_drain(&f->drain, f);
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
static inline void on_upgrade(struct http_request *request, void *arg) {
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

static inline void run(void *arg) {
    struct fixture *f = arg;
    loop_run(f->loop);
    f->stats = *http_server_stats(f->server);
    http_server_close(f->server);
    mailbox_close(f->box);
    loop_close(f->loop);
}

static inline void on_stop(struct mail *mail, void *owner) {
    loop_stop(((struct fixture *)owner)->loop);
}

static inline void open_with(struct fixture *f, struct http_settings settings) {
    struct http_handlers handlers = {on_head, on_request, on_upgrade, f};
    memset(f, 0, sizeof *f);
    f->stop.deliver = on_stop;
    f->drain.deliver = on_drain;
    assert_int_equal(loop_open(&f->loop), 0);
    assert_int_equal(mailbox_open(&f->box, f->loop, f), 0);
    assert_int_equal(http_server_open(&f->server, f->loop, &settings, &handlers), 0);
    f->port = http_server_port(f->server);
    assert_true(f->port > 0);
    assert_int_equal(thread_start(&f->thread, "server", 0, run, f), 0);
}

static inline void open_server(struct fixture *f) {
    open_with(f, (struct http_settings){0});
}

static inline void close_server(struct fixture *f) {
    mailbox_send(f->box, &f->stop);
    thread_join(f->thread);
}

static inline char *ask(const struct fixture *f, const char *request) {
    int fd = peer_connect(f->port);
    peer_say(fd, request);
    char *reply = peer_hear_all(fd);
    close(fd);
    return reply;
}

/* Once this is answered the server has read what was sent before on other connections: each has its
 * turn. */
static inline void settle(const struct fixture *f) {
    for (int i = 0; i < 3; i++)
        free(ask(f, "GET /plain HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
}

#define assert_contains(text, part)                                                                \
    do {                                                                                           \
        if (!strstr((text), (part)))                                                               \
            fail_msg("no \"%s\" in:\n%s", (part), (text));                                         \
    } while (0)
#define assert_lacks(text, part) assert_null(strstr((text), (part)))

#define CLOSE "Host: h\r\nConnection: close\r\n"

static inline void assert_reply(const struct fixture *f, const char *request, const char *start,
                                const char *end) {
    char *reply = ask(f, request);
    size_t len = strlen(reply), tail = strlen(end);
    if (strncmp(reply, start, strlen(start)) != 0 || len < tail ||
        strcmp(reply + len - tail, end) != 0)
        fail_msg("for %s\nexpected %s ... %s, got:\n%s", request, start, end, reply);
    free(reply);
}

#endif
