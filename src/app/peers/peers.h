/*
 * Other servers of Socket.IO on the same Redis: Node servers with the official adapter, the official
 * emitter, other nodes of Prosa. What is sent to all here reaches their clients, what they send
 * reaches ours, and what they ask about our clients is answered (docs/socketio.md).
 *
 * Delivery is lossy by design, as theirs is: while Redis is away, clients here hear everything from
 * here, and what would have gone out is dropped and counted. Control thread only.
 */
#ifndef APP_PEERS_H
#define APP_PEERS_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct counter_table;
struct loop;
struct peers;
struct redis_place;
struct sio_namespace;
struct sio_target;
struct tls;

struct peers_settings {
    struct loop *loop;
    const struct redis_place *place; /* outlives the peers */
    const struct tls *tls;           /* for a secure one */
    const char *key;                 /* what their channels begin with */
    size_t max_bytes;                /* of a message from elsewhere */
};

struct peers *peers_open(const struct peers_settings *settings);
void peers_close(struct peers *peers); /* after the namespace has ended; NULL is fine */

/* From now on, this namespace is served. may_enter: whether others may let its clients join a
 * room. */
void peers_serve(struct peers *peers, struct sio_namespace *ns, struct slice name,
                 bool (*may_enter)(struct slice room));

/* What has been sent here goes to the clients of others, too. peers NULL: there are no others. */
void peers_emit(struct peers *peers, const struct sio_target *target, const char *event,
                struct slice args, const struct slice *attachments, unsigned count);

/* Why the others cannot be reached; "" when they can. */
const char *peers_trouble(const struct peers *peers);

struct peers_stats {
    uint64_t published, dropped; /* broadcasts and answers of ours */
    uint64_t received, requests; /* of others */
    uint64_t bad;                /* what is no message, or larger than allowed */
    uint64_t refused;            /* rooms that others may not let clients join */
    uint64_t is_up, losses;      /* of both connections to Redis */
};

/* How the metrics show it. */
extern const struct counter_table peers_counters;
const struct peers_stats *peers_stats(struct peers *peers);

#endif
