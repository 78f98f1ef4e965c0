#include "base/blob.h"
#include "base/rand.h"
#include "net/ws/ws_conn_private.h"

#include <assert.h>
#include <errno.h>

/* The payload in two parts; mask NULL = unmasked. */
static struct blob *make_frame(enum ws_opcode opcode, struct slice first, struct slice second,
                               const uint8_t *mask) {
    uint8_t head[WS_HEAD_MAX];
    size_t payload_bytes = first.len + second.len;
    size_t n = ws_write_head(head, opcode, true, payload_bytes, mask);
    struct blob *blob = blob_new(n + payload_bytes);
    blob_append(blob, head, n);
    blob_append(blob, first.ptr, first.len);
    blob_append(blob, second.ptr, second.len);
    if (mask)
        ws_mask(blob->data + n, payload_bytes, mask, 0);
    return blob;
}

struct blob *ws_frame2(enum ws_opcode opcode, struct slice head, struct slice tail) {
    return make_frame(opcode, head, tail, NULL);
}

struct blob *ws_frame(enum ws_opcode opcode, struct slice payload) {
    return make_frame(opcode, payload, SLICE_NONE, NULL);
}

/* NULL in server role, whose frames are not masked. */
static const uint8_t *new_mask(const struct ws_conn *conn, uint8_t mask[4]) {
    if (conn->role == WS_SERVER)
        return NULL;
    rand_bytes(mask, 4);
    return mask;
}

/* After something was queued: it is written at the end of the turn, or when a full socket can take
 * more. A peer that does not read is dropped before its queue grows too large. */
static void on_queued(struct ws_conn *conn) {
    ws_conn_weigh(conn);
    if (conn->state == WS_DEAD)
        return;
    if (conn->out.queued_bytes > conn->settings.max_queue_bytes)
        ws_conn_end(conn, WS_CLOSE_ABNORMAL, "the peer does not read");
    else if (!conn->is_full)
        ws_conn_schedule(conn);
}

void ws_conn_send_frame(struct ws_conn *conn, struct blob *frame) {
    assert(conn->role == WS_SERVER);
    if (conn->state != WS_OPEN)
        return;
    outbox_add(&conn->out, frame);
    on_queued(conn);
}

void ws_conn_send_frame_now(struct ws_conn *conn, struct blob *frame) {
    assert(conn->role == WS_SERVER);
    if (conn->out.count > 0 || conn->state != WS_OPEN) {
        ws_conn_send_frame(conn, frame);
        return;
    }
    ssize_t put = stream_write(conn->stream, frame->data, frame->len);
    if (put < 0 && put != -EAGAIN) {
        ws_conn_break(conn, (int)-put);
        return;
    }
    if (put == (ssize_t)frame->len)
        return;
    outbox_add_rest(&conn->out, frame, put > 0 ? (size_t)put : 0);
    on_queued(conn);
}

void ws_conn_prefetch(const struct ws_conn *conn) {
    __builtin_prefetch(&conn->stream);
    __builtin_prefetch(&conn->out.queued_bytes);
}

void ws_conn_prefetch_stream(const struct ws_conn *conn) {
    __builtin_prefetch(conn->stream);
}

void ws_conn_send(struct ws_conn *conn, enum ws_opcode opcode, struct slice payload) {
    if (conn->state != WS_OPEN)
        return;
    uint8_t mask[4];
    struct blob *frame = make_frame(opcode, payload, SLICE_NONE, new_mask(conn, mask));
    outbox_add(&conn->out, frame);
    blob_unref(frame);
    on_queued(conn);
}

static void queue_control(struct ws_conn *conn, const uint8_t *frame, size_t n) {
    outbox_add_copy(&conn->out, slice_of(frame, n));
    on_queued(conn);
}

void ws_conn_queue_control(struct ws_conn *conn, enum ws_opcode opcode, struct slice payload) {
    uint8_t frame[WS_HEAD_MAX + WS_CONTROL_MAX], mask[4];
    queue_control(conn, frame, ws_write_control(frame, opcode, payload, new_mask(conn, mask)));
}

void ws_conn_queue_close(struct ws_conn *conn, uint16_t code, struct slice reason) {
    uint8_t frame[WS_HEAD_MAX + WS_CONTROL_MAX], mask[4];
    queue_control(conn, frame, ws_write_close(frame, code, reason, new_mask(conn, mask)));
}
