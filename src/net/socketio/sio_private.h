/* Private to the sio_ files: clients, sockets, rooms, broadcasts on their way, what is kept for recovery. */
#ifndef NET_SIO_PRIVATE_H
#define NET_SIO_PRIVATE_H

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "net/loop.h"
#include "net/socketio/sio_server.h"
#include "wire/web/sio.h"

enum { PENDING_FACTOR = 4 }; /* all attachments of an event together: so many payloads */

struct sio_server {
    struct loop *loop;
    struct eio_server *eio;
    struct sio_settings settings;
    struct sio_stats stats;
    struct sio_namespace *namespaces[SIO_NAMESPACES_MAX];
    unsigned namespace_count;
    bool is_closing;

    struct list pendings; /* binary packets that are not whole yet, oldest first */
    size_t pending_bytes;

    /* sio_broadcast.c */
    struct list jobs;       /* broadcasts not handed out yet, oldest first */
    uint64_t job_number;    /* of the newest */
    unsigned budget;        /* sockets that may still be served in this turn */
    struct deferred refill; /* gives the next turn its budget */
    struct timer next_turn;

    /* sio_recovery.c */
    struct list history; /* events that may have to be repeated, oldest first */
    size_t history_bytes;
    uint64_t seq;       /* of the newest event */
    uint64_t forgotten; /* of the newest event that has left the history */
    struct list kept;   /* sessions that may come back, oldest first */
    struct timer sweep;
};

struct sio_room {
    struct sio_namespace *ns;
    struct slice name; /* owned */
    struct sio_member {
        struct sio_socket *socket;
        unsigned slot; /* of this room among the socket's */
    } * members;
    unsigned count, cap;
    unsigned pins; /* broadcasts that still point here */
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
    struct sio_pending *pending; /* a binary packet whose attachments are on their way */
    struct timer limit;          /* to join a namespace */
    uint64_t pinged_seq;         /* newest event when the last ping went out */
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
    uint64_t last_job;           /* newest broadcast that has been dealt with */
    struct sio_namespace *ns;
    struct sio_client *client;
    struct sio_membership *rooms;
    unsigned room_count, room_cap;
    struct sio_socket *next;
    void *data;
    char id[SIO_ID_LEN + 1];
    char pid[SIO_ID_LEN + 1]; /* empty without recovery */
    unsigned everyone_index;
    struct sio_call *calls;
    uint64_t call_id;
};

/* A broadcast whose sockets have not all been served. */
struct sio_job {
    struct list node;
    uint64_t number;
    struct sio_namespace *ns;
    struct blob **frames; /* frames_each per text */
    unsigned frame_count, frames_each;
    sio_pick_fn *pick;
    void *pick_arg;
    struct sio_room **rooms; /* then the excepted ones; NULL rooms: everyone */
    unsigned room_count, except_count;
    unsigned room_at, member_at; /* members still to serve: [0, member_at) of rooms[room_at] */
    bool is_started;
    bool is_volatile;
};

/* sio_server.c */
struct sio_namespace *sio_namespace_find(struct sio_server *, struct slice name);

/* sio_socket.c */
struct sio_socket *sio_socket_new(struct sio_client *, struct sio_namespace *);
/* Takes the socket out of everything and reports it; may_return keeps what recovery needs. */
void sio_socket_gone(struct sio_socket *, bool may_return);
/* Writes the reply to CONNECT and calls on_connect, or on_return. */
void sio_socket_welcome(struct sio_socket *, struct slice auth, bool is_back);
void sio_socket_event(struct sio_socket *, const struct sio_packet *,
                      const struct slice *attachments);
void sio_socket_answer(struct sio_socket *, const struct sio_packet *,
                       const struct slice *attachments);
void sio_send_text(struct sio_socket *, const struct buf *packet);

/* Encodes an event, offset included when recovery is on and seq is not 0: frames[0] the text, then the attachments. */
unsigned sio_encode(struct sio_namespace *, const uint64_t *id, const char *event,
                    struct slice args, const struct slice *attachments, unsigned count,
                    uint64_t seq, struct blob *frames[1 + SIO_ATTACHMENTS_MAX]);

/* sio_rooms.c */
void sio_room_enter(struct sio_socket *, struct sio_room *, uint64_t seq);
void sio_room_leave(struct sio_socket *, unsigned slot);
struct sio_room *sio_room_get(struct sio_namespace *, struct slice name); /* made if need be */
struct sio_room *sio_room_find(struct sio_namespace *, struct slice name);
void sio_room_release(struct sio_room *); /* freed when empty and unpinned */
void sio_everyone_enter(struct sio_socket *);
void sio_everyone_leave(struct sio_socket *);
bool sio_room_has(const struct sio_room *, const struct sio_socket *);

/* sio_broadcast.c */
/* Hands the socket what is still on its way to it; to be called before it is sent anything else, joins or leaves. */
void sio_settle(struct sio_socket *);
void sio_jobs_free(struct sio_server *);

/* sio_recovery.c */
uint64_t sio_history_next(
    struct sio_server *); /* the number of an event about to be sent; 0: recovery is off */
/* Keeps an event. target NULL: for this id alone. */
void sio_history_add(struct sio_namespace *, uint64_t seq, struct slice id,
                     const struct sio_target *, struct blob *const *frames, unsigned frame_count,
                     unsigned frames_each, sio_pick_fn *, void *pick_arg);
void sio_keep(struct sio_socket *);
/* Tries to give the new socket back what auth's pid names. */
bool sio_recover(struct sio_socket *, struct slice auth);
void sio_write_offset(struct buf *, uint64_t seq);
void sio_recovery_free(struct sio_server *);

#endif
