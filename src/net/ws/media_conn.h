/* A WebSocket that receives isochronous media. It is in no poll set: its shard drains it on a tick,
 * into the loop's one receive buffer, so an idle connection costs one recv a tick and no memory but
 * this struct.
 *
 *     recv -> receive buffer -> ws_parse unmasks in place -> on_binary, with slices of the buffer
 *
 * No frame causes an allocation. The handshake's answer, pongs, pings and the close frame are
 * queued in a 1 KiB output buffer; a peer that lets it fill up loses all pongs but the last, not
 * audio. */
#ifndef NET_MEDIA_CONN_H
#define NET_MEDIA_CONN_H

#include "base/slice.h"
#include "wire/web/ws.h"
#include "wire/web/ws_handshake.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct media_conn;
struct stream;

enum {
    MEDIA_BUDGET_BYTES =
        256 * 1024,               /* most that one connection may read in one tick, unless told */
    MEDIA_TEXT_MAX = 4096,        /* longer text messages are skipped */
    MEDIA_PING_MS = 20 * 1000,    /* without a byte: a ping is sent */
    MEDIA_SILENCE_MS = 60 * 1000, /* without a byte: the connection is closed */
    MEDIA_CLOSE_MS = 2 * 1000,    /* wait for the answer to our close */
};

struct media_handlers {
    /* Bytes of a binary message in order, `last` with the piece that ends it (maybe empty). */
    void (*on_binary)(const uint8_t *bytes, size_t n, bool last, void *arg);
    void (*on_text)(struct slice message, void *arg);
    /* The last callback; the stream is closed. 1005: the peer closed without a code. 1006: the
     * connection broke off. LiveKit Egress ends in both ways. The connection may be freed here. */
    void (*on_closed)(uint16_t code, struct slice reason, void *arg);
};

struct media_stats { /* of a shard */
    uint64_t opened, closed;
    uint64_t received_bytes, messages, reads;
    uint64_t bad_protocol, bad_data, too_big; /* closed by us with 1002, 1007, 1009 */
    uint64_t silent, reset;                   /* nothing for too long, or the connection broke */
    uint64_t pongs_dropped, texts_dropped;
    uint64_t budget_hits; /* a connection had more to read than its budget */
};

/* Takes the stream with its unread bytes and queues the 101 answer; accept is the value of
 * http_websocket_accept. handlers and stats must outlive the connection. */
struct media_conn *media_conn_new(struct stream *stream, const char accept[WS_ACCEPT_SIZE],
                                  uint64_t max_message_bytes, const struct media_handlers *handlers,
                                  void *arg, struct media_stats *stats, int64_t now_ms);

/* Reads and delivers what has arrived, up to the budget, and writes what waits. `buffer` is
 * loop_scratch(), or as long. Returns the bytes read. After on_closed it does nothing. */
size_t media_conn_drain(struct media_conn *conn, uint8_t *buffer, int64_t now_ms);

/* The most that a drain reads from now on, above 0. */
void media_conn_set_budget(struct media_conn *conn, size_t bytes);

/* Whether the last drain left bytes behind because its budget was used up. */
bool media_conn_has_more(const struct media_conn *conn);

/* Begins to close: a close frame is sent, and on_closed comes from a later drain, at the latest
 * after MEDIA_CLOSE_MS. Audio that arrives until then is delivered. A second call does nothing. */
void media_conn_close(struct media_conn *conn, uint16_t code, const char *reason, int64_t now_ms);

/* Drops the connection if it is still open, without on_closed; NULL is fine. */
void media_conn_free(struct media_conn *conn);

#endif
