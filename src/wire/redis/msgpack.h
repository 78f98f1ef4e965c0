/* MessagePack, as servers of Socket.IO say values to each other: written from JSON text and turned
 * back into it in one pass, without a tree.
 *
 *     [ "ana", { "seq": 1 } ]      92 a3 61 6e 61 81 a3 73 65 71 01
 *
 * Binary values stand in JSON as Socket.IO's placeholders, {"_placeholder":true,"num":0}, and travel
 * beside it. */
#ifndef WIRE_MSGPACK_H
#define WIRE_MSGPACK_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { MSGPACK_DEPTH_MAX = 64, MSGPACK_BINARIES_MAX = 10 };

/* ---- Writing: integers in their smallest form, everything else that is a number as float64 ---- */

void msgpack_add_nil(struct buf *out);
void msgpack_add_bool(struct buf *out, bool value);
void msgpack_add_int(struct buf *out, int64_t number);
void msgpack_add_uint(struct buf *out, uint64_t number);
void msgpack_add_real(struct buf *out, double number);
void msgpack_add_text(struct buf *out, struct slice text); /* invalid UTF-8 becomes U+FFFD */
void msgpack_add_binary(struct buf *out, struct slice bytes);
void msgpack_open_array(struct buf *out, uint32_t count); /* so many values follow */
void msgpack_open_map(struct buf *out, uint32_t count);   /* so many pairs follow */

/* One value of JSON text that json_check() has accepted. A placeholder becomes its binary, or stays
 * a map when there is none of its number. */
void msgpack_add_json(struct buf *out, struct slice json, const struct slice *binaries,
                      unsigned count);

/* ---- Reading ---- */

enum msgpack_kind {
    MSGPACK_NIL,
    MSGPACK_BOOL,
    MSGPACK_INT,  /* below zero */
    MSGPACK_UINT, /* zero and above */
    MSGPACK_REAL,
    MSGPACK_TEXT, /* bytes that need not be UTF-8 */
    MSGPACK_BINARY,
    MSGPACK_ARRAY,
    MSGPACK_MAP,
    MSGPACK_EXTENSION,
};

/* One value; of an array or a map only its head. */
struct msgpack_item {
    enum msgpack_kind kind;
    bool is_true;
    int64_t number;     /* MSGPACK_INT */
    uint64_t count;     /* MSGPACK_UINT; of an array or a map: values, or pairs, that follow */
    double real;        /* MSGPACK_REAL */
    struct slice bytes; /* of a text, a binary or an extension */
    int8_t extension;   /* its type; -1 is a time */
};

/* Takes the next value, or head, off the front. False: cut short, or no MessagePack. */
bool msgpack_next(struct slice *rest, struct msgpack_item *out);

struct msgpack_binaries {
    struct slice parts[MSGPACK_BINARIES_MAX]; /* borrowed from what was read */
    unsigned count;
};

/* Appends a whole value as JSON text and takes it off the front: numbers as JavaScript prints them,
 * what is no number as null, times (extension -1) as ISO text, other keys than texts as texts. False:
 * as above, an extension of another type, or more binaries than there is room for; `out` then has a
 * part of the text. */
bool msgpack_to_json(struct buf *out, struct slice *rest, struct msgpack_binaries *binaries);

#endif
