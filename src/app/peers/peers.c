#include "app/peers/peers.h"

#include "app/peers/peers_private.h"
#include "base/counter.h"
#include "base/macros.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/socketio/sio_server.h"
#include "outside/redis/redis.h"

#include <string.h>

/* ---- To others ---- */

void peers_publish(struct peers *peers, struct slice channel, struct slice payload) {
    const struct slice parts[] = {SLICE("PUBLISH"), channel, payload};
    if (redis_call(peers->commands, parts, ARRAY_LEN(parts), NULL, NULL) == 0)
        peers->stats.published++;
    else
        peers->stats.dropped++;
}

void peers_emit(struct peers *peers, const struct sio_target *target, const char *name,
                struct slice args, const struct slice *attachments, unsigned count) {
    if (!peers)
        return;
    struct buf channel = {0}, payload = {0};
    const struct sio_peer_event event = {
        .uid = slice_from(peers->uid),
        .nsp = peers->name,
        .event = slice_from(name),
        .args = args,
        .binaries = attachments,
        .binary_count = count,
        .rooms = target->rooms,
        .room_count = target->room_count,
        .except = target->except,
        .except_count = target->except_count,
        .is_volatile = target->is_volatile,
    };
    sio_peer_write_channel(&channel, slice_from(peers->settings.key), &event);
    sio_peer_write_broadcast(&payload, &event);
    peers_publish(peers, buf_slice(&channel), buf_slice(&payload));
    buf_free(&channel);
    buf_free(&payload);
}

/* ---- From others ---- */

/* What comes back of our own, and the channel of a room in which nobody is here, is not even read. */
static void take_broadcast(struct peers *peers, struct slice channel, struct slice payload) {
    struct sio_peer_message message;
    struct slice room;
    if (!sio_peer_read_channel(channel, slice_from(peers->settings.key), peers->name, &room) ||
        (room.len > 0 && sio_room_size(peers->ns, room) == 0) ||
        sio_peer_is_from(payload, slice_from(peers->uid)))
        return;
    if (!sio_peer_read_broadcast(payload, &message)) {
        peers->stats.bad++;
        return;
    }
    if (slice_is_equal(slice_from(message.nsp), peers->name)) {
        const struct sio_target target = {.rooms = message.rooms.names,
                                          .room_count = message.rooms.count,
                                          .except = message.except.names,
                                          .except_count = message.except.count,
                                          .is_volatile = message.is_volatile};
        peers->stats.received++;
        sio_broadcast_binary(peers->ns, &target, message.event, buf_slice(&message.args),
                             message.binaries.parts, message.binaries.count);
    }
    sio_peer_free(&message);
}

static void take_request(struct peers *peers, struct slice payload) {
    struct sio_peer_message request;
    if (!sio_peer_read_request(payload, &request)) {
        peers->stats.bad++;
        return;
    }
    peers->stats.requests++;
    peers_answer(peers, &request);
    sio_peer_free(&request);
}

static void peers_on_message(struct slice channel, struct slice payload, void *arg) {
    struct peers *peers = arg;
    if (payload.len > peers->settings.max_bytes)
        peers->stats.bad++;
    else if (slice_is_equal(channel, buf_slice(&peers->request_channel)))
        take_request(peers, payload);
    else
        take_broadcast(peers, channel, payload);
}

/* Who subscribes to requests is counted among those whose answers are waited for. */
static void peers_on_up(void *arg) {
    struct peers *peers = arg;
    const struct slice pattern = buf_slice(&peers->pattern);
    const struct slice channels[] = {buf_slice(&peers->request_channel),
                                     buf_slice(&peers->answer_channel),
                                     buf_slice(&peers->own_answer_channel)};
    redis_subscribe(peers->subscriptions, &pattern, 1, true);
    redis_subscribe(peers->subscriptions, channels, ARRAY_LEN(channels), false);
}

/* ---- The peers ---- */

/* Text as it is in a pattern of PSUBSCRIBE. */
static void add_literal(struct buf *out, struct slice text) {
    for (size_t i = 0; i < text.len; i++) {
        if (strchr("*?[]\\^", text.ptr[i]))
            buf_add_byte(out, '\\');
        buf_add_byte(out, text.ptr[i]);
    }
}

void peers_serve(struct peers *peers, struct sio_namespace *ns, struct slice name,
                 bool (*may_enter)(struct slice room)) {
    const char *key = peers->settings.key;
    peers->ns = ns;
    peers->name = name;
    peers->may_enter = may_enter;
    buf_printf(&peers->request_channel, "%s-request#%.*s#", key, SLICE_ARG(name));
    buf_printf(&peers->answer_channel, "%s-response#%.*s#", key, SLICE_ARG(name));
    buf_printf(&peers->own_answer_channel, "%s-response#%.*s#%s#", key, SLICE_ARG(name),
               peers->uid);
    add_literal(&peers->pattern, slice_from(key));
    buf_add_byte(&peers->pattern, '#');
    add_literal(&peers->pattern, name);
    buf_add_text(&peers->pattern, "#*");
    const struct redis_settings settings = {
        .loop = peers->settings.loop,
        .place = peers->settings.place,
        .tls = peers->settings.tls,
        .name = "prosa-subscriptions",
        .on_up = peers_on_up,
        .on_message = peers_on_message,
        .arg = peers,
    };
    peers->subscriptions = redis_open(&settings);
}

struct peers *peers_open(const struct peers_settings *settings) {
    struct peers *peers = mem_alloc(sizeof *peers);
    const struct redis_settings redis = {.loop = settings->loop,
                                         .place = settings->place,
                                         .tls = settings->tls,
                                         .name = "prosa-commands"};
    peers->settings = *settings;
    memcpy(peers->uid, "prosa-", 6);
    rand_token(peers->uid + 6, sizeof peers->uid - 7);
    peers->commands = redis_open(&redis);
    return peers;
}

void peers_close(struct peers *peers) {
    if (!peers)
        return;
    redis_close(peers->subscriptions);
    redis_close(peers->commands);
    buf_free(&peers->request_channel);
    buf_free(&peers->answer_channel);
    buf_free(&peers->own_answer_channel);
    buf_free(&peers->pattern);
    mem_free(peers);
}

const char *peers_trouble(const struct peers *peers) {
    const char *trouble = redis_trouble(peers->commands);
    return *trouble || !peers->subscriptions ? trouble : redis_trouble(peers->subscriptions);
}

const struct peers_stats *peers_stats(struct peers *peers) {
    peers->stats.is_up = redis_is_up(peers->commands) && redis_is_up(peers->subscriptions);
    peers->stats.losses = redis_losses(peers->commands) + redis_losses(peers->subscriptions);
    return &peers->stats;
}

#define AT(member) offsetof(struct peers_stats, member)

static const struct counter counters[] = {
    {"prosa_redis_up", "1 while Redis can be used.", COUNTER_GAUGE, AT(is_up)},
    {"prosa_redis_losses_total", "Connections to Redis that were lost.", COUNTER_SUM, AT(losses)},
    {"prosa_peers_published_total", "Broadcasts and answers published for other servers.",
     COUNTER_SUM, AT(published)},
    {"prosa_peers_dropped_total", "The same, dropped because Redis was away or too slow.",
     COUNTER_SUM, AT(dropped)},
    {"prosa_peers_received_total", "Broadcasts of other servers.", COUNTER_SUM, AT(received)},
    {"prosa_peers_requests_total", "Requests of other servers.", COUNTER_SUM, AT(requests)},
    {"prosa_peers_refused_total", "What others published and was not obeyed.", COUNTER_SUM, AT(bad),
     .label = "cause", .value = "bad_message"},
    {"prosa_peers_refused_total", NULL, COUNTER_SUM, AT(refused), .label = "cause",
     .value = "feedback_room"},
};

const struct counter_table peers_counters = {counters, ARRAY_LEN(counters)};
