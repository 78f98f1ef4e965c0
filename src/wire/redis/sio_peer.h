/* What servers of Socket.IO publish to each other through Redis, in the format of
 * @socket.io/redis-adapter 8 and @socket.io/redis-emitter 5 (not its sharded one, nor streams).
 *
 * A broadcast is MessagePack, [uid, packet, opts], on the channel of its namespace, or of its one
 * room. A request is JSON, or MessagePack when it carries a packet, and so is its answer. What ends
 * an official server (anything but a whole array of three on a broadcast's channel) is never
 * written, and read as no message. */
#ifndef WIRE_SIO_PEER_H
#define WIRE_SIO_PEER_H

#include "base/buf.h"
#include "base/slice.h"
#include "wire/redis/msgpack.h"

#include <stdbool.h>
#include <stdint.h>

enum { SIO_PEER_NAMES_MAX = 1024 };

/* Names of rooms, each terminated besides its length. */
struct sio_peer_names {
    struct slice *names; /* owned, as each text is */
    unsigned count, cap;
};

enum sio_peer_type { /* as numbered on the wire */
                     SIO_PEER_SOCKETS,
                     SIO_PEER_ALL_ROOMS,
                     SIO_PEER_JOIN,
                     SIO_PEER_LEAVE,
                     SIO_PEER_DISCONNECT,
                     SIO_PEER_FETCH,
                     SIO_PEER_EMIT,      /* to the servers themselves */
                     SIO_PEER_BROADCAST, /* with acks; also what a plain broadcast is read as */
                     SIO_PEER_COUNT,     /* answer to it: how many clients were asked */
                     SIO_PEER_ACK,       /* and what one of them said */
};

/* A broadcast or a request. Zeroed before it is read; the texts are the message's own. */
struct sio_peer_message {
    enum sio_peer_type type;
    char *uid;        /* of the sender; "" when it says none */
    char *request_id; /* NULL: no answer is awaited */
    char *nsp;        /* the packet's; "/" when it says none */
    char *event;
    struct buf args;                     /* JSON text "a,b,c" */
    struct msgpack_binaries binaries;    /* borrowed from what was read */
    struct sio_peer_names rooms, except; /* whom it is about */
    struct sio_peer_names moves;         /* rooms to join or to leave */
    bool is_volatile, closes;
    int64_t timeout_ms; /* for acks; 0 = not said */
};

/* False: nothing that a server may say; the message is empty then. */
bool sio_peer_read_broadcast(struct slice payload, struct sio_peer_message *out);
bool sio_peer_read_request(struct slice payload, struct sio_peer_message *out);
void sio_peer_free(struct sio_peer_message *message);
/* Whether a broadcast says that this uid sent it; reads no further. */
bool sio_peer_is_from(struct slice payload, struct slice uid);

/* An event to be published. */
struct sio_peer_event {
    struct slice uid, nsp, event;
    struct slice args; /* JSON text "a,b,c" */
    const struct slice *binaries;
    unsigned binary_count;
    const struct slice *rooms, *except;
    unsigned room_count, except_count;
    bool is_volatile;
};

/* A whole broadcast, and the channel for it. */
void sio_peer_write_broadcast(struct buf *out, const struct sio_peer_event *event);
void sio_peer_write_channel(struct buf *out, struct slice prefix,
                            const struct sio_peer_event *event);

/* The room of a broadcast's channel, empty for that of the namespace. False: neither. */
bool sio_peer_read_channel(struct slice channel, struct slice prefix, struct slice nsp,
                           struct slice *room);

/* ---- Answers: begun, then closed by the caller where they are lists ---- */

/* {"requestId":ID, - the caller adds members and closes. */
void sio_peer_open_answer(struct buf *out, const char *request_id);
/* {"type":8,..}: how many clients were asked. */
void sio_peer_write_count(struct buf *out, const char *request_id, unsigned clients);
/* What a client said: the first of its arguments, JSON text. MessagePack. */
void sio_peer_write_ack(struct buf *out, const char *request_id, struct slice args,
                        const struct slice *binaries, unsigned count);

#endif
