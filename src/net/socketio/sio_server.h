/* A Socket.IO 5 server: namespaces, events, acks, binary attachments, rooms, recovery. The
 * transports below are net/socketio/eio_server.h. All of it belongs to one loop.
 *
 *     static void on_hello(void *arg, struct sio_socket *socket, const struct sio_event *event) {
 *         sio_emit(socket, "hello-back", event->args);
 *     }
 *     sio_on(sio_namespace_add(server, "/", &handlers, arg), "hello", on_hello);
 *
 * Arguments travel as JSON text: "a,b,c", the inside of an array. What a client sent is valid JSON.
 *
 * A broadcast is encoded once and handed out at most SIO_SLICE sockets a turn of the loop. Who gets
 * it, and in which order with everything else, is settled when it is made: a socket that is sent
 * anything, joins or leaves first receives what is still on its way to it. */
#ifndef NET_SIO_SERVER_H
#define NET_SIO_SERVER_H

#include "base/slice.h"
#include "net/socketio/eio_server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct counter_table;
struct http_request;
struct loop;
struct sio_namespace;
struct sio_server;
struct sio_socket; /* one client in one namespace */

enum {
    SIO_SLICE = 256,
    SIO_ID_LEN = 20,
    SIO_ROOM_NAME_MAX = 512,
    SIO_EVENT_NAME_MAX = 256,
    SIO_NAMESPACES_MAX = 16
};

struct sio_config { /* zero = the default in brackets */
    struct eio_config eio;
    unsigned connect_timeout_ms; /* [45000] */
    unsigned recovery_ms;  /* [0: off] how long a lost client can come back to what it missed */
    size_t recovery_bytes; /* [64 MiB] of events kept for that */
    unsigned max_rooms;    /* [256] a socket */
    size_t pending_bytes;  /* [64 MiB] of binary packets that are not whole yet, everybody's */
};

struct sio_event {
    struct slice name; /* token as sent: quotes and escapes included, or a number */
    struct slice args; /* "a,b,c" */
    unsigned argc;
    const struct slice *attachments; /* placeholders in args number them */
    unsigned attachment_count;
    bool wants_ack;
    uint64_t ack_id; /* for sio_ack, also later */
};

typedef void sio_event_fn(void *arg, struct sio_socket *, const struct sio_event *);
/* err 0, ETIMEDOUT or ECONNRESET (the socket went; it is still there during the call). */
typedef void sio_ack_fn(void *arg, struct sio_socket *, int err, const struct sio_event *answer);

struct sio_handlers { /* each may be NULL */
    /* auth: the client's object, empty when it sent none. Returns NULL, or the text of the refusal.
     */
    const char *(*on_admit)(void *arg, struct slice auth);
    void (*on_connect)(void *arg, struct sio_socket *,
                       struct slice auth); /* the reply is on its way */
    /* Last callback of a socket, its rooms still joined. may_return: its session is kept for
     * recovery. */
    void (*on_disconnect)(void *arg, struct sio_socket *, bool may_return);
    /* Recovery. keep: the socket that goes hands over its data (to come back by on_return, or be
     * freed by on_forget); may_rejoin: asked for each room before anything is replayed; then
     * on_return instead of on_connect. */
    bool (*may_rejoin)(void *arg, void *data, struct slice room);
    void (*on_return)(void *arg, struct sio_socket *, struct slice auth);
    void (*on_forget)(void *arg, void *data);
};

struct sio_stats {
    uint64_t connected, refused, recovered, recovery_missed;
    uint64_t events_in, events_out, acks_in, broadcasts, deliveries;
    uint64_t bad_packets, incomplete_dropped, connect_timeouts, volatile_dropped, rooms_refused;
    uint64_t sockets, rooms, kept; /* now */
};

/* How the metrics show it. */
extern const struct counter_table sio_counters;

/* Number of the newest event that can be recovered, and of the newest one that a returned socket had (in on_return). */
uint64_t sio_seq(const struct sio_server *);
uint64_t sio_returned_seq(const struct sio_socket *);

int sio_server_open(struct sio_server **, struct loop *, const struct sio_config *);
struct eio_server *sio_server_eio(struct sio_server *); /* for the HTTP doors and its stats */
const struct sio_stats *sio_server_stats(const struct sio_server *);
void sio_server_close(struct sio_server *); /* NULL is fine */

/* Namespaces and events are declared before the first client comes. */
struct sio_namespace *sio_namespace_add(struct sio_server *, const char *name,
                                        const struct sio_handlers *, void *arg);
void sio_on(struct sio_namespace *, const char *event, sio_event_fn *);

struct slice sio_id(const struct sio_socket *);
void sio_set_data(struct sio_socket *, void *data);
void *sio_data(const struct sio_socket *);
struct sio_socket *sio_find(struct sio_namespace *, struct slice id); /* NULL when gone */

bool sio_is_polling(const struct sio_socket *);
size_t sio_queued_bytes(const struct sio_socket *); /* what waits for the client to take it */

void sio_emit(struct sio_socket *, const char *event, struct slice args);
void sio_emit_binary(struct sio_socket *, const char *event, struct slice args,
                     const struct slice *attachments, unsigned count);
/* Asks for an ack; fn is called exactly once. timeout_ms 0: waits as long as the socket lives. */
void sio_call(struct sio_socket *, const char *event, struct slice args, unsigned timeout_ms,
              sio_ack_fn *fn, void *arg);
/* Answers an event; nothing happens when the client asked for no ack. */
void sio_ack(struct sio_socket *, const struct sio_event *, struct slice args);
void sio_ack_binary(struct sio_socket *, const struct sio_event *, struct slice args,
                    const struct slice *attachments, unsigned count);
/* The client is told to go and will not come back by itself; with `close` the whole session ends.
 */
void sio_disconnect(struct sio_socket *, bool close);

/* 0, EEXIST (already in), EINVAL (no good name), EPERM (another socket's id), EMFILE (too many
 * rooms). */
int sio_join(struct sio_socket *, struct slice room);
int sio_leave(struct sio_socket *, struct slice room); /* 0, or ENOENT */
bool sio_is_in(const struct sio_socket *, struct slice room);
/* Walks the rooms of a socket: the room after the i-th; false at the end. */
bool sio_room_at(const struct sio_socket *, unsigned index, struct slice *room);
size_t sio_room_size(struct sio_namespace *, struct slice room);

/* Everybody in one of the rooms (no room: the whole namespace) but those in one of `except`. A
 * socket's id is a room. */
struct sio_target {
    const struct slice *rooms;
    unsigned room_count;
    const struct slice *except;
    unsigned except_count;
    bool is_volatile; /* dropped where it could not leave at once; never recovered */
};
void sio_broadcast(struct sio_namespace *, const struct sio_target *, const char *event,
                   struct slice args);
void sio_broadcast_binary(struct sio_namespace *, const struct sio_target *, const char *event,
                          struct slice args, const struct slice *attachments, unsigned count);

/* Several texts of one event, for those who want different ones (languages): pick(arg, socket)
 * gives the index of a socket's text, or a number beyond the count for none. */
typedef unsigned sio_pick_fn(void *arg, const struct sio_socket *);
void sio_broadcast_each(struct sio_namespace *, const struct sio_target *, const char *event,
                        const struct slice *args, unsigned count, sio_pick_fn *pick, void *arg);

#endif
