/* An HTTP/1.1 server on one loop: keep-alive, pipelining, limits, CORS, and error bodies in the
 * form of a NestJS backend. A request's life:
 *
 *     on_head -> body -> on_request -> http_respond...
 *     on_upgrade -> http_accept_websocket, http_take_stream or http_respond...
 *
 * 1. A request's slices are valid until the callback that shows it returns.
 * 2. A handler answers at once, or keeps the pointer and answers later. Until then the request
 *    costs no buffer and no thread.
 * 3. A request is answered once, or reported to its on_abort once, or dropped. After that the
 *    pointer is dead. */
#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H

#include "base/slice.h"
#include "net/budget.h"
#include "wire/web/http.h"
#include "wire/web/ws_handshake.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct blob;
struct counter_table;
struct http_server;
struct loop;
struct networks;
struct stream;
struct tls;
struct trace;

struct http_request {
    const struct http_head *head; /* NULL once the callback returned */
    struct slice method;
    struct slice target; /* as received */
    struct slice path;   /* undecoded */
    struct slice query;  /* undecoded */
    struct slice body;   /* whole, in on_request */
    const char *peer;    /* the client's address as text; lives as long as the request */

    /* The handler's own, set in any callback: */
    void *user;
    size_t body_limit_bytes; /* in on_head; a larger body gets 413 */
    /* The client left before the answer, or the server closed; the pointer dies with this call. */
    void (*on_abort)(struct http_request *request);
    /* The body exceeds its limit: answer here. Default: 413 with the NestJS body. */
    void (*on_overflow)(struct http_request *request);
    /* http_body_write returned false, and the queue has been written since. */
    void (*on_drain)(struct http_request *request);
};

struct http_handlers {
    /* Optional. May answer: the body is then not read and the connection ends. */
    void (*on_head)(struct http_request *request, void *arg);
    void (*on_request)(struct http_request *request, void *arg);
    /* A valid WebSocket handshake. NULL = 404. */
    void (*on_upgrade)(struct http_request *request, void *arg);
    void *arg;
};

/* A request that has ended. */
struct http_access {
    const char *peer;
    struct slice method, target; /* empty: what came never became a request */
    struct slice referer, agent;
    int minor;  /* HTTP/1.x */
    int status; /* 0: it had no answer */
    uint64_t bytes;
    int64_t took_ms;
    const struct trace *trace; /* NULL: it belongs to none */
};

typedef void http_access_fn(const struct http_access *, void *arg);

struct http_settings {  /* zero = the default in brackets */
    const char *host;   /* NULL = all, "localhost" = both loopbacks, or a numeric address */
    uint16_t port;      /* 0 = any free one */
    const int *sockets; /* that listen already, in place of host and port: listener_adopt() */
    size_t socket_count;
    size_t head_limit_bytes;  /* [16 KiB] of the request line and the headers */
    size_t body_limit_bytes;  /* [100 KiB] */
    int64_t head_timeout_ms;  /* [20 s] for a whole head */
    int64_t body_timeout_ms;  /* [60 s] for a whole body */
    int64_t idle_timeout_ms;  /* [7 s] between requests; clients are told 5/7 of it */
    int64_t write_timeout_ms; /* [30 s] in which a client takes its share of an answer: */
    size_t least_bytes_a_s;   /* [1 KiB] a second, else it is given up */
    const char *cors_origins; /* comma-separated exact origins; NULL = every origin is echoed. They
                                 bind WebSockets, too, but for pages of this very server. */
    const struct networks *proxies; /* trusted for X-Forwarded-For; NULL = none */
    const struct tls *tls;          /* NULL = plain */
    struct budget *budget;          /* of connections and memory; NULL = nothing is limited */
    http_access_fn *on_access;      /* NULL = nobody wants to know */
    void *access_arg;
};

struct http_stats {
    uint64_t accepted, refused_full, accept_errors;
    uint64_t requests, upgrades;
    uint64_t responses[6]; /* by class: [2] = 2xx */
    uint64_t bad_requests; /* malformed heads, bodies, handshakes */
    uint64_t too_large;    /* 413, 431 */
    uint64_t timeouts;     /* head or body */
    uint64_t slow_readers; /* answers that were given up, as their clients did not take them */
    uint64_t gave_way;     /* connections that were ended for the sake of others */
    uint64_t aborted;      /* the client left before its answer */
    uint64_t tls_errors;
    uint64_t received_bytes, sent_bytes;
    uint64_t connections; /* now */
};

/* How the metrics show it. */
extern const struct counter_table http_counters;

/* Copies settings and handlers; strings and tls must outlive the server. */
int http_server_open(struct http_server **out, struct loop *loop,
                     const struct http_settings *settings, const struct http_handlers *handlers);
uint16_t http_server_port(const struct http_server *server);
const struct http_stats *http_server_stats(struct http_server *server);

/* Stops listening, closes idle connections and lets running requests finish. on_drained (may be
 * NULL) is called in a later turn, when no connection is left. */
void http_server_drain(struct http_server *server, void (*on_drained)(void *arg), void *arg);

/* Closes at once; open requests get their on_abort. Not from a handler. NULL is fine. */
void http_server_close(struct http_server *server);

/* Adds a header to the answer; called before it. */
void http_add_header(struct http_request *request, const char *name, struct slice value);

/* Answers. content_type NULL = none. 204 and 304 have no body, nor has the answer to a HEAD. */
void http_respond(struct http_request *request, int status, const char *content_type,
                  struct slice body);
void http_respond_json(struct http_request *request, int status, struct slice json);

/* {"message":message,"error":<status text>,"statusCode":status}; with message NULL:
 * {"message":<status text>,"statusCode":status}. */
void http_respond_error(struct http_request *request, int status, const char *message);
/* 415 `unsupported <what> "<value>"`, in the form of Express's body-parser. */
void http_respond_unsupported(struct http_request *request, const char *what, struct slice value);
void http_respond_not_found(struct http_request *request); /* "Cannot GET /path?query" */
void http_respond_internal_error(struct http_request *request);

/* A long body in pieces; length -1 = unknown. http_body_write copies; false = wait for on_drain
 * before the next piece. */
void http_respond_start(struct http_request *request, int status, const char *content_type,
                        int64_t length);
bool http_body_write(struct http_request *request, struct slice piece);
void http_body_end(struct http_request *request);

/* The same piece for many bodies: made once, and sent without a copy for each. Owned by the caller
 * (base/blob.h). */
struct blob *http_piece_new(struct slice piece);
void http_body_write_piece(struct http_request *request, struct blob *piece);
/* What the client of a body in pieces has not taken yet. */
size_t http_body_waiting(const struct http_request *request);

/* The client has shown who it is: its connection keeps its place before those of lower rank. */
void http_vouch(struct http_request *request, enum budget_rank rank);

/* As stream_peer_is_verified(), of the request's connection. */
bool http_peer_is_verified(const struct http_request *request);

/* Closes the connection without an answer and without on_abort. */
void http_drop(struct http_request *request);

/* Upgrades: the request ends, and the stream with its unread bytes belongs to the caller. NULL when
 * the connection broke meanwhile. http_accept_websocket writes the 101 first; after
 * http_take_stream the new owner writes it, with the value of http_websocket_accept. */
const char *http_websocket_accept(const struct http_request *request);
struct stream *http_accept_websocket(struct http_request *request);
struct stream *http_take_stream(struct http_request *request);

#endif
