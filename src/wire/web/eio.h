/* Engine.IO 4: packets of the websocket transport, payloads of the polling transport.
 *
 *     payload = packet *( 0x1E packet )
 *     packet  = digit [ data ] | "b" base64 */
#ifndef WIRE_EIO_H
#define WIRE_EIO_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>

enum { EIO_SID_LEN = 20, EIO_SEPARATOR = 0x1e };

enum eio_type {
    EIO_OPEN,
    EIO_CLOSE,
    EIO_PING,
    EIO_PONG,
    EIO_MESSAGE,
    EIO_UPGRADE,
    EIO_NOOP,
};

/* The refusals of a request, with their numbers on the wire. */
enum eio_error {
    EIO_ERROR_TRANSPORT,
    EIO_ERROR_SID,
    EIO_ERROR_METHOD,
    EIO_ERROR_REQUEST,
    EIO_ERROR_FORBIDDEN,
    EIO_ERROR_VERSION,
};

struct eio_packet {
    enum eio_type type;
    bool is_base64;    /* a binary message whose data is still base64 */
    struct slice data; /* borrows from the parsed text */
};

/* Parses one text packet. False: empty, or no known first character. */
bool eio_parse(struct slice text, struct eio_packet *out);

enum eio_next { EIO_NEXT_PACKET, EIO_NEXT_END, EIO_NEXT_BAD };

/* Takes the next packet off the front of a polling body; *rest starts as the whole body, which must
 * not be empty. EIO_NEXT_BAD: the packet is empty or unknown. */
enum eio_next eio_next_packet(struct slice *rest, struct eio_packet *out);

struct eio_open {
    struct slice sid;
    bool can_upgrade;
    unsigned ping_interval_ms, ping_timeout_ms, max_payload_bytes;
};

/* Appends the open packet, type digit included. */
void eio_write_open(struct buf *out, const struct eio_open *open);

/* Appends {"code":N,"message":"..."}. */
void eio_write_error(struct buf *out, enum eio_error error);
const char *eio_error_text(enum eio_error error); /* the message alone */

#endif
