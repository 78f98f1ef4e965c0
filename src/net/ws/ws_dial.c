#include "net/ws/ws_dial.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/dial.h"
#include "net/loop.h"
#include "net/stream.h"
#include "wire/web/base64.h"
#include "wire/web/url.h"
#include "wire/web/ws_handshake.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { TIMEOUT_MS = 10 * 1000 };

enum ws_dial_state { CONNECTING, ASKING_PROXY, SHAKING };

struct ws_dial {
    struct loop *loop;
    ws_dial_fn *fn;
    void *arg;
    const struct tls *tls; /* NULL = ws */
    char *host;            /* the server, for TLS */
    struct buf connect;    /* the proxy's CONNECT, empty = direct */
    struct buf request;    /* the handshake */
    char accept[WS_ACCEPT_SIZE];
    enum ws_dial_state state;
    struct dial *first; /* while CONNECTING: to the proxy or the server */
    struct stream *stream;
    struct watch *watch;
    struct timer deadline;
    size_t sent; /* of the request that is being written */
    struct buf reply;
    size_t scanned;
    int http_status;
    char why[128];
};

void ws_dial_cancel(struct ws_dial *dial) {
    if (!dial)
        return;
    dial_cancel(dial->first);
    timer_stop(&dial->deadline);
    watch_close(dial->watch);
    stream_close(dial->stream);
    buf_free(&dial->connect);
    buf_free(&dial->request);
    buf_free(&dial->reply);
    mem_free(dial->host);
    mem_free(dial);
}

static void end(struct ws_dial *dial, struct stream *stream) {
    dial->fn(stream, dial->why, dial->http_status, dial->arg);
    ws_dial_cancel(dial);
}

static void fail(struct ws_dial *dial, const char *what, const char *detail) {
    snprintf(dial->why, sizeof dial->why, "%s%s%s", what, *detail ? ": " : "", detail);
    end(dial, NULL);
}

static void fail_stream(struct ws_dial *dial, int err) {
    const char *tls_error = stream_error(dial->stream);
    fail(dial, "connection failed", *tls_error ? tls_error : strerror(err));
}

static void ws_dial_on_deadline(void *arg) {
    fail(arg, "timed out", "");
}

/* ---- requests and replies ---- */

static void start_shaking(struct ws_dial *dial) {
    dial->state = SHAKING;
    dial->sent = 0;
    if (dial->tls)
        stream_start_tls_client(dial->stream, dial->tls, dial->host);
}

/* Whether the proxy opened the tunnel. */
static bool accept_proxy_reply(struct ws_dial *dial, const struct http_head *head, size_t used) {
    if (head->status / 100 != 2) {
        dial->http_status = -head->status;
        snprintf(dial->why, sizeof dial->why, "the proxy answered HTTP %d", head->status);
        end(dial, NULL);
        return false;
    }
    if (dial->reply.len > used) {
        fail(dial, "the proxy spoke before it was asked", "");
        return false;
    }
    buf_clear(&dial->reply);
    dial->scanned = 0;
    start_shaking(dial);
    return true;
}

static void accept_reply(struct ws_dial *dial, const struct http_head *head, size_t used) {
    const char *why;
    if (head->status != 101) {
        dial->http_status = head->status;
        snprintf(dial->why, sizeof dial->why, "HTTP %d", head->status);
        end(dial, NULL);
        return;
    }
    if (ws_check_reply(head, dial->accept, &why) != 0) {
        fail(dial, why, "");
        return;
    }
    struct stream *stream = dial->stream;
    watch_close(dial->watch);
    dial->watch = NULL;
    dial->stream = NULL;
    stream_unread(stream, slice_skip(buf_slice(&dial->reply), used));
    end(dial, stream);
}

/* Whether to go on reading and writing at once. */
static bool on_reply(struct ws_dial *dial) {
    struct http_head head;
    size_t used = 0;
    switch (http_parse_reply(&head, buf_slice(&dial->reply), &dial->scanned, &used)) {
    case HTTP_MORE:
        return true;
    case HTTP_BAD:
        fail(dial, "the answer is not HTTP", head.why);
        return false;
    case HTTP_DONE:
        break;
    }
    if (dial->state == ASKING_PROXY)
        return accept_proxy_reply(dial, &head, used);
    accept_reply(dial, &head, used);
    return false;
}

/* Writes what is left of the current request; 0, EAGAIN or why it failed. */
static int write_request(struct ws_dial *dial) {
    const struct buf *request = dial->state == ASKING_PROXY ? &dial->connect : &dial->request;
    while (dial->sent < request->len) {
        ssize_t put =
            stream_write(dial->stream, request->data + dial->sent, request->len - dial->sent);
        if (put < 0)
            return (int)-put;
        dial->sent += (size_t)put;
    }
    return 0;
}

static void talk(struct ws_dial *dial) {
    for (;;) {
        int err = write_request(dial);
        if (err == EAGAIN) {
            watch_set(dial->watch, stream_write_wants(dial->stream));
            return;
        }
        char bytes[2048];
        ssize_t got = err ? -err : stream_read(dial->stream, bytes, sizeof bytes);
        if (got == -EAGAIN) {
            watch_set(dial->watch, stream_read_wants(dial->stream));
            return;
        }
        if (got <= 0) {
            fail_stream(dial, got < 0 ? (int)-got : ECONNRESET);
            return;
        }
        buf_add(&dial->reply, bytes, (size_t)got);
        if (!on_reply(dial))
            return;
    }
}

/* ---- connecting ---- */

static void ws_dial_on_events(int events, void *arg) {
    talk(arg);
}

static void ws_dial_on_connected(struct stream *stream, const char *why, void *arg) {
    struct ws_dial *dial = arg;
    dial->first = NULL;
    dial->stream = stream;
    if (!stream) {
        fail(dial, why, "");
        return;
    }
    int err =
        watch_open(&dial->watch, dial->loop, stream_fd(dial->stream), ws_dial_on_events, dial);
    if (err) {
        fail(dial, "cannot watch the connection", strerror(err));
        return;
    }
    dial->state = ASKING_PROXY;
    if (dial->connect.len == 0)
        start_shaking(dial);
    talk(dial);
}

/* ---- writing requests ---- */

static void add_host(struct buf *out, const struct url *url, bool with_port) {
    bool is_v6 = slice_find_byte(url->host, ':') < url->host.len;
    buf_printf(out, is_v6 ? "[%.*s]" : "%.*s", SLICE_ARG(url->host));
    if (with_port || url->port)
        buf_printf(out, ":%u", url_port(url));
}

static void write_connect(struct ws_dial *dial, const struct ws_target *target) {
    struct buf *out = &dial->connect;
    buf_add_text(out, "CONNECT ");
    add_host(out, target->url, true);
    buf_add_text(out, " HTTP/1.1\r\nHost: ");
    add_host(out, target->url, true);
    buf_add_text(out, "\r\n");
    if (target->proxy->user.len > 0) {
        struct buf plain = {0};
        url_decode(&plain, target->proxy->user, false);
        buf_add_byte(&plain, ':');
        url_decode(&plain, target->proxy->password, false);
        buf_add_text(out, "Proxy-Authorization: Basic ");
        base64_write(out, buf_slice(&plain));
        buf_add_text(out, "\r\n");
        buf_free(&plain);
    }
    buf_add_text(out, "\r\n");
}

static void write_handshake(struct ws_dial *dial, const struct ws_target *target) {
    struct buf *out = &dial->request;
    uint8_t nonce[16];
    char key[WS_KEY_SIZE];
    rand_bytes(nonce, sizeof nonce);
    EVP_EncodeBlock((uint8_t *)key, nonce, sizeof nonce);
    ws_accept(dial->accept, slice_from(key));

    buf_add_text(out, "GET ");
    if (target->url->path.len == 0)
        buf_add_byte(out, '/');
    buf_add_slice(out, target->url->path);
    if (target->url->query.len > 0)
        buf_printf(out, "?%.*s", SLICE_ARG(target->url->query));
    buf_add_text(out, " HTTP/1.1\r\nHost: ");
    add_host(out, target->url, false);
    buf_printf(out,
               "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: %s\r\n",
               key);
    buf_add_slice(out, target->headers);
    buf_add_text(out, "\r\n");
}

int ws_dial_start(struct ws_dial **out, struct loop *loop, const struct ws_target *target,
                  ws_dial_fn *fn, void *arg) {
    const struct url *first = target->proxy ? target->proxy : target->url;
    bool is_secure = url_is_secure(target->url);
    if (url_port(target->url) == 0 || (is_secure && !target->tls))
        return EINVAL;

    struct ws_dial *dial = mem_alloc(sizeof *dial);
    int64_t timeout_ms = target->timeout_ms ? target->timeout_ms : TIMEOUT_MS;
    dial->loop = loop;
    dial->fn = fn;
    dial->arg = arg;
    dial->tls = is_secure ? target->tls : NULL;
    dial->host = slice_copy_text(target->url->host);
    if (target->proxy)
        write_connect(dial, target);
    write_handshake(dial, target);
    char *host = slice_copy_text(first->host);
    int err = dial_start(&dial->first, loop, host, url_port(first), timeout_ms,
                         ws_dial_on_connected, dial);
    mem_free(host);
    if (err) {
        ws_dial_cancel(dial);
        return err;
    }
    timer_start(loop, &dial->deadline, timeout_ms, 0, ws_dial_on_deadline, dial);
    *out = dial;
    return 0;
}
