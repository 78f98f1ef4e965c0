/* Private to the eio_ files: a session and its transports. */
#ifndef NET_EIO_PRIVATE_H
#define NET_EIO_PRIVATE_H

#include "base/list.h"
#include "base/map.h"
#include "net/loop.h"
#include "net/outbox.h"
#include "net/socketio/eio_server.h"
#include "net/ws/ws_conn.h"
#include "wire/web/eio.h"

struct eio_server {
    struct loop *loop;
    struct eio_settings settings;
    struct eio_handlers handlers;
    void *arg;
    struct map sessions; /* by sid */
    struct list all;     /* every session, also those whose sid is forgotten already */
    struct list links;   /* every WebSocket */
    struct eio_stats stats;
    struct blob *ping, *probe_answer; /* frames that are the same for every client */
    bool is_draining;
};

/* A WebSocket: the transport of a session, the candidate of an upgrade, or about to close. */
struct eio_link {
    struct list node;
    struct eio_server *server;
    struct eio_session *session; /* NULL once it belongs to no session */
    struct ws_conn *ws;
    struct claim place, memory;
};

enum eio_state {
    EIO_STATE_OPEN,
    EIO_STATE_LINGERING, /* closed, but its client learns of it only from its next poll */
    EIO_STATE_ENDED,     /* closed; only on_close or the memory is left */
};

struct eio_session {
    struct eio_server *server;
    struct ws_conn *ws;    /* the WebSocket, once it is the transport */
    struct eio_link *link; /* ... and its link */
    uint8_t state;
    uint8_t reason;   /* enum eio_close_reason, once closed */
    bool is_reported; /* on_close has been called */
    bool awaits_pong;
    bool is_extended;           /* the pong's deadline has been put off once */
    bool is_probed;             /* the candidate has sent its probe */
    struct eio_link *candidate; /* of an upgrade */
    struct http_request *poll;  /* a held GET */
    struct http_request *post;  /* a POST whose body is being received */
    struct outbox queue;        /* frames that wait for a poll */
    void *data;
    struct claim place, memory;
    size_t held_bytes; /* by the owner: eio_hold */
    struct list node;
    char sid[EIO_SID_LEN + 1];
    int64_t due_ms;              /* of the next ping, or of its pong */
    struct timer beat;           /* at due_ms */
    struct timer limit;          /* of the upgrade, or of the lingering */
    int64_t paid_us;             /* loop time up to which what the client sent is paid for */
    struct timer debt;           /* until the client may send more */
    struct http_request *unpaid; /* a POST whose answer waits for that */
    struct deferred later;       /* answers the poll, reports the end, or frees */
};

/* ---- eio_session.c ---- */

/* NULL: there is no place for it. */
struct eio_session *eio_session_new(struct eio_server *server, const struct http_request *request);
/* Of one that was never opened. */
void eio_session_unmake(struct eio_session *session);
/* The open packet has been sent: calls on_open and starts the heartbeat. */
void eio_session_open_done(struct eio_session *session);
void eio_session_free(struct eio_session *session);
/* Its sid becomes unknown. At the end of the turn on_close is called, unless it was, and the memory
 * is freed. */
void eio_session_forget(struct eio_session *session);
/* Handles one packet from the client, by either transport. False: the session has ended. */
bool eio_session_take(struct eio_session *session, const struct eio_packet *packet);
/* The client sent something while its pong is awaited: that extends the deadline, once. */
void eio_session_heard(struct eio_session *session);
/* True, and the session ends, when its pong is overdue now, even if the timer has not fired yet. */
bool eio_session_is_late(struct eio_session *session);
void eio_session_later(struct eio_session *session);
/* The client sent so many bytes. Returns for how long it must not send more, in ms; 0 while it is
 * within its budget. eio_session_pay() is called when that time is over. */
int64_t eio_session_charge(struct eio_session *session, size_t bytes);
/* Lets the client send again. */
void eio_session_pay(struct eio_session *session);
/* What waits for the session has changed. */
void eio_session_weigh(struct eio_session *session);

/* ---- eio_polling.c ---- */

void eio_polling_get(struct eio_session *session, struct http_request *request);
void eio_polling_head(struct eio_session *session, struct http_request *request); /* of a POST */
void eio_polling_post(struct eio_session *session, struct http_request *request);
/* Answers the held GET when there is something to send. */
void eio_polling_flush(struct eio_session *session);
void eio_polling_end(struct eio_session *session);
void eio_respond(struct http_request *request, int status, const char *content_type,
                 struct slice body);

/* ---- eio_websocket.c ---- */

int eio_link_open(struct eio_link **out, struct eio_server *server, struct http_request *request,
                  struct eio_session *session);
/* Sends what is queued and an empty close frame first. */
void eio_link_close(struct eio_link *link);
void eio_link_abort(struct eio_link *link);

/* The packet in a frame, and whether it is text. */
struct slice eio_frame_payload(const struct blob *frame, bool *is_text);

#endif
