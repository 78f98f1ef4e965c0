/* A connection to a Redis that comes back by itself: found (by Sentinels, or at its address), logged
 * in, watched, and after a loss tried again, 50 ms later at first and 2 s at last.
 *
 * One is for commands, which are pipelined and answered in order; or for subscriptions, when it has
 * on_message: then on_up subscribes. Nothing is kept for a Redis that is away: a caller hears at once
 * that it is, and decides itself what that means. */
#ifndef OUTSIDE_REDIS_H
#define OUTSIDE_REDIS_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct redis;
struct tls;

enum {
    REDIS_SILENCE_MS = 5000,              /* without an answer it counts as dead */
    REDIS_UNSENT_BYTES = 4 * 1024 * 1024, /* more is not queued */
    REDIS_SENTINELS_MAX = 8,
};

struct redis_endpoint {
    char host[256];
    uint16_t port;
};

/* Where a Redis is. */
struct redis_place {
    struct redis_endpoint server; /* with Sentinels: unused */
    struct redis_endpoint sentinels[REDIS_SENTINELS_MAX];
    unsigned sentinel_count;
    char sentinel_name[64];        /* of the master they watch */
    char user[128], password[256]; /* empty: none */
    unsigned db;
    bool is_secure;
};

/* Reads redis[s]://[user[:password]@]host[:port][/db], and Sentinels as host[:port],host.. with the
 * name of their master (both NULL or empty: none). 0, or EINVAL with a sentence. */
int redis_place_parse(struct redis_place *out, const char *url, const char *sentinels,
                      const char *sentinel_name, char *why, size_t why_size);

struct redis_settings {
    struct loop *loop;
    const struct redis_place *place; /* outlives the connection */
    const struct tls *tls;           /* for a secure one */
    const char *name;                /* how Redis lists this client */
    void (*on_up)(void *arg);
    void (*on_down)(const char *why, void *arg); /* once for each loss, or first failure */
    /* Of a subscription: the channel, whatever it was subscribed to as. */
    void (*on_message)(struct slice channel, struct slice payload, void *arg);
    void *arg;
};

/* Called once. reply is whole (wire/redis/resp.h), empty when the connection was lost first. */
typedef void redis_reply_fn(struct slice reply, void *arg);

struct redis *redis_open(const struct redis_settings *settings);
void redis_close(struct redis *redis); /* pending calls are answered as lost; NULL is fine */

bool redis_is_up(const struct redis *redis);
uint64_t redis_losses(const struct redis *redis); /* connections that were up, and lost */
/* Why it is away, "" when it is not. */
const char *redis_trouble(const struct redis *redis);

/* 0: fn (may be NULL) will be called. ENOTCONN, or ENOBUFS: it will not. */
int redis_call(struct redis *redis, const struct slice *parts, unsigned count, redis_reply_fn *fn,
               void *arg);
/* SUBSCRIBE, or PSUBSCRIBE for patterns. From on_up, or later. */
void redis_subscribe(struct redis *redis, const struct slice *names, unsigned count,
                     bool are_patterns);

#endif
