#include "base/blob.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/ws/ws_conn_private.h"

#include <assert.h>
#include <errno.h>

struct blob *ws_frame2(enum ws_opcode opcode, struct slice head, struct slice tail) {
    uint8_t frame_head[WS_HEAD_MAX];
    size_t n = ws_write_head(frame_head, opcode, true, head.len + tail.len, NULL);
    struct blob *blob = blob_new(n + head.len + tail.len);
    blob_append(blob, frame_head, n);
    blob_append(blob, head.ptr, head.len);
    blob_append(blob, tail.ptr, tail.len);
    return blob;
}

struct blob *ws_frame(enum ws_opcode opcode, struct slice payload) {
    return ws_frame2(opcode, payload, SLICE_NONE);
}

static struct blob *masked_frame(enum ws_opcode opcode, struct slice payload) {
    uint8_t head[WS_HEAD_MAX], mask[4];
    rand_bytes(mask, sizeof mask);
    size_t n = ws_write_head(head, opcode, true, payload.len, mask);
    struct blob *blob = blob_new(n + payload.len);
    blob_append(blob, head, n);
    blob_append(blob, payload.ptr, payload.len);
    ws_mask(blob->data + n, payload.len, mask, 0);
    return blob;
}

/* A peer that does not read is dropped before its queue grows too large. */
static bool check_queue(struct ws_conn *conn) {
    if (conn->out.queued_bytes <= conn->settings.max_queue_bytes)
        return true;
    if (conn->settings.stats)
        conn->settings.stats->queue_full++;
    ws_conn_end(conn, WS_CLOSE_ABNORMAL, "the peer does not read");
    return false;
}

static void count_out(struct ws_conn *conn, size_t bytes) {
    if (!conn->settings.stats)
        return;
    conn->settings.stats->messages_out++;
    conn->settings.stats->bytes_out += bytes;
}

void ws_conn_send_frame(struct ws_conn *conn, struct blob *frame) {
    assert(conn->role == WS_SERVER);
    if (conn->state != WS_OPEN)
        return;
    count_out(conn, frame->len);
    outbox_add(&conn->out, frame);
    if (check_queue(conn) && !conn->is_full)
        ws_conn_schedule(conn);
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
    count_out(conn, frame->len);
    if (put == (ssize_t)frame->len)
        return;
    outbox_add_rest(&conn->out, frame, put > 0 ? (size_t)put : 0);
    if (check_queue(conn))
        ws_conn_schedule(conn);
}

void ws_conn_prefetch(const struct ws_conn *conn) {
    __builtin_prefetch(&conn->settings.stats);
    __builtin_prefetch(&conn->out.queued_bytes);
}

void ws_conn_prefetch_stream(const struct ws_conn *conn) {
    __builtin_prefetch(conn->stream);
}

void ws_conn_send(struct ws_conn *conn, enum ws_opcode opcode, struct slice payload) {
    if (conn->state != WS_OPEN)
        return;
    struct blob *frame =
        conn->role == WS_SERVER ? ws_frame(opcode, payload) : masked_frame(opcode, payload);
    count_out(conn, frame->len);
    outbox_add(&conn->out, frame);
    blob_unref(frame);
    if (check_queue(conn) && !conn->is_full)
        ws_conn_schedule(conn);
}

static void queue_control(struct ws_conn *conn, const uint8_t *frame, size_t n) {
    outbox_add_copy(&conn->out, slice_of(frame, n));
    if (check_queue(conn))
        ws_conn_schedule(conn);
}

static const uint8_t *new_mask(const struct ws_conn *conn, uint8_t mask[4]) {
    if (conn->role == WS_SERVER)
        return NULL;
    rand_bytes(mask, 4);
    return mask;
}

void ws_conn_queue_control(struct ws_conn *conn, enum ws_opcode opcode, struct slice payload) {
    uint8_t frame[WS_HEAD_MAX + WS_CONTROL_MAX], mask[4];
    queue_control(conn, frame, ws_write_control(frame, opcode, payload, new_mask(conn, mask)));
}

void ws_conn_queue_close(struct ws_conn *conn, uint16_t code, struct slice reason) {
    uint8_t frame[WS_HEAD_MAX + WS_CONTROL_MAX], mask[4];
    queue_control(conn, frame, ws_write_close(frame, code, reason, new_mask(conn, mask)));
}
