/* A Socket.IO 5 server: namespaces, events, acks, binary attachments, rooms, recovery. Its
 * transports are net/socketio/eio_server.h. All of it belongs to one loop.
 *
 *     static void on_hello(struct sio_socket *socket, const struct sio_event *event, void *arg) {
 *         sio_emit(socket, "hello-back", event->args);
 *     }
 *     sio_on(sio_namespace_add(server, "/", &handlers, arg), "hello", on_hello);
 *
 * Arguments are JSON text: "a,b,c", the inside of an array. What a client sent is valid JSON.
 *
 * A broadcast is encoded once and sent to at most SIO_SLICE sockets a turn of the loop. Its
 * recipients, and its place among everything else that is sent, are those of the moment it was
 * made: a socket that is sent anything, joins or leaves first receives the broadcasts that are
 * still due to it. */
#ifndef NET_SIO_SERVER_H
#define NET_SIO_SERVER_H

#include "base/slice.h"
#include "net/socketio/eio_server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct counter_table;
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

struct sio_settings { /* zero = the default in brackets */
    struct eio_settings eio;
    unsigned connect_timeout_ms; /* [45000] */
    unsigned recovery_ms;  /* [0: off] how long a lost client can come back to what it missed */
    bool recovers_all;     /* every client's events end with an offset, not only those of clients
                              that asked for it (auth: {recovery: true}) or have come back */
    size_t recovery_bytes; /* [64 MiB] of events kept for that */
    unsigned max_rooms;    /* [256] a socket */
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

typedef void sio_event_fn(struct sio_socket *socket, const struct sio_event *event, void *arg);

struct sio_handlers { /* each may be NULL */
    /* The reply to CONNECT is queued. auth: the client's object, empty when it sent none. */
    void (*on_connect)(struct sio_socket *socket, struct slice auth, void *arg);
    /* Last callback of a socket; it is still in its rooms. may_return: its session is kept for
     * recovery. */
    void (*on_disconnect)(struct sio_socket *socket, bool may_return, void *arg);
    /* An event of this name (a token) is nested deeper than JSON_DEPTH_MAX. NULL: its client is
     * sent away. */
    void (*on_too_deep)(struct sio_socket *socket, struct slice name, void *arg);
    /* Recovery. A socket that may return leaves its data behind, which comes back by on_return or
     * is freed by on_forget. may_rejoin is called for each room before anything is replayed;
     * on_return then takes the place of on_connect. */
    bool (*may_rejoin)(void *data, struct slice room, void *arg);
    void (*on_return)(struct sio_socket *socket, struct slice auth, void *arg);
    void (*on_forget)(void *data, void *arg);
};

struct sio_stats {
    uint64_t recovered, recovery_missed;
    uint64_t events_in, events_out, deliveries;
    uint64_t bad_packets, volatile_dropped, rooms_refused;
    uint64_t sockets, rooms, kept; /* now */
};

/* How the metrics show it. */
extern const struct counter_table sio_counters;

struct sio_server *sio_server_new(struct loop *loop, const struct sio_settings *settings);
struct eio_server *sio_server_eio(struct sio_server *server); /* for HTTP requests and its stats */
const struct sio_stats *sio_server_stats(const struct sio_server *server);
void sio_server_close(struct sio_server *server); /* NULL is fine */

/* Namespaces and events are declared before the first client comes. */
struct sio_namespace *sio_namespace_add(struct sio_server *server, const char *name,
                                        const struct sio_handlers *handlers, void *arg);
void sio_on(struct sio_namespace *ns, const char *event, sio_event_fn *fn);

/* The client has shown a right: see eio_vouch. */
void sio_vouch(struct sio_socket *socket, enum budget_rank rank);

struct slice sio_id(const struct sio_socket *socket);
void sio_set_data(struct sio_socket *socket, void *data);
void *sio_data(const struct sio_socket *socket);

/* Number of the newest event that can be recovered. */
uint64_t sio_seq(const struct sio_server *server);
/* In on_return: number of the newest event that the socket had received. */
uint64_t sio_returned_seq(const struct sio_socket *socket);

bool sio_is_polling(const struct sio_socket *socket);
size_t sio_queued_bytes(const struct sio_socket *socket); /* what the client has not taken yet */

void sio_emit(struct sio_socket *socket, const char *event, struct slice args);
void sio_emit_binary(struct sio_socket *socket, const char *event, struct slice args,
                     const struct slice *attachments, unsigned count);
/* Answers an event; does nothing when the client asked for no ack. */
void sio_ack(struct sio_socket *socket, const struct sio_event *event, struct slice args);
void sio_ack_binary(struct sio_socket *socket, const struct sio_event *event, struct slice args,
                    const struct slice *attachments, unsigned count);

/* 0, EEXIST (already in), EINVAL (no good name), EPERM (another socket's id), EMFILE (too many
 * rooms). */
int sio_join(struct sio_socket *socket, struct slice room);
int sio_leave(struct sio_socket *socket, struct slice room); /* 0, or ENOENT */
bool sio_is_in(const struct sio_socket *socket, struct slice room);
/* Walks the rooms of a socket: the name of its room `index`; false beyond the last. */
bool sio_room_at(const struct sio_socket *socket, unsigned index, struct slice *room);
size_t sio_room_size(struct sio_namespace *ns, struct slice room);

/* The sockets in any of the rooms (no room: in the namespace), without those in one of `except`. A
 * socket's id is a room. */
struct sio_target {
    const struct slice *rooms;
    unsigned room_count;
    const struct slice *except;
    unsigned except_count;
    bool is_volatile; /* dropped where it could not be written at once; never recovered */
};
void sio_broadcast(struct sio_namespace *ns, const struct sio_target *target, const char *event,
                   struct slice args);

void sio_broadcast_binary(struct sio_namespace *ns, const struct sio_target *target,
                          const char *event, struct slice args, const struct slice *attachments,
                          unsigned count);

/* Several texts of one event, as for several languages: pick(socket, arg) gives the index of a
 * socket's text, or a number beyond the count for none. */
typedef unsigned sio_pick_fn(const struct sio_socket *socket, void *arg);
void sio_broadcast_each(struct sio_namespace *ns, const struct sio_target *target,
                        const char *event, const struct slice *args, unsigned count,
                        sio_pick_fn *pick, void *arg);

/* Visits each socket of a target once. The visit may let it join, leave or go. */
typedef void sio_visit_fn(struct sio_socket *socket, void *arg);
void sio_each(struct sio_namespace *ns, const struct sio_target *target, sio_visit_fn *fn,
              void *arg);
/* Each room with somebody in it; a socket's id counts as one. */
void sio_each_room(struct sio_namespace *ns, void (*fn)(struct slice name, void *arg), void *arg);
/* Sends a client out of its namespace; closes: and ends its transport. The socket is gone. */
void sio_disconnect(struct sio_socket *socket, bool closes);

/* What a client answered. */
typedef void sio_answer_fn(struct slice args, const struct slice *attachments, unsigned count,
                           void *arg);
struct sio_ask_settings {
    int64_t timeout_ms;
    sio_answer_fn *fn;
    void (*on_end)(void *arg); /* the last call: all have answered, or the time is over */
};
/* A broadcast that each client is to acknowledge; it is not recovered. Returns how many were asked;
 * when it is nobody, nothing is called. */
unsigned sio_ask(struct sio_namespace *ns, const struct sio_target *target, const char *event,
                 struct slice args, const struct slice *attachments, unsigned count,
                 const struct sio_ask_settings *settings, void *arg);

#endif
