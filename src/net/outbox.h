/* A queue of immutable blobs that are to be sent in order. It costs nothing while empty, and is
 * written to a stream with as few system calls as possible. */
#ifndef NET_OUTBOX_H
#define NET_OUTBOX_H

#include "base/slice.h"

#include <stddef.h>

struct blob;
struct stream;

struct outbox { /* private; zeroed = empty */
    size_t count;
    size_t queued_bytes; /* not yet written */
    struct blob **blobs;
    size_t head, cap;
    size_t offset; /* of the first blob, already written */
};

void outbox_add(struct outbox *box, struct blob *blob); /* takes a reference of its own */
void outbox_add_copy(struct outbox *box, struct slice bytes);

/* Into an empty box: a blob of which `written` bytes have been written already. */
void outbox_add_rest(struct outbox *box, struct blob *blob, size_t written);

/* Writes as much as the stream takes. 0: the box is empty; EAGAIN: call again after
 * stream_write_wants; else the error that broke the stream. */
int outbox_flush(struct outbox *box, struct stream *stream);
void outbox_clear(struct outbox *box);

/* The blob that is sent after `index` others; it stays the box's. */
struct blob *outbox_at(const struct outbox *box, size_t index);

#endif
