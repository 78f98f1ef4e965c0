/* Private to ws_conn.c (life, time and input) and ws_send.c (output). */
#ifndef NET_WS_CONN_PRIVATE_H
#define NET_WS_CONN_PRIVATE_H

#include "base/buf.h"
#include "net/loop.h"
#include "net/outbox.h"
#include "net/share.h"
#include "net/stream.h"
#include "net/ws/ws_conn.h"

enum ws_state {
    WS_DIALLING,
    WS_OPEN,
    WS_CLOSING, /* our close frame is queued; all input but the peer's is ignored */
    WS_ENDING,  /* writes what is queued and ends; reads nothing */
    WS_DEAD,    /* on_close is due at the end of the turn, or was called; then it is freed */
};

struct ws_conn {
    struct loop *loop;
    struct ws_settings settings;
    /* A broadcast reads from here to the start of the outbox: one line of cache, two in the worst
     * alignment. */
    struct stream *stream; /* NULL while dialling */
    uint8_t state;
    uint8_t role;
    bool is_paused, is_full;
    bool is_awaited;    /* the owner has seen a queue: on_drain is due at its end */
    bool is_silent_end; /* aborted: no on_close */
    bool is_deaf;       /* the peer broke the protocol: its input is ignored */
    bool is_shut;       /* our side of the stream has ended */
    bool has_unread;    /* bytes wait in the stream that no poll announces */
    struct outbox out;
    struct watch *watch;
    struct ws_dial *dial;
    struct ws_handlers handlers;
    void *arg;
    struct ws_parser parser;
    struct buf message; /* a message that came in pieces, so far */
    struct deferred work;
    struct timer timer;
    struct share_place turn; /* of a stranger's, to be read */
    int64_t heard_ms;
    int64_t pinged_ms;
    char *reason; /* for on_close */
    uint16_t code;
    int16_t http_status;
};

/* ---- ws_conn.c ---- */

void ws_conn_schedule(struct ws_conn *conn); /* flush, read on or free at the end of the turn */
/* The stream has ended; the owner's on_close follows at the end of the turn. */
void ws_conn_end(struct ws_conn *conn, uint16_t code, const char *reason);
void ws_conn_break(struct ws_conn *conn, int err);
/* What waits has changed. */
void ws_conn_weigh(struct ws_conn *conn);

/* ---- ws_send.c ---- */

void ws_conn_queue_control(struct ws_conn *conn, enum ws_opcode opcode, struct slice payload);
void ws_conn_queue_close(struct ws_conn *conn, uint16_t code, struct slice reason);

#endif
