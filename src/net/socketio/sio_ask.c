/* Events that clients are to acknowledge. All who are asked at once get the same text, with the same
 * number; who has acknowledged is known by its socket's id. */
#include "base/blob.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/socketio/sio_private.h"

enum { ASKS_MAX = 1024 };

struct sio_ask {
    struct sio_namespace *ns;
    uint64_t id;
    struct map waiting; /* id of a socket -> the ask */
    struct timer limit;
    sio_answer_fn *fn;
    void (*on_end)(void *arg);
    void *arg;
    struct blob **frames; /* while they are sent */
    unsigned frame_count;
};

static struct slice key_of(const uint64_t *id) {
    return slice_of(id, sizeof *id);
}

static void ask_end(struct sio_ask *ask) {
    map_remove(&ask->ns->server->asks, key_of(&ask->id));
    timer_stop(&ask->limit);
    map_free(&ask->waiting);
    ask->on_end(ask->arg);
    mem_free(ask);
}

static void sio_on_ask_limit(void *arg) {
    ask_end(arg);
}

static void ask_one(struct sio_socket *socket, void *arg) {
    struct sio_ask *ask = arg;
    sio_settle(socket);
    for (unsigned i = 0; i < ask->frame_count; i++)
        eio_send(socket->session, ask->frames[i]);
    map_set(&ask->waiting, sio_id(socket), ask);
}

static void send_ask(struct sio_ask *ask, const struct sio_target *target, const char *event,
                     struct slice args, const struct slice *attachments, unsigned count) {
    struct blob *frames[1 + SIO_ATTACHMENTS_MAX];
    struct buf text = {0};
    sio_write_event(&text, ask->ns->name, &ask->id, slice_from(event), args, count);
    ask->frames = frames;
    ask->frame_count = sio_make_frames(&text, attachments, count, frames);
    sio_each(ask->ns, target, ask_one, ask);
    for (unsigned i = 0; i < ask->frame_count; i++)
        blob_unref(frames[i]);
    ask->frames = NULL;
    buf_free(&text);
}

unsigned sio_ask(struct sio_namespace *ns, const struct sio_target *target, const char *event,
                 struct slice args, const struct slice *attachments, unsigned count,
                 const struct sio_ask_settings *settings, void *arg) {
    struct sio_server *server = ns->server;
    if (server->asks.len == ASKS_MAX)
        return 0;
    struct sio_ask *ask = mem_alloc(sizeof *ask);
    ask->ns = ns;
    ask->id = server->next_ask++;
    ask->fn = settings->fn;
    ask->on_end = settings->on_end;
    ask->arg = arg;
    map_init(&ask->waiting, rand_u64());
    send_ask(ask, target, event, args, attachments, count);
    unsigned asked = (unsigned)ask->waiting.len;
    if (asked == 0) {
        map_free(&ask->waiting);
        mem_free(ask);
        return 0;
    }
    map_set(&server->asks, key_of(&ask->id), ask);
    timer_start(server->loop, &ask->limit, settings->timeout_ms, 0, sio_on_ask_limit, ask);
    return asked;
}

void sio_take_ack(struct sio_socket *socket, const struct sio_packet *packet,
                  const struct slice *attachments) {
    struct sio_ask *ask = map_find(&socket->ns->server->asks, key_of(&packet->id));
    if (!ask || ask->ns != socket->ns || !map_remove(&ask->waiting, sio_id(socket)))
        return;
    ask->fn(packet->args, attachments, packet->attachments, ask->arg);
    if (ask->waiting.len == 0)
        ask_end(ask);
}

void sio_asks_free(struct sio_server *server) {
    MAP_EACH(&server->asks, at)
        ask_end(at.value);
    map_free(&server->asks);
}
