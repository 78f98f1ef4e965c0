/* Private to the HTTP server: http_server.c (the listener), http_conn.c (bytes and time),
 * http_end.c (how they end), http_call.c (requests in), http_reply.c (answers out). */
#ifndef NET_HTTP_PRIVATE_H
#define NET_HTTP_PRIVATE_H

#include "base/buf.h"
#include "base/list.h"
#include "base/trace.h"
#include "net/http/http_server.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/outbox.h"
#include "net/share.h"
#include "net/stream.h"

enum http_state {
    HTTP_IN_HEAD,   /* between requests, or with a part of a head */
    HTTP_IN_BODY,   /* on_head was called */
    HTTP_WAITING,   /* the handler has the request */
    HTTP_REPLYING,  /* between http_respond_start and http_body_end */
    HTTP_LAST,      /* writes what is queued, then lingers */
    HTTP_LINGERING, /* closed for writing; what still comes is dropped */
    HTTP_DEAD,      /* freed at the end of the turn */
};

enum http_wait { WAIT_NOTHING, WAIT_IDLE, WAIT_HEAD, WAIT_BODY, WAIT_WRITE, WAIT_LINGER };

enum {
    HTTP_QUEUE_HIGH = 256 * 1024, /* queued answers above this stop the reading of requests */
    HTTP_LINGER_MS = 2000,        /* without input */
    HTTP_REQUESTS_MAX = 16, /* of one connection in one go; the others are served in between */
    HTTP_FIRST_READ_BYTES =
        16 * 1024,               /* a request's head; who sends more is a stranger like others */
    HTTP_UNSENT_MAX = 32 * 1024, /* of an answer, that the kernel keeps for a slow client */
};

/* What is kept of a request until it has ended (http_access.c). */
struct http_trail {
    struct trace trace; /* zeroed: none */
    /* NULL without an access log. */
    char *method, *target, *referer, *agent;
    int64_t began_ms;
    int status; /* 0: no answer */
    uint64_t bytes;
    bool is_counted; /* the body's length was not known before */
};

/* A request with what only the server knows about it. */
struct http_call {
    struct http_request request; /* first */
    struct http_conn *conn;
    struct http_body parser;
    struct buf raw_head;      /* kept while the body is still to come */
    struct buf body;          /* of a body that came in pieces */
    struct buf headers;       /* of the answer */
    char *origin;             /* to be echoed, or NULL */
    struct http_trail *trail; /* NULL: nothing is to be told of it */
    size_t kept_bytes;        /* of a body that its handler may have copied */
    char peer[STREAM_ADDRESS_SIZE];
    char accept[WS_ACCEPT_SIZE]; /* of a WebSocket handshake, else "" */
    int minor;
    bool is_head, is_keep_alive, is_chunked_reply, wants_drain;
};

struct http_conn {
    struct list node;
    struct http_server *server;
    struct stream *stream;
    struct watch *watch;
    struct timer timer;
    struct deferred work; /* flushes, reads on, or frees, at the end of the turn */
    struct outbox out;
    struct buf in;          /* bytes not yet parsed; empty while idle */
    struct slice lookahead; /* bytes behind the request whose callback runs */
    size_t scanned;
    struct http_call *call;  /* the request that is open, or NULL */
    struct http_call *spent; /* answered in its own callback; freed after it */
    enum http_state state;
    enum http_wait wait;
    /* In the budget: the connection, and the bytes that wait on it. */
    struct claim place, memory;
    uint64_t sent_bytes;
    uint64_t taken_bytes; /* by the client, when the current wait for it began */
    char peer[STREAM_ADDRESS_SIZE];
    int64_t lingers_until_ms;
    size_t discarded_bytes;
    struct share_place turn; /* to be read, where others wait, too */
    unsigned requests;       /* begun in one go */
    bool has_read;
    bool is_half_closed; /* the peer will send nothing more */
    bool in_callback;
    bool is_doomed; /* it gave way in its own callback, and ends after it */
};

struct http_server {
    struct loop *loop;
    struct http_settings settings;
    struct http_handlers handlers;
    struct listener *listener;
    struct list conns;
    struct http_stats stats;
    struct http_head head; /* of the request being parsed */
    struct buf scratch;    /* an answer's head being written */
    char date[32];
    int64_t date_s; /* when `date` was made */
    struct timer drained;
    void (*on_drained)(void *arg);
    void *drained_arg;
    bool is_draining;
};

/* ---- http_conn.c ---- */

/* Takes the descriptor. */
void http_conn_open(struct http_server *server, int fd);
void http_conn_schedule(struct http_conn *conn);
/* Starts the deadline of a wait; the same wait again keeps its deadline. */
void http_conn_wait(struct http_conn *conn, enum http_wait wait);

/* ---- http_end.c ---- */

void http_conn_kill(struct http_conn *conn); /* no on_abort */
/* The connection broke, or must be closed: its open request gets its on_abort. */
void http_conn_abort(struct http_conn *conn);
void http_conn_free(struct http_conn *conn);
/* The last answer is written. */
void http_conn_linger(struct http_conn *conn);
/* A lingering connection can be read. */
void http_conn_discard(struct http_conn *conn);
/* A connection that gets no place, before it is closed. */
void http_conn_tell_full(struct http_conn *conn);

/* ---- http_call.c: a request between parser and handler ---- */

void http_call_free(struct http_call *call);
/* A head is complete; `lookahead` are the bytes received behind it. */
void http_call_begin(struct http_conn *conn, struct slice lookahead);
void http_call_end_body(struct http_conn *conn, struct slice body, struct slice lookahead);
void http_call_overflow(struct http_conn *conn);
/* The bytes that the request points into are about to be freed. */
void http_call_forget_head(struct http_call *call);
void http_conn_end_call(struct http_conn *conn);

/* ---- http_access.c: NULL is fine for a trail ---- */

struct http_trail *http_trail_new(const struct http_server *server);
/* The answer's head is written; length -1: not known yet. */
void http_trail_begin(struct http_trail *, int status, int64_t length);
void http_trail_add(struct http_trail *, size_t bytes);
/* Tells of the request, and frees its trail. */
void http_trail_end(struct http_call *);
void http_access_refused(const struct http_conn *, int status, size_t bytes);

/* ---- http_reply.c ---- */

/* Whether the origin that a handshake names may open a WebSocket. */
bool http_may_upgrade(const struct http_server *server, const struct http_call *call);

/* An answer to bytes that never became a request. */
void http_conn_refuse(struct http_conn *conn, int status, const char *message);

#endif
