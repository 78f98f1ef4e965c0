#include "app/demo/demo_host.h"

#include "base/buf.h"
#include "base/mem.h"
#include "net/ws/ws_conn.h"
#include "wire/web/json_read.h"
#include "wire/web/json_write.h"
#include "wire/web/url.h"

#include <stdio.h>

struct demo_host {
    struct ws_conn *conn; /* NULL once closed */
    struct demo_host_handlers handlers;
    void *user;
    const char *room;
    const char *locale;
};

static void demo_host_send(struct demo_host *host, struct slice packet) {
    ws_conn_send(host->conn, WS_TEXT, packet);
}

static void room_join(struct demo_host *host) {
    struct buf packet = {0};
    buf_add_text(&packet, "42["); /* a Socket.IO event */
    json_add_text(&packet, NULL, SLICE("join-room"));
    json_open(&packet, NULL);
    json_add_text(&packet, "room", slice_from(host->room));
    json_add_text(&packet, "locale", slice_from(host->locale));
    json_close(&packet);
    json_close_array(&packet);
    demo_host_send(host, buf_slice(&packet));
    buf_free(&packet);
}

/* ["event",{...}] */
static void demo_host_take_event(struct demo_host *host, struct slice json) {
    json_t *event = json_read(json);
    const char *name = json_string_value(json_array_get(event, 0));
    struct slice word = slice_from(name);
    if (slice_is_equal(word, SLICE("feedback")))
        host->handlers.on_feedback(json_array_get(event, 1), host->user);
    else if (slice_is_equal(word, SLICE("user-joined")))
        host->handlers.on_joined(host->user);
    json_decref(event);
}

/* Engine.IO: 0 open, 2 ping, 3 pong, 4 message; in a message, Socket.IO: 0 connect, 2 event. */
static void demo_host_on_message(enum ws_opcode opcode, struct slice packet, void *arg) {
    struct demo_host *host = arg;
    if (opcode != WS_TEXT)
        return;
    if (slice_has_prefix(packet, SLICE("0")))
        demo_host_send(host, SLICE("40"));
    else if (slice_is_equal(packet, SLICE("2")))
        demo_host_send(host, SLICE("3"));
    else if (slice_has_prefix(packet, SLICE("40")))
        room_join(host);
    else if (slice_has_prefix(packet, SLICE("42")))
        demo_host_take_event(host, slice_skip(packet, 2));
}

static void demo_host_on_close(uint16_t code, struct slice reason, void *arg) {
    struct demo_host *host = arg;
    (void)code, (void)reason;
    host->conn = NULL;
    host->handlers.on_lost(host->user);
}

int demo_host_open(struct demo_host **out, struct loop *loop, uint16_t port, const char *room,
                   const char *locale, const struct demo_host_handlers *handlers, void *user) {
    char address[96];
    snprintf(address, sizeof address, "ws://127.0.0.1:%u/socket.io/?EIO=4&transport=websocket",
             port);
    struct url url;
    int err = url_parse(&url, slice_from(address));
    if (err)
        return err;
    struct demo_host *host = mem_alloc(sizeof *host);
    *host = (struct demo_host){.handlers = *handlers, .user = user, .room = room, .locale = locale};
    struct ws_target target = {.url = &url};
    struct ws_settings settings = {0};
    struct ws_handlers ws = {.on_message = demo_host_on_message, .on_close = demo_host_on_close};
    err = ws_conn_connect(&host->conn, loop, &target, &settings, &ws, host);
    if (err) {
        demo_host_close(host);
        return err;
    }
    *out = host;
    return 0;
}

void demo_host_close(struct demo_host *host) {
    if (!host)
        return;
    if (host->conn)
        ws_conn_abort(host->conn);
    mem_free(host);
}
