#include "net/outbox.h"

#include "base/blob.h"
#include "base/mem.h"
#include "net/stream.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

enum {
    PIECES_MAX = 64, /* blobs in one system call */
    KEPT = 8,        /* places that an empty queue keeps */
};

void outbox_add(struct outbox *box, struct blob *blob) {
    if (blob->len == 0)
        return;
    if (box->head + box->count == box->cap) {
        if (box->head > 0) {
            memmove(box->blobs, box->blobs + box->head, box->count * sizeof *box->blobs);
            box->head = 0;
        }
        if (box->count == box->cap) {
            box->cap = box->cap ? box->cap * 2 : KEPT;
            box->blobs = mem_resize(box->blobs, box->cap * sizeof *box->blobs);
        }
    }
    box->blobs[box->head + box->count++] = blob_ref(blob);
    box->queued_bytes += blob->len;
}

void outbox_add_rest(struct outbox *box, struct blob *blob, size_t written) {
    assert(box->count == 0 && written < blob->len);
    outbox_add(box, blob);
    box->offset = written;
    box->queued_bytes -= written;
}

void outbox_add_copy(struct outbox *box, struct slice bytes) {
    if (bytes.len == 0)
        return;
    struct blob *blob = blob_from(bytes);
    outbox_add(box, blob);
    blob_unref(blob);
}

struct blob *outbox_at(const struct outbox *box, size_t index) {
    assert(index < box->count);
    return box->blobs[box->head + index];
}

static int gather(const struct outbox *box, struct iovec pieces[PIECES_MAX], size_t *total) {
    int count = 0;
    size_t offset = box->offset;
    *total = 0;
    for (size_t i = 0; i < box->count && count < PIECES_MAX; i++) {
        struct blob *blob = outbox_at(box, i);
        pieces[count].iov_base = blob->data + offset;
        pieces[count].iov_len = blob->len - offset;
        *total += pieces[count++].iov_len;
        offset = 0;
    }
    return count;
}

static void drop_written(struct outbox *box, size_t written) {
    box->queued_bytes -= written;
    while (written > 0) {
        struct blob *first = outbox_at(box, 0);
        size_t rest = first->len - box->offset;
        if (written < rest) {
            box->offset += written;
            return;
        }
        written -= rest;
        box->offset = 0;
        box->head++;
        box->count--;
        blob_unref(first);
    }
}

static void on_empty(struct outbox *box) {
    box->head = 0;
    if (box->cap <= KEPT)
        return;
    mem_free(box->blobs);
    box->blobs = NULL;
    box->cap = 0;
}

int outbox_flush(struct outbox *box, struct stream *stream) {
    while (box->count > 0) {
        struct iovec pieces[PIECES_MAX];
        size_t total;
        int count = gather(box, pieces, &total);
        ssize_t written = count == 1 ? stream_write(stream, pieces[0].iov_base, pieces[0].iov_len)
                                     : stream_writev(stream, pieces, count);
        if (written < 0)
            return (int)-written;
        drop_written(box, (size_t)written);
        if ((size_t)written < total && !stream_is_tls(stream))
            return EAGAIN; /* the socket is full */
    }
    on_empty(box);
    return 0;
}

void outbox_clear(struct outbox *box) {
    for (size_t i = 0; i < box->count; i++)
        blob_unref(outbox_at(box, i));
    mem_free(box->blobs);
    *box = (struct outbox){0};
}
