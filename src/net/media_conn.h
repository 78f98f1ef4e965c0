/* A WebSocket that carries isochronous media into us. It is in no poll set: its shard drains it on
 * a tick, into one buffer that all its connections share, so an idle one costs one recv a tick and
 * no memory but this struct.
 *
 *     recv -> shared buffer -> ws_parse unmasks in place -> on_binary (pieces, as they lie in the
 * buffer)
 *
 * Nothing is allocated per frame. Pong, ping and close go through a 1 KiB output buffer; a peer
 * that lets it overflow loses pongs, not audio. */
#ifndef NET_MEDIA_CONN_H
#define NET_MEDIA_CONN_H

#include "base/slice.h"
#include "wire/ws.h"
#include "wire/ws_handshake.h"

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
    /* Bytes of a binary message in order; `last` with the piece that ends it (which may be empty).
     */
    void (*on_binary)(void *arg, const uint8_t *bytes, size_t n, bool last);
    void (*on_text)(void *arg, struct slice message);
    /* The last callback: the stream is closed; free the connection from here or later. 1005: the
     * peer closed without a code, 1006: it just went; both are how LiveKit Egress ends. */
    void (*on_closed)(void *arg, uint16_t code, struct slice reason);
};

struct media_stats { /* one per shard */
    uint64_t opened, closed;
    uint64_t received_bytes, messages, reads;
    uint64_t bad_protocol, bad_data, too_big;
    uint64_t silent, reset;
    uint64_t pongs_dropped, text_ignored;
    uint64_t budget_hits; /* ticks in which a connection had more to read than its budget */
};

/* Takes the stream (with its unread bytes) and queues the 101 answer; accept is
 * http_websocket_accept's value. handlers and stats must outlive the connection. */
struct media_conn *media_conn_new(struct stream *, const char accept[WS_ACCEPT_SIZE],
                                  uint64_t max_message_bytes, const struct media_handlers *,
                                  void *arg, struct media_stats *, int64_t now_ms);

/* Reads and delivers what has arrived, up to the budget, and writes what waits. buffer has
 * MEDIA_BUFFER_BYTES. Returns the bytes read. After on_closed it does nothing. */
size_t media_conn_drain(struct media_conn *, uint8_t *buffer, int64_t now_ms);

/* Asks for the end: a close frame goes out; on_closed comes from a later drain, at latest after
 * MEDIA_CLOSE_MS. Audio that still arrives until then is delivered. */
void media_conn_close(struct media_conn *, uint16_t code, const char *reason, int64_t now_ms);
bool media_conn_is_closed(const struct media_conn *);
void media_conn_free(
    struct media_conn *); /* closes without a word when still open; no callback; NULL is fine */

#endif
