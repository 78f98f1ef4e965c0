/* A WebSocket on a loop, event-driven: server role after http_accept_websocket, client role towards
 * a URL. An idle one holds no buffer; what is sent is framed once and shared.
 *
 * ws_conn_close is a request; on_close is the last callback, exactly once for each connection that
 * was opened, and never from inside a call of the owner's. After it (or ws_conn_abort) the pointer
 * is dead. */
#ifndef NET_WS_CONN_H
#define NET_WS_CONN_H

#include "base/slice.h"
#include "wire/ws.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct blob;
struct loop;
struct stream;
struct tls;
struct url;
struct worker;
struct ws_conn;

struct ws_handlers {
    void (*on_open)(void *arg); /* client role: the handshake is done */
    /* One of the two. Whole messages (collected only while they are incomplete), or pieces as they
     * arrive. */
    void (*on_message)(void *arg, enum ws_opcode, struct slice message);
    void (*on_data)(void *arg, enum ws_opcode, struct slice piece, bool first, bool last);
    void (*on_drain)(void *arg); /* the queue was not empty, and is now */
    void (*on_close)(void *arg, uint16_t code,
                     struct slice reason); /* 1005, 1006 where nothing was said */
};

struct ws_settings {          /* zero = the default in brackets */
    size_t max_message_bytes; /* [1 MiB]: 1009 above */
    size_t max_queue_bytes; /* [1 MiB]: a peer that leaves this much unread is dropped with 1006 */
    int64_t ping_ms;        /* [0 = never] our ping after so long without a byte from the peer */
    int64_t silence_ms;     /* [0 = never] dropped after so long without a byte */
    int64_t close_ms;       /* [5 s] wait for the answer to our close */
    struct ws_stats *stats; /* counters of the owner's, may be NULL */
};

struct ws_stats {
    uint64_t opened, closed;
    uint64_t messages_in, messages_out, bytes_in, bytes_out;
    uint64_t bad_protocol, bad_data, too_big; /* closed by us with 1002, 1007, 1009 */
    uint64_t queue_full, silent, reset; /* dropped: did not read, did not speak, connection broke */
};

/* Server role; takes the stream. handlers and settings are copied. First callbacks come in a later
 * turn of the loop. */
int ws_conn_open(struct ws_conn **, struct loop *, struct stream *, const struct ws_settings *,
                 const struct ws_handlers *, void *arg);

/* Client role: resolves the name on libuv's pool, connects (through proxy when given, by CONNECT),
 * TLS for wss with the host name verified, handshake, all within timeout_ms. Failure comes as
 * on_close with 1006 and a reason such as "HTTP 401"; ws_conn_http_status tells the status.
 * headers: "Name: value\r\n" lines. */
struct ws_target {
    const struct url *url;
    const struct url *proxy; /* NULL = direct */
    const struct tls *tls;   /* for wss */
    struct slice headers;
    int64_t timeout_ms; /* [10 s] */
};
int ws_conn_connect(struct ws_conn **, struct loop *, const struct ws_target *,
                    const struct ws_settings *, const struct ws_handlers *, void *arg);
int ws_conn_http_status(const struct ws_conn *); /* of the refused handshake, 0 when there was none;
                                                    valid in on_close */

/* A server's frame as a blob: head and payload, to be sent to any number of connections. The caller
 * owns the reference. */
struct blob *ws_frame(enum ws_opcode, struct slice payload);
struct blob *ws_frame2(enum ws_opcode, struct slice head,
                       struct slice tail); /* payload in two parts */

/* Queues a frame made by ws_frame; everything queued in a turn leaves in one write at its end.
 * Shares the blob. */
void ws_conn_send_frame(struct ws_conn *, struct blob *frame);
/* The same for broadcasts: written at once when nothing waits, so that a send costs one system call
 * and no queue. */
void ws_conn_send_frame_now(struct ws_conn *, struct blob *frame);
/* Frames (and masks, in client role) and queues. */
void ws_conn_send(struct ws_conn *, enum ws_opcode, struct slice payload);

bool ws_conn_is_writable(
    const struct ws_conn *); /* open, and nothing waits: a volatile message may go */
size_t ws_conn_queued_bytes(const struct ws_conn *);
void ws_conn_flush(struct ws_conn *); /* writes now what is queued */

/* Back-pressure: a paused connection reads nothing more (callbacks for bytes already read stop,
 * too). */
void ws_conn_pause(struct ws_conn *);
void ws_conn_resume(struct ws_conn *);

/* Sends what is queued and a close frame (code 0 = empty), waits for the peer's; then on_close.
 * Nothing more is delivered. */
void ws_conn_close(struct ws_conn *, uint16_t code, struct slice reason);
/* Drops the connection at once; no on_close. */
void ws_conn_abort(struct ws_conn *);

int64_t ws_conn_heard_ms(const struct ws_conn *); /* loop time of the last byte from the peer */

#endif
