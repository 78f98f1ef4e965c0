/* One client in one namespace, and what it is sent. */
#include "base/blob.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/socketio/sio_private.h"
#include "wire/web/json_write.h"

#include <assert.h>
#include <inttypes.h>

struct sio_socket *sio_socket_new(struct sio_client *client, struct sio_namespace *ns,
                                  bool has_offsets) {
    struct sio_server *server = client->server;
    struct sio_socket *socket = mem_alloc(sizeof *socket);
    socket->client = client;
    socket->session = client->session;
    socket->ns = ns;
    socket->has_offsets = has_offsets;
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

static void send_frames(struct sio_socket *socket, struct blob **frames, unsigned count) {
    sio_settle(socket);
    for (unsigned i = 0; i < count; i++) {
        eio_send(socket->session, frames[i]);
        blob_unref(frames[i]);
    }
}

void sio_socket_welcome(struct sio_socket *socket, struct slice auth, bool is_back) {
    struct sio_namespace *ns = socket->ns;
    map_set(&ns->ids, sio_id(socket), socket);
    struct buf text = {0};
    sio_write_head(&text, SIO_CONNECT, 0, ns->name, NULL);
    buf_add_byte(&text, '{');
    json_add_text(&text, "sid", sio_id(socket));
    if (socket->pid[0]) {
        map_set(&ns->pids, slice_from(socket->pid), socket);
        json_add_text(&text, "pid", slice_from(socket->pid));
    }
    json_close(&text);
    struct blob *frame = eio_frame_text(buf_slice(&text));
    send_frames(socket, &frame, 1);
    buf_free(&text);
    if (is_back && ns->handlers.on_return)
        ns->handlers.on_return(socket, auth, ns->arg);
    else if (ns->handlers.on_connect)
        ns->handlers.on_connect(socket, auth, ns->arg);
}

void sio_socket_gone(struct sio_socket *socket, bool may_return) {
    struct sio_namespace *ns = socket->ns;
    struct sio_socket **link = &socket->client->sockets;
    while (*link != socket)
        link = &(*link)->next;
    *link = socket->next;
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

/* ---- sending ---- */

unsigned sio_make_frames(const struct buf *text, const struct slice *attachments, unsigned count,
                         struct blob *frames[1 + SIO_ATTACHMENTS_MAX]) {
    frames[0] = eio_frame_text(buf_slice(text));
    for (unsigned i = 0; i < count; i++)
        frames[1 + i] = eio_frame_binary(attachments[i]);
    return 1 + count;
}

struct blob *sio_number_frame(const struct blob *frame, uint64_t seq) {
    struct slice event = eio_frame_message(frame);
    struct buf text = {0};
    buf_add_slice(&text, slice_take(event, event.len - 1)); /* up to its bracket */
    buf_printf(&text, ",\"%" PRIu64 "\"]", seq);
    struct blob *numbered = eio_frame_text(buf_slice(&text));
    buf_free(&text);
    return numbered;
}

unsigned sio_encode(struct sio_namespace *ns, const char *event, struct slice args,
                    const struct slice *attachments, unsigned count,
                    struct blob *frames[1 + SIO_ATTACHMENTS_MAX]) {
    assert(count <= SIO_ATTACHMENTS_MAX);
    struct buf text = {0};
    sio_write_event(&text, ns->name, NULL, slice_from(event), args, count);
    unsigned frame_count = sio_make_frames(&text, attachments, count, frames);
    buf_free(&text);
    return frame_count;
}

void sio_emit_binary(struct sio_socket *socket, const char *event, struct slice args,
                     const struct slice *attachments, unsigned count) {
    struct sio_namespace *ns = socket->ns;
    uint64_t seq = sio_history_next(ns->server);
    struct blob *frames[1 + SIO_ATTACHMENTS_MAX];
    unsigned frame_count = sio_encode(ns, event, args, attachments, count, frames);
    ns->server->stats.events_out++;
    if (seq > 0) {
        sio_history_add(ns, seq, socket, NULL,
                        &(struct sio_frames){frames, frame_count, frame_count, NULL, NULL});
        socket->sent_seq = seq;
    }
    if (seq > 0 && socket->has_offsets) {
        struct blob *plain = frames[0];
        frames[0] = sio_number_frame(plain, seq);
        blob_unref(plain);
    }
    send_frames(socket, frames, frame_count);
}

void sio_emit(struct sio_socket *socket, const char *event, struct slice args) {
    sio_emit_binary(socket, event, args, NULL, 0);
}

void sio_ack_binary(struct sio_socket *socket, const struct sio_event *event, struct slice args,
                    const struct slice *attachments, unsigned count) {
    assert(count <= SIO_ATTACHMENTS_MAX);
    if (!event->wants_ack)
        return;
    struct buf text = {0};
    sio_write_ack(&text, socket->ns->name, event->ack_id, args, count);
    struct blob *frames[1 + SIO_ATTACHMENTS_MAX];
    send_frames(socket, frames, sio_make_frames(&text, attachments, count, frames));
    buf_free(&text);
}

void sio_ack(struct sio_socket *socket, const struct sio_event *event, struct slice args) {
    sio_ack_binary(socket, event, args, NULL, 0);
}

/* ---- what an owner asks ---- */

struct slice sio_id(const struct sio_socket *socket) {
    return slice_of(socket->id, SIO_ID_LEN);
}

void sio_set_data(struct sio_socket *socket, void *data) {
    socket->data = data;
}

void *sio_data(const struct sio_socket *socket) {
    return socket->data;
}

bool sio_is_polling(const struct sio_socket *socket) {
    return eio_is_polling(socket->session);
}

size_t sio_queued_bytes(const struct sio_socket *socket) {
    return eio_queued_bytes(socket->session);
}

void sio_vouch(struct sio_socket *socket, enum budget_rank rank) {
    eio_vouch(socket->session, rank);
}
