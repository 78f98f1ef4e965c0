/* Private to the eio_ files: a session and its transports. */
#ifndef NET_EIO_PRIVATE_H
#define NET_EIO_PRIVATE_H

#include "base/list.h"
#include "base/map.h"
#include "net/loop.h"
#include "net/socketio/eio_server.h"
#include "net/ws/ws_conn.h"
#include "wire/web/eio.h"

struct eio_server {
    struct loop *loop;
    struct eio_settings settings;
    struct eio_handlers handlers;
    void *arg;
    struct map sessions; /* by sid */
    struct list all;     /* every session, also those whose sid is gone already */
    struct list links;   /* every WebSocket */
    size_t link_count;
    struct ws_stats ws_stats;
    struct eio_stats stats;
    struct blob *ping, *probe_answer; /* frames that everybody gets */
    bool is_draining;
};

/* A WebSocket: the transport of a session, the candidate of an upgrade, or on its way out. */
struct eio_link {
    struct list node;
    struct eio_server *server;
    struct eio_session *session; /* NULL: nobody's any more */
    struct ws_conn *ws;
};

enum eio_state {
    EIO_STATE_OPEN,
    EIO_STATE_LINGERING, /* closed; a poll is still owed the news */
    EIO_STATE_ENDED,     /* closed; only on_close or the memory is left */
};

struct eio_queue { /* frames that wait for a poll */
    struct blob **frames;
    unsigned count, cap;
    size_t bytes;
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
    struct http_request *post;  /* a POST whose body is on its way */
    struct eio_queue queue;
    void *data;
    struct list node;
    char sid[EIO_SID_LEN + 1];
    int64_t due_ms;        /* of the next ping, or of its pong */
    struct timer beat;     /* at due_ms */
    struct timer limit;    /* of the upgrade, or of the lingering */
    struct deferred later; /* answer the poll; report the end; free */
};

/* eio_session.c */
struct eio_session *eio_session_new(struct eio_server *);
void eio_session_open_done(struct eio_session *); /* the open packet has gone: on_open, heartbeat */
void eio_session_free(struct eio_session *);
/* Ends the session: transports are told, the sid forgotten, on_close follows. */
void eio_session_end(struct eio_session *, enum eio_close_reason);
/* One packet from the client, by either transport. False: the session has ended. */
bool eio_session_take(struct eio_session *, const struct eio_packet *);
/* The client spoke while its pong is awaited: that puts the deadline off, once. */
void eio_session_heard(struct eio_session *);
/* True (and the session ends) when its pong is overdue at this moment, whatever the timer says. */
bool eio_session_is_late(struct eio_session *);
void eio_session_later(struct eio_session *);

/* eio_polling.c */
void eio_polling_get(struct eio_session *, struct http_request *);
void eio_polling_head(struct eio_session *, struct http_request *); /* of a POST */
void eio_polling_post(struct eio_session *, struct http_request *);
void eio_polling_flush(
    struct eio_session *); /* answers the held GET when there is something to say */
void eio_polling_end(struct eio_session *);
void eio_queue_add(struct eio_queue *, struct blob *frame);
void eio_queue_clear(struct eio_queue *);
void eio_respond(struct http_request *, int status, const char *content_type, struct slice body);

/* eio_websocket.c */
int eio_link_open(struct eio_server *, struct http_request *, struct eio_session *,
                  struct eio_link **);
void eio_link_close(struct eio_link *); /* after what is queued, with an empty close frame */
void eio_link_abort(struct eio_link *);

/* The packet in a frame, and whether it is text. */
struct slice eio_frame_payload(const struct blob *frame, bool *is_text);

#endif
