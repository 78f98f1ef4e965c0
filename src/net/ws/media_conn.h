/* A WebSocket that carries isochronous media into us. It is in no poll set: its shard drains it on
 * a tick, into one buffer that all its connections share, so an idle one costs one recv a tick and
 * no memory but this struct.
 *
 *     recv -> shared buffer -> ws_parse unmasks in place -> on_binary, as the pieces lie there
 *
 * Nothing is allocated for a frame. The handshake's answer, pongs, pings and the close frame go
 * through a 1 KiB output buffer; a peer that lets it fill up loses pongs, not audio. */
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
    MEDIA_BUFFER_BYTES = 128 * 1024, /* the shard's one receive buffer */
    MEDIA_BUDGET_BYTES = 256 * 1024, /* most that one connection may read in one tick */
    MEDIA_TEXT_MAX = 4096,           /* longer text messages are passed over */
    MEDIA_PING_MS = 20 * 1000,       /* without a byte: we ping */
    MEDIA_SILENCE_MS = 60 * 1000,    /* without a byte: we close */
    MEDIA_CLOSE_MS = 2 * 1000,       /* wait for the answer to our close */
};

struct media_handlers {
    /* Bytes of a binary message in order, `last` with the piece that ends it (maybe empty). */
    void (*on_binary)(const uint8_t *bytes, size_t n, bool last, void *arg);
    void (*on_text)(struct slice message, void *arg);
    /* The last callback; the stream is closed. 1005: the peer closed without a code, 1006: it just
     * went. Both are how LiveKit Egress ends. The connection may be freed here. */
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

/* Takes the stream with its unread bytes and puts the 101 answer into the output buffer; accept is
 * http_websocket_accept's value. handlers and stats must outlive the connection. */
struct media_conn *media_conn_new(struct stream *stream, const char accept[WS_ACCEPT_SIZE],
                                  uint64_t max_message_bytes, const struct media_handlers *handlers,
                                  void *arg, struct media_stats *stats, int64_t now_ms);

/* Reads and delivers what has arrived, up to the budget, and writes what waits. buffer has
 * MEDIA_BUFFER_BYTES. Returns the bytes read. After on_closed it does nothing. */
size_t media_conn_drain(struct media_conn *conn, uint8_t *buffer, int64_t now_ms);

/* Asks for the end: a close frame goes out, and on_closed comes from a later drain, at latest after
 * MEDIA_CLOSE_MS. Until then audio that still arrives is delivered. A second call does nothing. */
void media_conn_close(struct media_conn *conn, uint16_t code, const char *reason, int64_t now_ms);

/* Without a word when still open, and without on_closed; NULL is fine. */
void media_conn_free(struct media_conn *conn);

#endif
