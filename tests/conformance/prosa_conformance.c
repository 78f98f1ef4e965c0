/* prosa-conformance PORT [PING_INTERVAL_MS PING_TIMEOUT_MS]: a small server for public protocol
 * suites. They expect a ping every 300 ms, and the end 200 ms after a ping without an answer; a
 * client that may be late asks for longer times.
 *
 *     /engine.io/   a bare Engine.IO 4 that echoes every message
 *     /socket.io/   namespaces / and /custom; both emit `auth` on connect; on /, `message` comes
 *                   back as `message-back`, and `message-with-ack` as its ack
 *     /echo         a plain WebSocket that echoes messages of up to 16 MiB */
#include "base/blob.h"
#include "base/list.h"
#include "base/mem.h"
#include "net/http/http_server.h"
#include "net/loop.h"
#include "net/socketio/eio_server.h"
#include "net/socketio/sio_server.h"
#include "net/ws/ws_conn.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

enum { ECHO_MESSAGE_MAX = 16 << 20, ECHO_AHEAD = 1 << 20, GREETING_MS = 20 };

struct conformance {
    struct loop *loop;
    struct eio_server *eio;
    struct sio_server *sio;
    struct list echoes;
    uv_signal_t term;
};

static void eio_on_open(struct eio_session *session, void *arg) {
}

static void eio_echo(struct eio_session *session, struct blob *frame) {
    eio_send(session, frame);
    blob_unref(frame);
}

static void eio_on_text(struct eio_session *session, struct slice text, void *arg) {
    eio_echo(session, eio_frame_text(text));
}

static void eio_on_binary(struct eio_session *session, struct slice bytes, void *arg) {
    eio_echo(session, eio_frame_binary(bytes));
}

static void eio_on_close(struct eio_session *session, enum eio_close_reason reason, void *arg) {
}

/* Suites that listen for one message at a time lose the second of two in one segment. So on a
 * WebSocket `auth` is sent a moment after the reply to CONNECT, and before anything else. */
struct greeting {
    struct timer timer;
    struct sio_socket *socket;
    char *auth;
};

static void greeting_free(struct greeting *greeting) {
    timer_stop(&greeting->timer);
    sio_set_data(greeting->socket, NULL);
    mem_free(greeting->auth);
    mem_free(greeting);
}

static void greet(void *arg) {
    struct greeting *greeting = arg;
    sio_emit(greeting->socket, "auth", slice_from(greeting->auth));
    greeting_free(greeting);
}

static void greet_first(struct sio_socket *socket) {
    if (sio_data(socket))
        greet(sio_data(socket));
}

static void sio_on_connect(struct sio_socket *socket, struct slice auth, void *arg) {
    struct conformance *server = arg;
    if (auth.len == 0)
        auth = SLICE("{}");
    if (sio_is_polling(socket)) {
        sio_emit(socket, "auth", auth);
        return;
    }
    struct greeting *greeting = mem_alloc(sizeof *greeting);
    greeting->socket = socket;
    greeting->auth = slice_copy_text(auth);
    sio_set_data(socket, greeting);
    timer_start(server->loop, &greeting->timer, GREETING_MS, 0, greet, greeting);
}

static void sio_on_disconnect(struct sio_socket *socket, bool may_return, void *arg) {
    if (sio_data(socket))
        greeting_free(sio_data(socket));
}

static void sio_on_message(struct sio_socket *socket, const struct sio_event *event, void *arg) {
    greet_first(socket);
    sio_emit_binary(socket, "message-back", event->args, event->attachments,
                    event->attachment_count);
}

static void sio_on_message_with_ack(struct sio_socket *socket, const struct sio_event *event,
                                    void *arg) {
    greet_first(socket);
    sio_ack_binary(socket, event, event->args, event->attachments, event->attachment_count);
}

struct echo {
    struct list node;
    struct ws_conn *ws;
    bool is_paused;
};

/* Reads nothing from a peer that does not read its echo. */
static void echo_on_message(enum ws_opcode opcode, struct slice message, void *arg) {
    struct echo *echo = arg;
    ws_conn_send(echo->ws, opcode, message);
    if (ws_conn_queued_bytes(echo->ws) > ECHO_AHEAD) {
        ws_conn_pause(echo->ws);
        echo->is_paused = true;
    }
}

static void echo_on_drain(void *arg) {
    struct echo *echo = arg;
    if (echo->is_paused)
        ws_conn_resume(echo->ws);
    echo->is_paused = false;
}

static void echo_free(struct echo *echo) {
    list_remove(&echo->node);
    mem_free(echo);
}

static void echo_on_close(uint16_t code, struct slice reason, void *arg) {
    echo_free(arg);
}

static void close_echo(struct echo *echo) {
    ws_conn_abort(echo->ws);
    echo_free(echo);
}

static void open_echo(struct conformance *server, struct http_request *request) {
    static const struct ws_handlers handlers = {
        .on_message = echo_on_message, .on_drain = echo_on_drain, .on_close = echo_on_close};
    const struct ws_settings settings = {.max_message_bytes = ECHO_MESSAGE_MAX,
                                         .max_queue_bytes = 3 * ECHO_MESSAGE_MAX};
    struct stream *stream = http_accept_websocket(request);
    if (!stream)
        return;
    struct echo *echo = mem_alloc(sizeof *echo);
    list_add(&server->echoes, &echo->node);
    if (ws_conn_open(&echo->ws, server->loop, stream, &settings, &handlers, echo) != 0)
        echo_free(echo);
}

static struct eio_server *find_eio(struct conformance *server, const struct http_request *request) {
    if (slice_has_prefix(request->path, SLICE("/engine.io/")))
        return server->eio;
    if (slice_has_prefix(request->path, SLICE("/socket.io/")))
        return sio_server_eio(server->sio);
    return NULL;
}

static void on_head(struct http_request *request, void *arg) {
    struct eio_server *eio = find_eio(arg, request);
    if (eio)
        eio_server_head(eio, request);
}

static void on_request(struct http_request *request, void *arg) {
    struct eio_server *eio = find_eio(arg, request);
    if (eio)
        eio_server_request(eio, request);
    else
        http_respond_not_found(request);
}

static void on_upgrade(struct http_request *request, void *arg) {
    struct eio_server *eio = find_eio(arg, request);
    if (eio)
        eio_server_upgrade(eio, request);
    else if (slice_is_equal(request->path, SLICE("/echo")))
        open_echo(arg, request);
    else
        http_respond_not_found(request);
}

static void on_term(uv_signal_t *signal, int number) {
    struct conformance *server = signal->data;
    loop_stop(server->loop);
}

static bool read_times(char **argv, struct eio_settings *eio) {
    uint64_t interval_ms, timeout_ms;
    if (!slice_to_uint(slice_from(argv[0]), UINT16_MAX, &interval_ms) ||
        !slice_to_uint(slice_from(argv[1]), UINT16_MAX, &timeout_ms))
        return false;
    eio->ping_interval_ms = (unsigned)interval_ms;
    eio->ping_timeout_ms = (unsigned)timeout_ms;
    return true;
}

static void open_protocols(struct conformance *server, const struct eio_settings *eio) {
    static const struct eio_handlers echo = {.on_open = eio_on_open,
                                             .on_text = eio_on_text,
                                             .on_binary = eio_on_binary,
                                             .on_close = eio_on_close};
    static const struct sio_handlers greets = {.on_connect = sio_on_connect,
                                               .on_disconnect = sio_on_disconnect};
    const struct sio_settings sio = {.eio = *eio, .connect_timeout_ms = 1000};
    server->eio = eio_server_new(server->loop, eio, &echo, NULL);
    server->sio = sio_server_new(server->loop, &sio);
    struct sio_namespace *ns = sio_namespace_add(server->sio, "/", &greets, server);
    sio_on(ns, "message", sio_on_message);
    sio_on(ns, "message-with-ack", sio_on_message_with_ack);
    sio_namespace_add(server->sio, "/custom", &greets, server);
}

int main(int argc, char **argv) {
    struct eio_settings eio = {
        .ping_interval_ms = 300, .ping_timeout_ms = 200, .max_payload_bytes = 1000000};
    uint64_t port;
    if ((argc != 2 && argc != 4) || !slice_to_uint(slice_from(argv[1]), UINT16_MAX, &port) ||
        (argc == 4 && !read_times(argv + 2, &eio))) {
        fprintf(stderr, "usage: prosa-conformance PORT [PING_INTERVAL_MS PING_TIMEOUT_MS]\n");
        return 2;
    }
    struct conformance server = {0};
    list_init(&server.echoes);
    if (loop_open(&server.loop))
        return 1;
    open_protocols(&server, &eio);
    const struct http_settings settings = {.port = (uint16_t)port};
    const struct http_handlers handlers = {
        .on_head = on_head, .on_request = on_request, .on_upgrade = on_upgrade, .arg = &server};
    struct http_server *http;
    if (http_server_open(&http, server.loop, &settings, &handlers)) {
        fprintf(stderr, "prosa-conformance: cannot listen on port %s\n", argv[1]);
        return 1;
    }
    printf("listening on port %u\n", (unsigned)http_server_port(http));
    fflush(stdout);
    uv_signal_init(loop_uv(server.loop), &server.term);
    server.term.data = &server;
    uv_signal_start(&server.term, on_term, SIGTERM);
    loop_run(server.loop);
    http_server_close(http);
    LIST_EACH(&server.echoes, node)
        close_echo(CONTAINER_OF(node, struct echo, node));
    eio_server_close(server.eio);
    sio_server_close(server.sio);
    uv_close((uv_handle_t *)&server.term, NULL);
    loop_close(server.loop);
    return 0;
}
