#include "outside/redis/redis.h"

#include "base/backoff.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/ring.h"
#include "net/loop.h"
#include "outside/redis/redis_link.h"
#include "outside/redis/redis_private.h"
#include "wire/redis/resp.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { RETRY_MS = 50, RETRY_MAX_MS = 2000, BEAT_MS = 1000, PING_MS = 2000, PENDING_MAX = 65536 };

/* A command whose reply is awaited. */
struct redis_pending {
    redis_reply_fn *fn; /* may be NULL */
    void *arg;
};

struct redis {
    struct redis_settings settings;
    struct redis_seek *seek;
    struct redis_link *link;
    struct ring pending; /* struct redis_pending */
    struct timer retry, beat;
    unsigned failures; /* in a row */
    int64_t heard_ms, pinged_ms;
    bool is_up;
    uint64_t losses;
    char trouble[160];
};

static void redis_connect(void *arg);

static void answer_as_lost(struct redis *redis) {
    struct redis_pending pending;
    while (ring_pop(&redis->pending, &pending)) {
        if (pending.fn)
            pending.fn(SLICE_NONE, pending.arg);
    }
}

/* Lets go of what there is, and comes back later. */
static void lose(struct redis *redis, const char *why) {
    bool was_up = redis->is_up, is_first = redis->failures == 0;
    redis_link_close(redis->link);
    redis->link = NULL;
    redis->is_up = false;
    redis->losses += was_up;
    timer_stop(&redis->beat);
    snprintf(redis->trouble, sizeof redis->trouble, "%s", why);
    timer_start(redis->settings.loop, &redis->retry,
                backoff_ms(++redis->failures, RETRY_MS, RETRY_MAX_MS, rand_u64()), 0, redis_connect,
                redis);
    answer_as_lost(redis);
    if (!was_up && !is_first)
        return;
    log_warn("redis", was_up ? "the connection is lost" : "cannot be reached",
             log_text("connection", redis->settings.name), log_text("why", redis->trouble));
    if (redis->settings.on_down)
        redis->settings.on_down(redis->trouble, redis->settings.arg);
}

/* ---- Calling ---- */

static void send_call(struct redis *redis, const struct slice *parts, unsigned count,
                      redis_reply_fn *fn, void *arg) {
    ring_push(&redis->pending, &(struct redis_pending){fn, arg});
    redis_link_send(redis->link, parts, count);
}

int redis_call(struct redis *redis, const struct slice *parts, unsigned count, redis_reply_fn *fn,
               void *arg) {
    if (!redis->is_up)
        return ENOTCONN;
    if (redis_link_unsent_bytes(redis->link) > REDIS_UNSENT_BYTES ||
        redis->pending.len == PENDING_MAX)
        return ENOBUFS;
    send_call(redis, parts, count, fn, arg);
    return 0;
}

void redis_subscribe(struct redis *redis, const struct slice *names, unsigned count,
                     bool are_patterns) {
    struct slice parts[16];
    assert(count < ARRAY_LEN(parts));
    if (!redis->is_up)
        return;
    parts[0] = are_patterns ? SLICE("PSUBSCRIBE") : SLICE("SUBSCRIBE");
    for (unsigned i = 0; i < count; i++)
        parts[i + 1] = names[i];
    redis_link_send(redis->link, parts, count + 1);
}

/* ---- Logging in ---- */

static void come_up(struct redis *redis) {
    if (redis->failures > 0)
        log_info("redis", "connected", log_text("connection", redis->settings.name));
    redis->is_up = true;
    redis->failures = 0;
    redis->trouble[0] = 0;
    if (redis->settings.on_up)
        redis->settings.on_up(redis->settings.arg);
}

/* An error is why the connection is given up. True when there was none. */
static bool check_reply(struct redis *redis, struct slice reply) {
    struct resp_value value;
    char why[160];
    if (!redis->link || !resp_next(&reply, &value))
        return false;
    if (value.kind != RESP_ERROR)
        return true;
    snprintf(why, sizeof why, "%.*s", (int)(value.text.len < 140 ? value.text.len : 140),
             value.text.ptr);
    lose(redis, why);
    return false;
}

static void redis_on_login(struct slice reply, void *arg) {
    check_reply(arg, reply);
}

/* What Sentinels named is asked whether it knows that it is the master: they may be behind. */
static void redis_on_role(struct slice reply, void *arg) {
    struct redis *redis = arg;
    struct resp_value list, role;
    struct slice rest = reply;
    if (!check_reply(redis, reply))
        return;
    if (!resp_next(&rest, &list) || list.kind != RESP_ARRAY || !resp_next(&rest, &role) ||
        !slice_is_equal(role.text, SLICE("master")))
        lose(redis, "the Sentinels named a server that is no master");
}

/* Channels of a Redis Cluster reach all of its nodes, but each counts its own subscribers alone. Any
 * other Redis answers with an error. */
static void redis_on_cluster(struct slice reply, void *arg) {
    struct redis *redis = arg;
    struct resp_value value;
    if (redis->link && resp_next(&reply, &value) && value.kind == RESP_TEXT)
        lose(redis, "it is a Redis Cluster: name a single Redis, or Sentinels");
}

static void redis_on_welcome(struct slice reply, void *arg) {
    if (check_reply(arg, reply))
        come_up(arg);
}

static void redis_on_open(void *arg) {
    struct redis *redis = arg;
    const struct redis_place *place = redis->settings.place;
    char db[12];
    const struct slice user = slice_from(place->user), password = slice_from(place->password);
    if (user.len > 0)
        send_call(redis, (const struct slice[]){SLICE("AUTH"), user, password}, 3, redis_on_login,
                  redis);
    else if (password.len > 0)
        send_call(redis, (const struct slice[]){SLICE("AUTH"), password}, 2, redis_on_login, redis);
    snprintf(db, sizeof db, "%u", place->db);
    if (place->db > 0)
        send_call(redis, (const struct slice[]){SLICE("SELECT"), slice_from(db)}, 2, redis_on_login,
                  redis);
    if (place->sentinel_count > 0)
        send_call(redis, (const struct slice[]){SLICE("ROLE")}, 1, redis_on_role, redis);
    send_call(redis, (const struct slice[]){SLICE("CLUSTER"), SLICE("INFO")}, 2, redis_on_cluster,
              redis);
    send_call(
        redis,
        (const struct slice[]){SLICE("CLIENT"), SLICE("SETNAME"), slice_from(redis->settings.name)},
        3, redis_on_welcome, redis);
}

/* ---- Replies ---- */

/* What comes to a subscriber: [kind, channel, payload], or [pmessage, pattern, channel, payload]. */
static void take_push(struct redis *redis, struct slice reply) {
    struct resp_value list, kind, channel, payload;
    if (!check_reply(redis, reply)) /* a subscription that was refused */
        return;
    if (!resp_next(&reply, &list) || list.kind != RESP_ARRAY || !resp_next(&reply, &kind))
        return;
    if (slice_is_equal(kind.text, SLICE("pmessage"))) {
        if (!resp_skip(&reply))
            return;
    } else if (!slice_is_equal(kind.text, SLICE("message"))) {
        return;
    }
    if (!resp_next(&reply, &channel) || !resp_next(&reply, &payload) || payload.kind != RESP_TEXT)
        return;
    redis->settings.on_message(channel.text, payload.text, redis->settings.arg);
}

static void redis_on_reply(struct slice reply, void *arg) {
    struct redis *redis = arg;
    struct redis_pending pending;
    redis->heard_ms = loop_now_ms(redis->settings.loop);
    if (redis->settings.on_message && redis->is_up)
        take_push(redis, reply);
    else if (!ring_pop(&redis->pending, &pending))
        lose(redis, "an answer to nothing");
    else if (pending.fn)
        pending.fn(reply, pending.arg);
}

static void redis_on_close(const char *why, void *arg) {
    struct redis *redis = arg;
    redis->link = NULL;
    lose(redis, why);
}

/* ---- Coming back ---- */

static void redis_on_beat(void *arg) {
    struct redis *redis = arg;
    const struct slice ping = SLICE("PING");
    int64_t now_ms = loop_now_ms(redis->settings.loop);
    if (now_ms - redis->heard_ms > REDIS_SILENCE_MS) {
        lose(redis, "no answer for 5 s");
        return;
    }
    if (!redis->is_up || now_ms - redis->heard_ms < PING_MS || now_ms - redis->pinged_ms < PING_MS)
        return;
    redis->pinged_ms = now_ms;
    if (redis->settings.on_message)
        redis_link_send(redis->link, &ping, 1);
    else
        redis_call(redis, &ping, 1, NULL, NULL);
}

static void open_link(struct redis *redis, const struct redis_endpoint *server) {
    static const struct redis_link_handlers handlers = {redis_on_open, redis_on_reply,
                                                        redis_on_close};
    const struct redis_settings *settings = &redis->settings;
    const struct redis_address address = {server->host, server->port,
                                          settings->place->is_secure ? settings->tls : NULL};
    redis->heard_ms = loop_now_ms(settings->loop);
    timer_start(settings->loop, &redis->beat, BEAT_MS, BEAT_MS, redis_on_beat, redis);
    int err = redis_link_open(&redis->link, settings->loop, &address, &handlers, redis);
    if (err)
        lose(redis, strerror(err));
}

static void redis_on_found(const struct redis_endpoint *master, void *arg) {
    struct redis *redis = arg;
    redis->seek = NULL;
    if (master)
        open_link(redis, master);
    else
        lose(redis, "no Sentinel knows a master of this name");
}

static void redis_connect(void *arg) {
    struct redis *redis = arg;
    const struct redis_settings *settings = &redis->settings;
    if (settings->place->sentinel_count == 0)
        open_link(redis, &settings->place->server);
    else
        redis->seek = redis_seek_start(settings->loop, settings->place,
                                       settings->place->is_secure ? settings->tls : NULL,
                                       redis_on_found, redis);
}

/* ---- The connection ---- */

struct redis *redis_open(const struct redis_settings *settings) {
    struct redis *redis = mem_alloc(sizeof *redis);
    redis->settings = *settings;
    ring_init(&redis->pending, sizeof(struct redis_pending), PENDING_MAX);
    snprintf(redis->trouble, sizeof redis->trouble, "not connected yet");
    redis_connect(redis);
    return redis;
}

void redis_close(struct redis *redis) {
    if (!redis)
        return;
    redis->is_up = false;
    timer_stop(&redis->retry);
    timer_stop(&redis->beat);
    redis_seek_cancel(redis->seek);
    redis_link_close(redis->link);
    redis->link = NULL;
    answer_as_lost(redis);
    ring_free(&redis->pending);
    mem_free(redis);
}

bool redis_is_up(const struct redis *redis) {
    return redis->is_up;
}

uint64_t redis_losses(const struct redis *redis) {
    return redis->losses;
}

const char *redis_trouble(const struct redis *redis) {
    return redis->trouble;
}
