/* Socket.IO 5 packets, the data of Engine.IO messages.
 *
 *     packet = type [ count "-" ] [ nsp "," ] [ id ] [ json ] */
#ifndef WIRE_SIO_H
#define WIRE_SIO_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { SIO_ATTACHMENTS_MAX = 10 };

enum sio_type {
    SIO_CONNECT,
    SIO_DISCONNECT,
    SIO_EVENT,
    SIO_ACK,
    SIO_CONNECT_ERROR,
    SIO_BINARY_EVENT,
    SIO_BINARY_ACK,
};

struct sio_packet {
    enum sio_type type;
    unsigned attachments; /* binary messages that must follow, 1..10 for the binary types */
    bool has_id;
    uint64_t id;       /* ack id, at most 2^53 - 1 */
    struct slice nsp;  /* "/" when the packet names none */
    struct slice json; /* CONNECT: the auth object, empty when absent */
    struct slice name; /* EVENT: the name's token, a string with its quotes or a number; empty for
                          the nameless event "2", which is to be ignored */
    struct slice args; /* EVENT, ACK: the arguments "a,b,c" without brackets */
    unsigned argc;
    bool is_too_deep; /* nested deeper than JSON_DEPTH_MAX: of an EVENT only the name is known */
};

/* Parses a packet as a client may send it; all slices borrow from the text. False: the client broke
 * the protocol, and its session must end. */
bool sio_parse(struct slice text, struct sio_packet *out);

/* Appends type, attachment count, namespace and id; the JSON is the caller's to add. */
void sio_write_head(struct buf *out, enum sio_type type, unsigned attachments, struct slice nsp,
                    const uint64_t *id);

/* Appends a whole event. id: the ack the sender awaits, or NULL. args is "a,b,c" without brackets,
 * may be empty; with attachments, placeholders in it number them. */
void sio_write_event(struct buf *out, struct slice nsp, const uint64_t *id, struct slice name,
                     struct slice args, unsigned attachments);

/* Appends a whole ack. */
void sio_write_ack(struct buf *out, struct slice nsp, uint64_t id, struct slice args,
                   unsigned attachments);

#endif
