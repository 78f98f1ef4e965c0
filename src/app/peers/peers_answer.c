/* What other servers ask about the clients here, and want to be done with them. All answer, even when
 * they have nothing to say: who asks waits for as many answers as there are servers. */
#include "app/peers/peers_private.h"
#include "base/mem.h"
#include "net/socketio/sio_server.h"
#include "wire/web/json_write.h"

enum { ACKS_DEFAULT_MS = 5000 };

static struct sio_target target_of(const struct sio_peer_message *request) {
    return (struct sio_target){.rooms = request->rooms.names,
                               .room_count = request->rooms.count,
                               .except = request->except.names,
                               .except_count = request->except.count};
}

static void answer(struct peers *peers, const struct buf *payload) {
    peers_publish(peers, buf_slice(&peers->answer_channel), buf_slice(payload));
}

/* ---- Lists ---- */

static void add_name(struct slice name, void *arg) {
    json_add_text(arg, NULL, name);
}

static void add_id(struct sio_socket *socket, void *arg) {
    json_add_text(arg, NULL, sio_id(socket));
}

/* Nothing of the handshake leaves this server: it holds tokens. */
static void add_socket(struct sio_socket *socket, void *arg) {
    struct slice room;
    json_open(arg, NULL);
    json_add_text(arg, "id", sio_id(socket));
    json_add_raw(arg, "handshake", SLICE("{}"));
    json_open_array(arg, "rooms");
    json_add_text(arg, NULL, sio_id(socket));
    for (unsigned i = 0; sio_room_at(socket, i, &room); i++)
        json_add_text(arg, NULL, room);
    json_close_array(arg);
    json_add_raw(arg, "data", SLICE("{}"));
    json_close(arg);
}

static void list(struct peers *peers, const struct sio_peer_message *request) {
    const struct sio_target target = target_of(request);
    struct buf json = {0};
    if (!request->request_id)
        return;
    sio_peer_open_answer(&json, request->request_id);
    json_open_array(&json, request->type == SIO_PEER_ALL_ROOMS ? "rooms" : "sockets");
    if (request->type == SIO_PEER_ALL_ROOMS)
        sio_each_room(peers->ns, add_name, &json);
    else
        sio_each(peers->ns, &target, request->type == SIO_PEER_FETCH ? add_socket : add_id, &json);
    json_close_array(&json);
    json_close(&json);
    answer(peers, &json);
    buf_free(&json);
}

/* ---- Moves ---- */

struct move {
    struct peers *peers;
    const struct sio_peer_message *request;
};

static void move_socket(struct sio_socket *socket, void *arg) {
    const struct move *move = arg;
    const struct sio_peer_names *rooms = &move->request->moves;
    for (unsigned i = 0; i < rooms->count; i++) {
        if (move->request->type == SIO_PEER_LEAVE)
            sio_leave(socket, rooms->names[i]);
        else if (move->peers->may_enter(rooms->names[i]))
            sio_join(socket, rooms->names[i]);
        else
            move->peers->stats.refused++;
    }
}

static void disconnect_socket(struct sio_socket *socket, void *arg) {
    const struct move *move = arg;
    sio_disconnect(socket, move->request->closes);
}

static void move(struct peers *peers, const struct sio_peer_message *request) {
    const struct sio_target target = target_of(request);
    struct move move = {peers, request};
    sio_each(peers->ns, &target,
             request->type == SIO_PEER_DISCONNECT ? disconnect_socket : move_socket, &move);
}

/* ---- Broadcasts that are acknowledged ---- */

struct acks {
    struct peers *peers;
    char *request_id;
};

static void peers_on_ack(struct slice args, const struct slice *attachments, unsigned count,
                         void *arg) {
    const struct acks *acks = arg;
    struct buf payload = {0};
    sio_peer_write_ack(&payload, acks->request_id, args, attachments, count);
    answer(acks->peers, &payload);
    buf_free(&payload);
}

static void peers_on_acks_end(void *arg) {
    struct acks *acks = arg;
    mem_free(acks->request_id);
    mem_free(acks);
}

static void ask(struct peers *peers, struct sio_peer_message *request) {
    const struct sio_target target = target_of(request);
    const struct sio_ask_settings settings = {
        .timeout_ms = request->timeout_ms ? request->timeout_ms : ACKS_DEFAULT_MS,
        .fn = peers_on_ack,
        .on_end = peers_on_acks_end,
    };
    struct acks *acks = mem_alloc(sizeof *acks);
    struct buf json = {0};
    *acks = (struct acks){peers, mem_copy_text(request->request_id)};
    unsigned asked = sio_ask(peers->ns, &target, request->event, buf_slice(&request->args),
                             request->binaries.parts, request->binaries.count, &settings, acks);
    sio_peer_write_count(&json, request->request_id, asked);
    answer(peers, &json);
    buf_free(&json);
    if (asked == 0)
        peers_on_acks_end(acks);
}

/* No event of servers to each other has a handler here: nothing is the answer. */
static void answer_emit(struct peers *peers, const struct sio_peer_message *request) {
    struct buf json = {0};
    if (!request->request_id)
        return;
    json_open(&json, NULL);
    json_add_int(&json, "type", SIO_PEER_EMIT);
    json_add_text(&json, "requestId", slice_from(request->request_id));
    json_add_null(&json, "data");
    json_close(&json);
    answer(peers, &json);
    buf_free(&json);
}

void peers_answer(struct peers *peers, struct sio_peer_message *request) {
    switch (request->type) {
    case SIO_PEER_SOCKETS:
    case SIO_PEER_ALL_ROOMS:
    case SIO_PEER_FETCH:
        list(peers, request);
        break;
    case SIO_PEER_JOIN:
    case SIO_PEER_LEAVE:
    case SIO_PEER_DISCONNECT:
        move(peers, request);
        break;
    case SIO_PEER_EMIT:
        answer_emit(peers, request);
        break;
    case SIO_PEER_BROADCAST:
        ask(peers, request);
        break;
    case SIO_PEER_COUNT:
    case SIO_PEER_ACK:
        break;
    }
}
