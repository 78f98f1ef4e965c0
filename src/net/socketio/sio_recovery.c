/* Connection state recovery: the sessions that may come back for what they missed.
 *
 * The reference implementation can only recover a client that has received an event within the last
 * two minutes. Pongs tell more: the pong to a ping confirms everything that was sent before the
 * ping. So a client's place in the history is the later of the offset it names and the newest event
 * that a pong has confirmed, and a client that rarely receives anything recovers as well.
 *
 * Only clients that can recover get the offset, because every handler sees it as one more argument:
 * those that ask for recovery, and those that have come back once. The others are recovered when
 * nothing was sent to them since their last pong, so that nothing comes twice. */
#include "base/blob.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/socketio/sio_private.h"
#include "wire/web/json.h"

#include <string.h>

struct sio_kept_room {
    struct sio_room *room; /* pinned */
    uint64_t seq;          /* newest event when it was joined */
};

struct sio_kept { /* a session that may come back */
    struct list node;
    struct claim place, memory;
    struct sio_namespace *ns;
    char id[SIO_ID_LEN + 1], pid[SIO_ID_LEN + 1];
    void *data;
    bool has_offsets;
    uint64_t arrived_seq, sent_seq, lost_seq;
    int64_t until_ms;
    unsigned room_count;
    struct sio_kept_room rooms[];
};

/* ---- kept sessions ---- */

static void kept_free(struct sio_kept *kept) {
    list_remove(&kept->node);
    claim_close(&kept->place);
    claim_close(&kept->memory);
    map_remove(&kept->ns->kept_pids, slice_from(kept->pid));
    map_remove(&kept->ns->kept_ids, slice_from(kept->id));
    kept->ns->server->stats.kept--;
    for (unsigned i = 0; i < kept->room_count; i++)
        sio_room_unpin(kept->rooms[i].room);
    mem_free(kept);
}

static void forget(struct sio_kept *kept) {
    struct sio_namespace *ns = kept->ns;
    void *data = kept->data;
    kept_free(kept);
    if (ns->handlers.on_forget)
        ns->handlers.on_forget(data, ns->arg);
}

static void sio_on_kept_gives_way(void *arg) {
    forget(arg);
}

/* A session that may come back keeps the place that it had. */
static bool take_place(struct sio_kept *kept, const struct claim *before, size_t bytes) {
    struct sio_server *server = kept->ns->server;
    struct budget *budget = server->settings.eio.budget;
    int64_t now_ms = loop_now_ms(server->loop);
    claim_open_as(&kept->place, budget ? &budget->sessions : NULL, before, sio_on_kept_gives_way,
                  kept);
    claim_open_as(&kept->memory, budget ? &budget->memory : NULL, before, sio_on_kept_gives_way,
                  kept);
    return claim_set(&kept->place, 1, now_ms) && claim_set(&kept->memory, bytes, now_ms);
}

static void sio_on_sweep(void *arg) {
    struct sio_server *server = arg;
    int64_t now_ms = loop_now_ms(server->loop);
    sio_history_prune(server);
    while (!list_is_empty(&server->kept)) {
        struct sio_kept *kept = CONTAINER_OF(server->kept.next, struct sio_kept, node);
        if (kept->until_ms > now_ms) {
            timer_start(server->loop, &server->sweep, kept->until_ms - now_ms, 0, sio_on_sweep,
                        server);
            return;
        }
        forget(kept);
    }
}

void sio_keep(struct sio_socket *socket) {
    struct sio_namespace *ns = socket->ns;
    struct sio_server *server = ns->server;
    struct sio_kept *kept = mem_alloc(sizeof *kept + socket->room_count * sizeof kept->rooms[0]);
    kept->ns = ns;
    memcpy(kept->id, socket->id, sizeof kept->id);
    memcpy(kept->pid, socket->pid, sizeof kept->pid);
    kept->data = socket->data;
    kept->has_offsets = socket->has_offsets;
    kept->arrived_seq = socket->client->arrived_seq;
    kept->sent_seq = socket->sent_seq;
    kept->lost_seq = socket->lost_seq;
    kept->until_ms = loop_now_ms(server->loop) + server->settings.recovery_ms;
    kept->room_count = socket->room_count;
    size_t bytes = sizeof *kept;
    for (unsigned i = 0; i < socket->room_count; i++) {
        bytes += sizeof kept->rooms[0] + socket->rooms[i].room->name.len;
        socket->rooms[i].room->pins++;
        kept->rooms[i] = (struct sio_kept_room){socket->rooms[i].room, socket->rooms[i].seq};
    }
    map_set(&ns->kept_pids, slice_from(kept->pid), kept);
    map_set(&ns->kept_ids, slice_from(kept->id), kept);
    list_add(&server->kept, &kept->node);
    server->stats.kept++;
    if (!take_place(kept, eio_place(socket->session), bytes))
        forget(kept);
    if (!timer_is_running(&server->sweep))
        timer_start(server->loop, &server->sweep, server->settings.recovery_ms, 0, sio_on_sweep,
                    server);
}

void sio_kept_lost(struct sio_namespace *ns, struct slice id, uint64_t seq) {
    struct sio_kept *kept = map_find(&ns->kept_ids, id);
    if (kept)
        kept->lost_seq = seq;
}

/* ---- coming back ---- */

bool sio_can_recover(const struct sio_server *server, struct slice auth) {
    if (server->settings.recovery_ms == 0)
        return false;
    return server->settings.recovers_all ||
           json_kind(json_member(auth, "pid")) == JSON_KIND_STRING ||
           json_kind(json_member(auth, "recovery")) == JSON_KIND_TRUE;
}

/* Whether a past event was for the session that comes back; rooms: name -> struct sio_kept_room. */
static bool is_for(const struct sio_past *past, const struct sio_kept *kept,
                   const struct map *rooms) {
    struct slice id = slice_from(kept->id);
    if (past->id[0])
        return slice_is_equal(slice_from(past->id), id);
    for (unsigned i = 0; i < past->except_count; i++) {
        struct slice name = past->names[past->room_count + i];
        if (slice_is_equal(name, id) || map_find(rooms, name))
            return false;
    }
    for (unsigned i = 0; i < past->room_count; i++) {
        const struct sio_kept_room *room = map_find(rooms, past->names[i]);
        if ((room && room->seq < past->seq) || slice_is_equal(past->names[i], id))
            return true;
    }
    return past->room_count == 0;
}

static void send_again(struct sio_socket *socket, const struct sio_kept *kept, uint64_t start,
                       const struct map *rooms) {
    LIST_EACH(&socket->ns->server->history, node) {
        struct sio_past *past = CONTAINER_OF(node, struct sio_past, node);
        if (past->seq <= start || past->ns != socket->ns || !is_for(past, kept, rooms))
            continue;
        unsigned text = past->pick ? past->pick(socket, past->pick_arg) : 0;
        if (text >= past->frame_count / past->frames_each)
            continue;
        struct blob **frames = past->frames + text * past->frames_each;
        struct blob *numbered = sio_number_frame(frames[0], past->seq);
        eio_send(socket->session, numbered);
        blob_unref(numbered);
        for (unsigned i = 1; i < past->frames_each; i++)
            eio_send(socket->session, frames[i]);
    }
}

/* The kept session that a client's auth names. One that still counts as connected is taken over:
 * its client knows better than the server that the connection is dead. */
static struct sio_kept *find_kept(struct sio_socket *socket, struct slice pid) {
    struct sio_namespace *ns = socket->ns;
    struct sio_socket *old = map_find(&ns->pids, pid);
    if (old) {
        struct sio_client *client = old->client;
        if (client == socket->client)
            return NULL;
        sio_socket_gone(old, true);
        if (!client->sockets)
            eio_close(client->session, EIO_CLOSED_TRANSPORT);
    }
    return map_find(&ns->kept_pids, pid);
}

/* True when the history has lost an event behind `start` that was for the session. */
static bool has_lost(const struct sio_kept *kept, uint64_t start) {
    if (kept->lost_seq > start || kept->ns->everyone.lost_seq > start)
        return true;
    for (unsigned i = 0; i < kept->room_count; i++) {
        const struct sio_kept_room *kept_room = &kept->rooms[i];
        uint64_t since = kept_room->seq > start ? kept_room->seq : start;
        if (kept_room->room->lost_seq > since)
            return true;
    }
    return false;
}

/* The number of the newest event that a client has received; false when that is not known, or the
 * history no longer reaches back to it. */
static bool find_start(const struct sio_server *server, const struct sio_kept *kept,
                       struct slice offset, uint64_t *start) {
    *start = kept->arrived_seq;
    if (!kept->has_offsets) {
        if (kept->sent_seq > kept->arrived_seq)
            return false;
    } else if (json_kind(offset) == JSON_KIND_STRING) {
        uint64_t seq;
        if (!json_to_count(json_inside(offset), &seq) || seq > server->seq)
            return false;
        if (seq > *start)
            *start = seq;
    }
    return !has_lost(kept, *start);
}

static void restore(struct sio_socket *socket, struct sio_kept *kept, uint64_t start) {
    struct sio_namespace *ns = socket->ns;
    socket->data = kept->data;
    memcpy(socket->id, kept->id, sizeof socket->id);
    memcpy(socket->pid, kept->pid, sizeof socket->pid);
    struct map rooms;
    map_init(&rooms, rand_u64());
    for (unsigned i = 0; i < kept->room_count; i++) {
        struct sio_kept_room *room = &kept->rooms[i];
        if (ns->handlers.may_rejoin &&
            !ns->handlers.may_rejoin(kept->data, room->room->name, ns->arg))
            continue;
        map_set(&rooms, room->room->name, room);
    }
    send_again(socket, kept, start, &rooms);
    for (unsigned i = 0; i < kept->room_count; i++) {
        struct sio_kept_room *room = &kept->rooms[i];
        if (map_find(&rooms, room->room->name))
            sio_room_enter(socket, room->room, room->seq);
    }
    map_free(&rooms);
    if (start < socket->client->arrived_seq)
        socket->client->arrived_seq = socket->client->pinged_seq = start;
    socket->sent_seq = ns->server->seq;
    socket->lost_seq = kept->lost_seq;
}

bool sio_recover(struct sio_socket *socket, struct slice auth) {
    struct sio_server *server = socket->ns->server;
    struct slice pid = json_member(auth, "pid");
    if (json_kind(pid) != JSON_KIND_STRING)
        return false;
    sio_history_prune(server);
    struct sio_kept *kept = find_kept(socket, json_inside(pid));
    if (!kept)
        return false;
    uint64_t start;
    if (!find_start(server, kept, json_member(auth, "offset"), &start)) {
        server->stats.recovery_missed++;
        forget(kept);
        return false;
    }
    /* What is restored takes its place, and must not make it give way meanwhile. */
    claim_close(&kept->place);
    claim_close(&kept->memory);
    eio_vouch(socket->session, kept->place.rank);
    restore(socket, kept, start);
    kept_free(kept);
    server->stats.recovered++;
    return true;
}

uint64_t sio_returned_seq(const struct sio_socket *socket) {
    return socket->client->arrived_seq;
}

void sio_recovery_free(struct sio_server *server) {
    timer_stop(&server->sweep);
    while (!list_is_empty(&server->kept))
        forget(CONTAINER_OF(server->kept.next, struct sio_kept, node));
    sio_history_free(server);
}
