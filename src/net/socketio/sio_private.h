/* Private to the sio_ files: clients, sockets, rooms, pending broadcasts, what is kept for
 * recovery. */
#ifndef NET_SIO_PRIVATE_H
#define NET_SIO_PRIVATE_H

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "net/loop.h"
#include "net/socketio/sio_server.h"
#include "wire/web/sio.h"

enum { SIO_SOURCE_LEVELS = 24 };

struct sio_server {
    struct loop *loop;
    struct eio_server *eio;
    struct sio_settings settings;
    struct sio_stats stats;
    struct sio_namespace *namespaces[SIO_NAMESPACES_MAX];
    unsigned namespace_count;
    bool is_closing;

    struct sio_client *acting; /* whose packet is being handled; NULL: nobody's */

    /* sio_broadcast.c */
    struct list jobs;       /* broadcasts not sent to all yet, oldest first */
    uint64_t job_number;    /* of the newest */
    unsigned budget;        /* sockets that may still be served in this turn */
    struct deferred refill; /* gives the next turn its budget */
    struct timer next_turn;

    /* sio_history.c */
    uint64_t seq;            /* of the newest event */
    struct list history;     /* events that may have to be sent again, oldest first */
    struct list history_own; /* those that no client caused */
    struct list history_sources[SIO_SOURCE_LEVELS];
    size_t history_own_bytes, history_clients_bytes;

    /* sio_ask.c */
    struct map asks; /* number -> struct sio_ask */
    uint64_t next_ask;

    /* sio_recovery.c */
    struct list kept; /* sessions that may come back, oldest first */
    struct timer sweep;
};

/* A client that causes events, and what the history keeps of them. */
struct sio_source {
    struct list node;          /* of a level of history_sources */
    struct sio_client *client; /* NULL once it is gone */
    struct list pasts;         /* oldest first */
    size_t bytes;
    unsigned level;
};

struct sio_past {          /* an event that may have to be sent again */
    struct list node;      /* of history */
    struct list in_source; /* of its source, or of history_own */
    struct sio_source *source;
    uint64_t seq;
    int64_t at_ms;
    size_t bytes;
    struct sio_namespace *ns;
    struct blob **frames; /* without the offset */
    unsigned frame_count, frames_each;
    sio_pick_fn *pick;
    void *pick_arg;
    char id[SIO_ID_LEN + 1]; /* sent to this socket alone, when not empty */
    unsigned room_count, except_count;
    struct slice names[]; /* rooms, then excepted ones; the texts behind them */
};

struct sio_room {
    struct sio_namespace *ns;
    struct slice name; /* owned */
    struct sio_member {
        struct sio_socket *socket;
        unsigned slot; /* of this room among the socket's */
    } * members;
    unsigned count, cap;
    unsigned pins;     /* broadcasts that still point here, and sessions that may come back */
    uint64_t lost_seq; /* newest event for this room that the history has lost */
};

struct sio_namespace {
    struct sio_server *server;
    struct slice name; /* owned */
    struct sio_handlers handlers;
    void *arg;
    struct map events;    /* name -> struct sio_route */
    struct map ids;       /* id -> struct sio_socket */
    struct map rooms;     /* name -> struct sio_room */
    struct map pids;      /* private id -> struct sio_socket, of those connected */
    struct map kept_pids; /* private id -> struct sio_kept */
    struct map kept_ids;  /* id -> struct sio_kept */
    struct sio_room everyone;
};

/* One Engine.IO session. */
struct sio_client {
    struct sio_server *server;
    struct eio_session *session;
    struct sio_socket *sockets;  /* linked by next; usually one */
    struct sio_pending *pending; /* a binary packet whose attachments are still to come */
    struct sio_source *source;   /* what the history keeps of it; may be NULL */
    struct timer limit;          /* to join a namespace */
    uint64_t pinged_seq;         /* newest event when the last ping was sent */
    uint64_t arrived_seq; /* newest event that must have arrived: a pong came back after it */
};

struct sio_membership {
    struct sio_room *room;
    unsigned index; /* in room->members */
    uint64_t seq;   /* newest event when it was joined */
};

struct sio_socket {
    /* What a broadcast looks at comes first: in a big room each line of cache counts. */
    struct eio_session *session; /* the client's */
    uint64_t last_job;           /* newest broadcast that this socket is done with */
    uint64_t sent_seq;           /* newest event that it was sent */
    bool has_offsets;            /* its events end with their number */
    struct sio_namespace *ns;
    struct sio_client *client;
    struct sio_membership *rooms;
    unsigned room_count, room_cap;
    struct sio_socket *next;
    void *data;
    char id[SIO_ID_LEN + 1];
    char pid[SIO_ID_LEN + 1]; /* empty without recovery */
    unsigned everyone_index;
    uint64_t lost_seq; /* newest event for it alone that the history has lost */
};

/* ---- sio_socket.c ---- */

struct sio_socket *sio_socket_new(struct sio_client *client, struct sio_namespace *ns,
                                  bool has_offsets);
/* Takes the socket out of everything and reports it; may_return keeps what recovery needs. */
void sio_socket_gone(struct sio_socket *socket, bool may_return);
/* Writes the reply to CONNECT and calls on_connect, or on_return. */
void sio_socket_welcome(struct sio_socket *socket, struct slice auth, bool is_back);

/* Encodes an event. frames[0] is the text, the attachments follow. Returns the number of frames. */
unsigned sio_encode(struct sio_namespace *ns, const char *event, struct slice args,
                    const struct slice *attachments, unsigned count,
                    struct blob *frames[1 + SIO_ATTACHMENTS_MAX]);
/* The text and the attachments as frames; returns their number. */
unsigned sio_make_frames(const struct buf *text, const struct slice *attachments, unsigned count,
                         struct blob *frames[1 + SIO_ATTACHMENTS_MAX]);
/* The same text with the event's number as its last argument, which a client names as its offset
 * when it comes back. The caller owns the reference. */
struct blob *sio_number_frame(const struct blob *frame, uint64_t seq);

/* ---- sio_rooms.c ---- */

void sio_room_enter(struct sio_socket *socket, struct sio_room *room, uint64_t seq);
void sio_room_leave(struct sio_socket *socket, unsigned slot);
struct sio_room *sio_room_get(struct sio_namespace *ns, struct slice name); /* made if need be */
struct sio_room *sio_room_find(struct sio_namespace *ns, struct slice name);
void sio_room_unpin(struct sio_room *room); /* freed when empty and unpinned */
void sio_everyone_enter(struct sio_socket *socket);
void sio_everyone_leave(struct sio_socket *socket);
bool sio_room_has(const struct sio_room *room, const struct sio_socket *socket);

/* ---- sio_broadcast.c ---- */

/* Sends the socket the broadcasts that are still due to it. Called before it is sent anything else,
 * joins or leaves. */
void sio_settle(struct sio_socket *socket);
void sio_jobs_free(struct sio_server *server);

/* ---- sio_history.c ---- */

/* The frames of an event: `each` of them a text. */
struct sio_frames {
    struct blob *const *blobs;
    unsigned count, each;
    sio_pick_fn *pick; /* NULL: there is one text */
    void *pick_arg;
};

/* The number of an event that is about to be sent; 0 when recovery is off. */
uint64_t sio_history_next(struct sio_server *server);
/* Keeps an event, for one socket (`target` NULL) or for a target (`socket` NULL). */
void sio_history_add(struct sio_namespace *ns, uint64_t seq, const struct sio_socket *socket,
                     const struct sio_target *target, const struct sio_frames *frames);
void sio_history_prune(struct sio_server *server);
void sio_history_leave(struct sio_client *client); /* it is gone; what it caused stays */
void sio_history_open(struct sio_server *server);
void sio_history_free(struct sio_server *server);

/* ---- sio_recovery.c ---- */

/* Whether a client that connects with this auth can recover. */
bool sio_can_recover(const struct sio_server *server, struct slice auth);
void sio_keep(struct sio_socket *socket);
/* The history has lost an event for the session of this id alone. */
void sio_kept_lost(struct sio_namespace *ns, struct slice id, uint64_t seq);
/* Gives the new socket back the session that auth's pid names, if it can. */
bool sio_recover(struct sio_socket *socket, struct slice auth);
void sio_recovery_free(struct sio_server *server);

/* ---- sio_ask.c ---- */

void sio_take_ack(struct sio_socket *socket, const struct sio_packet *packet,
                  const struct slice *attachments);
void sio_asks_free(struct sio_server *server);

#endif
