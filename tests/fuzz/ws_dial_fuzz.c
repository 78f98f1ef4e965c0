/*
 * A server, or a proxy, that answers a WebSocket client with anything: the dial ends once, with a
 * stream only behind a valid 101, and what came behind the handshake is still there. The first byte
 * says whether there is a proxy, and after how many bytes the server pauses; "@" in what it sends
 * stands for the Sec-WebSocket-Accept that the client expects.
 */
#include "base/buf.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/ws/ws_dial.h"
#include "wire/web/http.h"
#include "wire/web/url.h"
#include "wire/web/ws_handshake.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT_MS = 5000 };

struct peer {
    struct loop *loop;
    int listener, socket;
    struct watch *listening, *watching;
    struct slice script;
    struct buf heard, answer;
    size_t pause, sent;
    bool has_proxy, is_shaking;
    unsigned ends;
};

/* The client's request is whole: what the script makes of it. */
static void write_answer(struct peer *peer, const struct http_head *head) {
    const struct slice *key = http_find_header(head, "sec-websocket-key");
    char accept[WS_ACCEPT_SIZE] = "";
    if (key)
        ws_accept(accept, *key);
    peer->is_shaking = key != NULL;
    for (size_t i = 0; i < peer->script.len; i++)
        if (peer->script.ptr[i] == '@')
            buf_add_text(&peer->answer, accept);
        else
            buf_add_byte(&peer->answer, peer->script.ptr[i]);
}

static void send_answer(struct peer *peer) {
    while (peer->sent < peer->answer.len) {
        size_t left = peer->answer.len - peer->sent;
        size_t part = peer->pause > 0 && peer->pause < left ? peer->pause : left;
        ssize_t n = send(peer->socket, peer->answer.data + peer->sent, part, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        peer->sent += (size_t)n;
    }
}

static void on_heard(int events, void *arg) {
    struct peer *peer = arg;
    struct http_head head;
    char bytes[4096];
    ssize_t n = recv(peer->socket, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n <= 0) {
        watch_set(peer->watching, 0);
        return;
    }
    buf_add(&peer->heard, bytes, (size_t)n);
    size_t scanned = 0, used = 0;
    if (peer->answer.len > 0 || http_parse_request(&head, buf_slice(&peer->heard), HTTP_HEAD_MAX,
                                                   &scanned, &used) != HTTP_DONE)
        return;
    write_answer(peer, &head);
    send_answer(peer);
    shutdown(peer->socket, SHUT_WR);
}

static void on_connection(int events, void *arg) {
    struct peer *peer = arg;
    peer->socket = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC);
    if (peer->socket < 0)
        return;
    watch_set(peer->listening, 0);
    int err = watch_open(&peer->watching, peer->loop, peer->socket, on_heard, peer);
    assert(!err);
    (void)err;
    watch_set(peer->watching, WATCH_READ);
}

static void on_end(struct stream *stream, const char *why, int http_status, void *arg) {
    struct peer *peer = arg;
    assert(peer->ends++ == 0);
    if (stream) {
        assert(peer->is_shaking && !http_status);
        const char *end = memmem(peer->answer.data, peer->answer.len, "\r\n\r\n", 4);
        assert(end && memmem(peer->answer.data, peer->answer.len, "101", 3));
        struct slice behind =
            slice_skip(buf_slice(&peer->answer), (size_t)(end + 4 - peer->answer.data));
        char bytes[4096];
        ssize_t n = stream_read(stream, bytes, sizeof bytes);
        if (n > 0)
            assert((size_t)n <= behind.len && memcmp(bytes, behind.ptr, (size_t)n) == 0);
        stream_close(stream);
    } else {
        assert(*why);
    }
    loop_stop(peer->loop);
}

/* One listener for all inputs: each connection leaves its server's port in TIME_WAIT, and with a
 * port of its own for each the machine would soon have none. */
static uint16_t listen_anywhere(struct peer *peer) {
    static int listener;
    static struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    if (listener == 0) {
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        int err = bind(listener, (struct sockaddr *)&address, len) || listen(listener, 16) ||
                  getsockname(listener, (struct sockaddr *)&address, &len);
        assert(!err);
        (void)err;
    }
    peer->listener = listener;
    return ntohs(address.sin_port);
}

/* A connection whose client gave up before it was taken does not meet the next input. */
static void drop_waiting(const struct peer *peer) {
    int fd;
    while ((fd = accept4(peer->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
        close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct peer peer = {.socket = -1};
    struct ws_dial *dial;
    struct url url, proxy;
    char text[64], proxy_text[64];
    if (size < 2)
        return 0;
    peer.has_proxy = data[0] & 1;
    peer.pause = data[0] >> 1;
    peer.script = slice_of(data + 1, size - 1);
    int err = loop_open(&peer.loop);
    uint16_t port = listen_anywhere(&peer);
    snprintf(text, sizeof text, "ws://127.0.0.1:%u/x", peer.has_proxy ? 9 : port);
    snprintf(proxy_text, sizeof proxy_text, "http://u:p@127.0.0.1:%u", port);
    err = err || url_parse(&url, slice_from(text)) || url_parse(&proxy, slice_from(proxy_text)) ||
          watch_open(&peer.listening, peer.loop, peer.listener, on_connection, &peer);
    assert(!err);
    watch_set(peer.listening, WATCH_READ);
    const struct ws_target target = {
        .url = &url, .proxy = peer.has_proxy ? &proxy : NULL, .timeout_ms = LIMIT_MS};
    err = ws_dial_start(&dial, peer.loop, &target, on_end, &peer);
    assert(!err);
    loop_run(peer.loop);
    assert(peer.ends == 1);
    watch_close(peer.listening);
    watch_close(peer.watching);
    drop_waiting(&peer);
    if (peer.socket >= 0)
        close(peer.socket);
    loop_close(peer.loop);
    buf_free(&peer.heard);
    buf_free(&peer.answer);
    return 0;
}
