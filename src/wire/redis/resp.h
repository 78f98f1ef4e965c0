/* RESP2, the protocol of Redis: commands written, replies read.
 *
 *     *2\r\n$4\r\nPING\r\n$2\r\nhi\r\n        $2\r\nhi\r\n
 *
 * A reply is first found whole, then walked: a value, or the head of an array behind which its
 * values follow. */
#ifndef WIRE_RESP_H
#define WIRE_RESP_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { RESP_DEPTH_MAX = 8, RESP_LINE_MAX = 64 * 1024 };

void resp_write(struct buf *out, const struct slice *parts, unsigned count);

enum resp_state { RESP_MORE, RESP_WHOLE, RESP_BAD };

/* Where the reply at the front ends: *used is set when it is whole. Of what arrives in pieces only
 * heads are looked at again. RESP_BAD: no RESP2, nested deeper than RESP_DEPTH_MAX, a line longer than
 * RESP_LINE_MAX, or more than max_bytes. */
enum resp_state resp_find(struct slice bytes, size_t max_bytes, size_t *used);

enum resp_kind {
    RESP_STATUS, /* "OK" */
    RESP_ERROR,  /* "ERR unknown command" */
    RESP_INT,
    RESP_TEXT, /* any bytes */
    RESP_NIL,
    RESP_ARRAY, /* `number` values follow */
};

struct resp_value {
    enum resp_kind kind;
    struct slice text; /* of a status, an error or a text */
    int64_t number;
};

/* Takes the next value, or head, off the front of a whole reply; false at its end. */
bool resp_next(struct slice *rest, struct resp_value *out);

/* The same, a value with all that is in it. */
bool resp_skip(struct slice *rest);

#endif
