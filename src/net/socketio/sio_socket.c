/* One client in one namespace: what it is sent, and what it is asked. */
#include "base/blob.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/socketio/sio_private.h"
#include "wire/web/json.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

struct sio_call { /* an ack that is awaited */
    struct sio_call *next;
    struct sio_socket *socket;
    uint64_t id;
    sio_ack_fn *fn;
    void *arg;
    struct timer limit;
};

struct sio_socket *sio_socket_new(struct sio_client *client, struct sio_namespace *ns) {
    struct sio_server *server = client->server;
    struct sio_socket *socket = mem_alloc(sizeof *socket);

    socket->client = client;
    socket->session = client->session;
    socket->ns = ns;
    socket->next = client->sockets;
    client->sockets = socket;
    rand_token(socket->id, SIO_ID_LEN);
    if (server->settings.recovery_ms > 0)
        rand_token(socket->pid, SIO_ID_LEN);
    socket->last_job = server->job_number;
    if (client->arrived_seq == 0 && client->pinged_seq == 0)
        client->arrived_seq = client->pinged_seq = server->seq;
    sio_everyone_enter(socket);
    server->stats.sockets++;
    return socket;
}

void sio_send_text(struct sio_socket *socket, const struct buf *packet) {
    struct blob *frame = eio_frame_text(buf_slice(packet));

    sio_settle(socket);
    eio_send(socket->session, frame);
    blob_unref(frame);
}

void sio_socket_welcome(struct sio_socket *socket, struct slice auth, bool is_back) {
    struct sio_namespace *ns = socket->ns;
    struct buf text = {0};

    map_set(&ns->ids, sio_id(socket), socket);
    sio_write_head(&text, SIO_CONNECT, 0, ns->name, NULL);
    buf_printf(&text, "{\"sid\":\"%s\"", socket->id);
    if (socket->pid[0]) {
        map_set(&ns->pids, slice_from(socket->pid), socket);
        buf_printf(&text, ",\"pid\":\"%s\"", socket->pid);
    }
    buf_add_byte(&text, '}');
    sio_send_text(socket, &text);
    buf_free(&text);
    ns->server->stats.connected++;
    if (is_back && ns->handlers.on_return)
        ns->handlers.on_return(socket, auth, ns->arg);
    else if (ns->handlers.on_connect)
        ns->handlers.on_connect(socket, auth, ns->arg);
}

static void call_end(struct sio_call *call, int err, const struct sio_event *answer) {
    struct sio_call **link = &call->socket->calls;

    while (*link != call)
        link = &(*link)->next;
    *link = call->next;
    timer_stop(&call->limit);
    call->fn(call->socket, err, answer, call->arg);
    mem_free(call);
}

static void on_call_timeout(void *arg) {
    call_end(arg, ETIMEDOUT, NULL);
}

void sio_socket_answer(struct sio_socket *socket, const struct sio_packet *packet,
                       const struct slice *attachments) {
    struct sio_event answer = {
        .args = packet->args,
        .argc = packet->argc,
        .attachments = attachments,
        .attachment_count = packet->attachments,
    };
    struct sio_call *call = socket->calls;

    while (call && call->id != packet->id)
        call = call->next;
    if (!call)
        return;
    socket->ns->server->stats.acks_in++;
    call_end(call, 0, &answer);
}

void sio_socket_gone(struct sio_socket *socket, bool may_return) {
    struct sio_namespace *ns = socket->ns;
    struct sio_socket **link = &socket->client->sockets;

    while (*link != socket)
        link = &(*link)->next;
    *link = socket->next;
    while (socket->calls)
        call_end(socket->calls, ECONNRESET, NULL);
    map_remove(&ns->ids, sio_id(socket));
    if (socket->pid[0])
        map_remove(&ns->pids, slice_from(socket->pid));
    if (ns->handlers.on_disconnect)
        ns->handlers.on_disconnect(socket, may_return, ns->arg);
    if (may_return)
        sio_keep(socket);
    while (socket->room_count > 0)
        sio_room_leave(socket, socket->room_count - 1);
    sio_everyone_leave(socket);
    ns->server->stats.sockets--;
    mem_free(socket->rooms);
    mem_free(socket);
}

unsigned sio_encode(struct sio_namespace *ns, const uint64_t *id, const char *event,
                    struct slice args, const struct slice *attachments, unsigned count,
                    uint64_t seq, struct blob *frames[1 + SIO_ATTACHMENTS_MAX]) {
    struct buf text = {0}, with_offset = {0};

    assert(count <= SIO_ATTACHMENTS_MAX);
    if (seq > 0) {
        buf_add_slice(&with_offset, args);
        if (args.len > 0)
            buf_add_byte(&with_offset, ',');
        sio_write_offset(&with_offset, seq);
        args = buf_slice(&with_offset);
    }
    sio_write_event(&text, ns->name, id, slice_from(event), args, count);
    frames[0] = eio_frame_text(buf_slice(&text));
    for (unsigned i = 0; i < count; i++)
        frames[1 + i] = eio_frame_binary(attachments[i]);
    buf_free(&text);
    buf_free(&with_offset);
    return 1 + count;
}

static void send_frames(struct sio_socket *socket, struct blob **frames, unsigned count) {
    sio_settle(socket);
    for (unsigned i = 0; i < count; i++) {
        eio_send(socket->session, frames[i]);
        blob_unref(frames[i]);
    }
}

void sio_emit_binary(struct sio_socket *socket, const char *event, struct slice args,
                     const struct slice *attachments, unsigned count) {
    struct sio_namespace *ns = socket->ns;
    struct blob *frames[1 + SIO_ATTACHMENTS_MAX];
    uint64_t seq = sio_history_next(ns->server);
    unsigned frame_count = sio_encode(ns, NULL, event, args, attachments, count, seq, frames);

    ns->server->stats.events_out++;
    if (seq > 0)
        sio_history_add(ns, seq, sio_id(socket), NULL, frames, frame_count, frame_count, NULL,
                        NULL);
    send_frames(socket, frames, frame_count);
}

void sio_emit(struct sio_socket *socket, const char *event, struct slice args) {
    sio_emit_binary(socket, event, args, NULL, 0);
}

void sio_call(struct sio_socket *socket, const char *event, struct slice args, unsigned timeout_ms,
              sio_ack_fn *fn, void *arg) {
    struct sio_namespace *ns = socket->ns;
    struct sio_call *call = mem_alloc(sizeof *call);
    struct blob *frames[1 + SIO_ATTACHMENTS_MAX];

    call->socket = socket;
    call->id = socket->call_id++;
    call->fn = fn;
    call->arg = arg;
    call->next = socket->calls;
    socket->calls = call;
    if (timeout_ms > 0)
        timer_start(ns->server->loop, &call->limit, timeout_ms, 0, on_call_timeout, call);
    ns->server->stats.events_out++;
    send_frames(socket, frames, sio_encode(ns, &call->id, event, args, NULL, 0, 0, frames));
}

void sio_ack_binary(struct sio_socket *socket, const struct sio_event *event, struct slice args,
                    const struct slice *attachments, unsigned count) {
    struct blob *frames[1 + SIO_ATTACHMENTS_MAX];
    struct buf text = {0};

    assert(count <= SIO_ATTACHMENTS_MAX);
    if (!event->wants_ack)
        return;
    sio_write_ack(&text, socket->ns->name, event->ack_id, args, count);
    frames[0] = eio_frame_text(buf_slice(&text));
    for (unsigned i = 0; i < count; i++)
        frames[1 + i] = eio_frame_binary(attachments[i]);
    buf_free(&text);
    send_frames(socket, frames, 1 + count);
}

void sio_ack(struct sio_socket *socket, const struct sio_event *event, struct slice args) {
    sio_ack_binary(socket, event, args, NULL, 0);
}

static void send_disconnect(struct sio_socket *socket) {
    struct buf text = {0};

    sio_write_head(&text, SIO_DISCONNECT, 0, socket->ns->name, NULL);
    sio_send_text(socket, &text);
    buf_free(&text);
}

void sio_disconnect(struct sio_socket *socket, bool close) {
    struct sio_client *client = socket->client;

    if (!close) {
        send_disconnect(socket);
        sio_socket_gone(socket, false);
        return;
    }
    while (client->sockets) {
        send_disconnect(client->sockets);
        sio_socket_gone(client->sockets, false);
    }
    eio_close(client->session, EIO_CLOSED_BY_SERVER);
}

struct slice sio_id(const struct sio_socket *socket) {
    return slice_of(socket->id, SIO_ID_LEN);
}

void sio_set_data(struct sio_socket *socket, void *data) {
    socket->data = data;
}

void *sio_data(const struct sio_socket *socket) {
    return socket->data;
}

struct sio_socket *sio_find(struct sio_namespace *ns, struct slice id) {
    return map_find(&ns->ids, id);
}

bool sio_is_polling(const struct sio_socket *socket) {
    return eio_is_polling(socket->session);
}

size_t sio_queued_bytes(const struct sio_socket *socket) {
    return eio_queued_bytes(socket->session);
}
