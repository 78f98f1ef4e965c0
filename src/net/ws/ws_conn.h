/* A WebSocket on a loop: server role after http_accept_websocket, client role towards a URL. While
 * idle it holds no buffer, and a message is buffered only while it is incomplete. A frame for many
 * connections is made once and shared.
 *
 * 1. ws_conn_close is a request. on_close is the last callback: once for each connection, and never
 *    while the owner is calling a function of this header.
 * 2. After on_close or ws_conn_abort the pointer is dead.
 * 3. Any call is allowed from any callback. */
#ifndef NET_WS_CONN_H
#define NET_WS_CONN_H

#include "base/slice.h"
#include "net/stream.h"
#include "net/ws/ws_dial.h"
#include "wire/web/ws.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct blob;
struct claim;
struct loop;
struct stream;
struct ws_conn;

struct ws_handlers {
    void (*on_open)(void *arg); /* client role: the handshake is done */
    void (*on_message)(enum ws_opcode opcode, struct slice message, void *arg);
    void (*on_drain)(void *arg); /* the socket was full, and the queue has been written since */
    void (*on_close)(uint16_t code, struct slice reason, void *arg);
};

struct ws_settings {          /* zero = the default in brackets */
    size_t max_message_bytes; /* [1 MiB] a larger message is answered with 1009 */
    size_t max_queue_bytes;   /* [1 MiB] a peer that leaves more unread is dropped, 1006 */
    int64_t ping_ms;          /* [never] ping after this long without a byte from the peer */
    int64_t silence_ms;       /* [never] drop after this long without a byte, 1006 */
    int64_t close_ms;         /* [5 s] wait for the answer to our close frame */
    /* Of its owner: what waits on the connection is held by it. Where there is no memory for that,
     * the connection ends, 1006. [not counted] */
    struct claim *memory;
};

/* Server role. Takes the stream, also on failure; copies handlers and settings. The first callback
 * comes in a later turn of the loop. */
int ws_conn_open(struct ws_conn **out, struct loop *loop, struct stream *stream,
                 const struct ws_settings *settings, const struct ws_handlers *handlers, void *arg);

/* Client role. A failed attempt is reported by on_close with 1006 and a reason such as "HTTP 401".
 * ws_conn_http_status is then the refusal's status, negative when it was the proxy's, or 0. */
int ws_conn_connect(struct ws_conn **out, struct loop *loop, const struct ws_target *target,
                    const struct ws_settings *settings, const struct ws_handlers *handlers,
                    void *arg);
int ws_conn_http_status(const struct ws_conn *conn);
/* As stream_peer_address; of a proxy, where the connection leads through one. Unchanged while
 * dialling. */
void ws_conn_peer_address(const struct ws_conn *conn, char out[STREAM_ADDRESS_SIZE]);

/* A server's frame, head and payload, for any number of connections. The caller owns the reference.
 * ws_frame2 takes the payload in two parts. */
struct blob *ws_frame(enum ws_opcode opcode, struct slice payload);
struct blob *ws_frame2(enum ws_opcode opcode, struct slice head, struct slice tail);

/* Queues a frame made by ws_frame. All frames of a turn are written together at its end. */
void ws_conn_send_frame(struct ws_conn *conn, struct blob *frame);

/* For broadcasts: written at once when the queue is empty, for one system call. */
void ws_conn_send_frame_now(struct ws_conn *conn, struct blob *frame);

/* Fetch into the cache what ws_conn_send_frame_now reads: the connection, and later its stream. */
void ws_conn_prefetch(const struct ws_conn *conn);
void ws_conn_prefetch_stream(const struct ws_conn *conn);

/* Frames, masks in client role, and queues. */
void ws_conn_send(struct ws_conn *conn, enum ws_opcode opcode, struct slice payload);

bool ws_conn_is_writable(const struct ws_conn *conn); /* open, and nothing waits */
/* After it returned more than 0, on_drain is called when the queue is empty. */
size_t ws_conn_queued_bytes(struct ws_conn *conn);
void ws_conn_flush(struct ws_conn *conn); /* writes now what is queued */

/* A paused connection reads nothing, and delivers nothing that it has read already. */
void ws_conn_pause(struct ws_conn *conn);
void ws_conn_resume(struct ws_conn *conn);

/* Sends what is queued and a close frame (code 0 = empty), and waits for the peer's. Nothing more
 * is delivered. on_close gets the peer's code, or 1006 when it did not answer. */
void ws_conn_close(struct ws_conn *conn, uint16_t code, struct slice reason);

/* Drops the connection at once, without on_close; NULL is fine. */
void ws_conn_abort(struct ws_conn *conn);

#endif
