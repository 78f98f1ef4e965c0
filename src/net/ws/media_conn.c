#include "net/ws/media_conn.h"

#include "base/buf.h"
#include "base/mem.h"
#include "net/loop.h"
#include "net/stream.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { OUT_BYTES = 1024 };

struct media_conn {
    struct stream *stream; /* NULL once closed */
    const struct media_handlers *handlers;
    void *arg;
    struct media_stats *stats;
    struct ws_parser parser;
    int64_t heard_ms;   /* when the last byte came */
    int64_t pinged_ms;  /* the last ping since then, or 0 */
    int64_t closing_ms; /* when our close frame was queued; 0 = open */
    struct buf text;    /* of a text message in pieces, at most MEDIA_TEXT_MAX bytes */
    const char *why;    /* the protocol error that ended it, static, or NULL */
    size_t budget_bytes;
    uint16_t out_n;
    uint16_t close_code;  /* for on_closed after our own close */
    bool is_text_dropped; /* the text message in pieces is too long */
    bool in_drain, is_freed;
    bool has_more; /* the last drain stopped at its budget */
    uint8_t owed_n; /* of the pong to the last ping, which did not fit into `out`; 0: none */
    uint8_t owed[WS_HEAD_MAX + WS_CONTROL_MAX];
    uint8_t out[OUT_BYTES];
};

/* ---- output ---- */

static bool put(struct media_conn *conn, const void *bytes, size_t n) {
    if (n > sizeof conn->out - conn->out_n)
        return false;
    memcpy(conn->out + conn->out_n, bytes, n);
    conn->out_n = (uint16_t)(conn->out_n + n);
    return true;
}

/* 0, EAGAIN, or why the stream is broken. */
static int flush(struct media_conn *conn) {
    while (conn->out_n > 0) {
        ssize_t put = stream_write(conn->stream, conn->out, conn->out_n);
        if (put < 0)
            return (int)-put;
        conn->out_n = (uint16_t)(conn->out_n - put);
        memmove(conn->out, conn->out + put, conn->out_n);
    }
    return 0;
}

static void answer_ping(struct media_conn *conn, struct slice payload) {
    uint8_t frame[WS_HEAD_MAX + WS_CONTROL_MAX];
    size_t n = ws_write_control(frame, WS_PONG, payload, NULL);
    if (conn->owed_n == 0 && put(conn, frame, n))
        return;
    conn->stats->pongs_dropped += conn->owed_n > 0;
    memcpy(conn->owed, frame, n);
    conn->owed_n = (uint8_t)n;
}

/* Of many pings only the last has to be answered (RFC 6455, 5.5.3). */
static int flush_all(struct media_conn *conn) {
    int err = flush(conn);
    if (err || conn->owed_n == 0)
        return err;
    put(conn, conn->owed, conn->owed_n);
    conn->owed_n = 0;
    return flush(conn);
}

/* ---- the end ---- */

static void finish(struct media_conn *conn, uint16_t code, struct slice reason) {
    stream_close(conn->stream);
    conn->stream = NULL;
    buf_free(&conn->text);
    conn->stats->closed++;
    conn->handlers->on_closed(code, reason, conn->arg);
}

static void send_close(struct media_conn *conn, uint16_t code, struct slice reason,
                       int64_t now_ms) {
    uint8_t frame[WS_HEAD_MAX + WS_CONTROL_MAX];
    size_t n = ws_write_close(frame, code, reason, NULL);
    if (!put(conn, frame, n))
        conn->out_n = 0; /* the peer does not read: MEDIA_CLOSE_MS will end it */
    conn->closing_ms = now_ms;
    conn->close_code = code;
}

void media_conn_close(struct media_conn *conn, uint16_t code, const char *reason, int64_t now_ms) {
    if (!conn->stream || conn->closing_ms)
        return;
    send_close(conn, code, slice_from(reason), now_ms);
}

/* The peer's close frame is answered with the same code, and the connection ends. LiveKit Egress
 * does not wait for the answer, so whether it can be written does not matter. */
static void media_on_peer_close(struct media_conn *conn, const struct ws_event *event,
                                int64_t now_ms) {
    if (!conn->closing_ms)
        send_close(conn, event->code, SLICE_NONE, now_ms);
    if (flush(conn) == 0)
        stream_shutdown(conn->stream);
    finish(conn, event->code, event->payload);
}

static void media_on_broken(struct media_conn *conn) {
    if (conn->closing_ms) {
        finish(conn, conn->close_code, slice_from(conn->why));
        return;
    }
    conn->stats->reset++;
    finish(conn, WS_CLOSE_ABNORMAL, SLICE_NONE);
}

static void media_on_bad(struct media_conn *conn, const struct ws_event *event, int64_t now_ms) {
    if (event->code == WS_CLOSE_TOO_BIG)
        conn->stats->too_big++;
    else if (event->code == WS_CLOSE_BAD_DATA)
        conn->stats->bad_data++;
    else
        conn->stats->bad_protocol++;
    /* Further input is read and ignored for a moment: a socket closed with unread bytes resets the
     * connection, and the peer would never see the code. */
    if (!conn->closing_ms)
        send_close(conn, event->code, slice_from(event->why), now_ms);
    conn->why = event->why;
}

/* ---- input ---- */

/* Text is rare and short ({"muted":true}): whole messages are delivered as they are, pieces are
 * collected. */
static void media_on_text_piece(struct media_conn *conn, const struct ws_event *event) {
    if (event->first && event->last && event->payload.len <= MEDIA_TEXT_MAX) {
        conn->handlers->on_text(event->payload, conn->arg);
        return;
    }
    if (event->first)
        conn->is_text_dropped = false;
    if (event->payload.len > MEDIA_TEXT_MAX - conn->text.len)
        conn->is_text_dropped = true;
    if (!conn->is_text_dropped)
        buf_add_slice(&conn->text, event->payload);
    if (!event->last)
        return;
    struct buf text = conn->text;
    conn->text = (struct buf){0};
    if (conn->is_text_dropped)
        conn->stats->texts_dropped++;
    else
        conn->handlers->on_text(buf_slice(&text), conn->arg);
    buf_free(&text);
}

static void media_on_event(struct media_conn *conn, const struct ws_event *event, int64_t now_ms) {
    switch (event->type) {
    case WS_EVENT_DATA:
        conn->stats->messages += event->last;
        if (event->opcode == WS_BINARY)
            conn->handlers->on_binary((const uint8_t *)event->payload.ptr, event->payload.len,
                                      event->last, conn->arg);
        else
            media_on_text_piece(conn, event);
        break;
    case WS_EVENT_PING:
        answer_ping(conn, event->payload);
        break;
    case WS_EVENT_CLOSE:
        media_on_peer_close(conn, event, now_ms);
        break;
    case WS_EVENT_BAD:
        media_on_bad(conn, event, now_ms);
        break;
    case WS_EVENT_PONG:
    case WS_EVENT_NONE:
        break;
    }
}

static void parse(struct media_conn *conn, uint8_t *bytes, size_t n, int64_t now_ms) {
    struct ws_event event;
    for (size_t at = 0; at < n && conn->stream;) {
        at += ws_parse(&conn->parser, bytes + at, n - at, &event);
        media_on_event(conn, &event, now_ms);
    }
}

/* Reads while the buffer comes back full. A TLS stream gives a record at a time, so it is read
 * until it has none. */
static size_t read_all(struct media_conn *conn, uint8_t *buffer, int64_t now_ms) {
    size_t total = 0;
    bool goes_on = true;
    conn->has_more = false;
    while (goes_on && conn->stream) {
        if (total >= conn->budget_bytes) {
            conn->stats->budget_hits++;
            conn->has_more = true;
            break;
        }
        goes_on = stream_is_tls(conn->stream) || stream_has_pending(conn->stream);
        size_t left = conn->budget_bytes - total;
        size_t most = left < LOOP_SCRATCH_BYTES ? left : LOOP_SCRATCH_BYTES;
        ssize_t got = stream_read(conn->stream, buffer, most);
        conn->stats->reads++;
        if (got == -EAGAIN)
            break;
        if (got <= 0) {
            media_on_broken(conn);
            break;
        }
        goes_on = goes_on || (size_t)got == most;
        total += (size_t)got;
        parse(conn, buffer, (size_t)got, now_ms);
    }
    conn->stats->received_bytes += total;
    return total;
}

static void keep_alive(struct media_conn *conn, int64_t now_ms) {
    int64_t silent_ms = now_ms - conn->heard_ms;
    if (conn->closing_ms) {
        if (now_ms - conn->closing_ms >= MEDIA_CLOSE_MS)
            finish(conn, conn->close_code, slice_from(conn->why));
    } else if (silent_ms >= MEDIA_SILENCE_MS) {
        conn->stats->silent++;
        finish(conn, WS_CLOSE_ABNORMAL, SLICE("silent for too long"));
    } else if (silent_ms >= MEDIA_PING_MS && now_ms - conn->pinged_ms >= MEDIA_PING_MS) {
        uint8_t frame[WS_HEAD_MAX];
        conn->pinged_ms = now_ms;
        put(conn, frame, ws_write_head(frame, WS_PING, true, 0, NULL));
    }
}

/* ---- public functions ---- */

struct media_conn *media_conn_new(struct stream *stream, const char accept[WS_ACCEPT_SIZE],
                                  uint64_t max_message_bytes, const struct media_handlers *handlers,
                                  void *arg, struct media_stats *stats, int64_t now_ms) {
    assert(stream);
    struct media_conn *conn = mem_alloc(sizeof *conn);
    conn->stream = stream;
    conn->handlers = handlers;
    conn->arg = arg;
    conn->stats = stats;
    conn->heard_ms = now_ms;
    conn->budget_bytes = MEDIA_BUDGET_BYTES;
    ws_parser_init(&conn->parser, WS_SERVER, max_message_bytes);
    conn->out_n = (uint16_t)snprintf((char *)conn->out, sizeof conn->out,
                                     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                                     "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                                     accept);
    stats->opened++;
    return conn;
}

size_t media_conn_drain(struct media_conn *conn, uint8_t *buffer, int64_t now_ms) {
    if (!conn->stream)
        return 0;
    conn->in_drain = true;
    int err = conn->out_n > 0 ? flush_all(conn) : 0;
    /* A stream that cannot be written may still hold audio, and the close frame behind it. */
    size_t got = read_all(conn, buffer, now_ms);
    if (got > 0) {
        conn->heard_ms = now_ms;
        conn->pinged_ms = now_ms;
    }
    if (conn->stream && err && err != EAGAIN && !conn->has_more)
        media_on_broken(conn);
    if (conn->stream)
        keep_alive(conn, now_ms);
    if (conn->stream && conn->out_n > 0)
        flush_all(conn); /* the next read reports an error of this */
    conn->in_drain = false;
    if (conn->is_freed)
        mem_free(conn);
    return got;
}

void media_conn_set_budget(struct media_conn *conn, size_t bytes) {
    assert(bytes > 0);
    conn->budget_bytes = bytes;
}

bool media_conn_has_more(const struct media_conn *conn) {
    return conn->has_more;
}

void media_conn_free(struct media_conn *conn) {
    if (!conn)
        return;
    stream_close(conn->stream);
    conn->stream = NULL;
    buf_free(&conn->text);
    conn->is_freed = true;
    if (!conn->in_drain)
        mem_free(conn);
}
