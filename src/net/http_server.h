/* An HTTP/1.1 server on one loop: keep-alive, pipelining, limits, CORS and the error shapes of a
 * NestJS backend.
 *
 * A request's life:      on_head (optional)  ->  body  ->  on_request  ->  http_respond...
 *                        on_head             ->  on_upgrade            ->  http_accept_websocket |
 * http_take_stream | http_respond
 * 1. Slices of a request (path, headers, body) are valid until the callback that shows it returns.
 * 2. A handler answers at once, or keeps the pointer and answers later: the request then costs no
 * buffer and no thread.
 * 3. Each request is answered exactly once, or reported to its on_abort once (the connection went,
 * or the server closed). After either the pointer is dead. */
#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H

#include "base/slice.h"
#include "wire/http.h"
#include "wire/ws_handshake.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct blob;
struct http_server;
struct loop;
struct stream;
struct tls;

enum { HTTP_PEER_SIZE = 46 }; /* an address as text */

struct http_request {
    const struct http_head *head; /* NULL once the handler returned without an answer */
    struct slice method;
    struct slice target; /* as received */
    struct slice path;   /* undecoded */
    struct slice query;  /* undecoded */
    struct slice body;   /* whole, in on_request */
    const char *peer;    /* the client's address as text; lives as long as the request */
    bool is_tls;

    /* The handler's own, to be set in any callback: */
    void *user;
    size_t body_limit_bytes;                 /* set in on_head; larger bodies get 413. Default:
                                                settings.body_limit_bytes */
    void (*on_abort)(struct http_request *); /* the client went before the answer; the pointer dies
                                                with this call */
    void (*on_overflow)(struct http_request *); /* the body is over its limit: answer here; default
                                                   413 in A2's shape */
    void (*on_drain)(
        struct http_request *); /* http_body_write said false, and the queue is empty again */
};

struct http_handlers {
    void (*on_head)(struct http_request *,
                    void *arg); /* NULL = no interest; may answer, the body is then skipped */
    void (*on_request)(struct http_request *, void *arg); /* the body is complete */
    void (*on_upgrade)(struct http_request *,
                       void *arg); /* a valid WebSocket handshake; NULL = 404 */
    void *arg;
};

struct http_settings { /* zero = the default in brackets */
    const char
        *host; /* address to listen on; NULL = all, IPv6 and IPv4; "localhost" = both loopbacks */
    uint16_t port;            /* 0 = any free one */
    size_t max_connections;   /* [10000] */
    size_t body_limit_bytes;  /* [100 KiB] */
    int64_t head_timeout_ms;  /* [20 s] for a whole head */
    int64_t body_timeout_ms;  /* [60 s] for a whole body */
    int64_t idle_timeout_ms;  /* [5 s] between requests */
    int64_t write_timeout_ms; /* [30 s] without the client taking a byte of an answer */
    const char *cors_origins; /* comma-separated exact origins; NULL = every origin is echoed */
    bool trust_proxy;         /* peer = the right-most entry of X-Forwarded-For */
    const struct tls *tls;    /* NULL = plain */
    size_t (*count_others)(
        void *arg); /* client connections beyond ours (WebSockets) that count to the limit */
    void *count_arg;
};

struct http_stats {
    uint64_t accepted, refused_full, accept_errors;
    uint64_t requests, upgrades, responses[6]; /* responses by class: [2] = 2xx */
    uint64_t bad_requests;                     /* heads or bodies that break the grammar */
    uint64_t too_large;                        /* 413, 431 */
    uint64_t timeouts;                         /* head, body, or a client that does not read */
    uint64_t aborted;                          /* the client went before its answer */
    uint64_t tls_errors;
    uint64_t received_bytes, sent_bytes;
    size_t connections; /* now */
};

/* Listens. *why (static or inside the server) names what failed. */
int http_server_open(struct http_server **, struct loop *, const struct http_settings *,
                     const struct http_handlers *);
uint16_t http_server_port(const struct http_server *);
const struct http_stats *http_server_stats(const struct http_server *);
/* Stops listening, closes idle connections, lets running requests finish; on_drained when none is
 * left (may be at once). */
void http_server_drain(struct http_server *, void (*on_drained)(void *arg), void *arg);
void http_server_close(
    struct http_server *); /* at once: open requests get their on_abort; NULL is fine */

/* Answers. content_type NULL = none. 204 and 304 have no body. HEAD is taken care of. */
void http_add_header(struct http_request *, const char *name,
                     struct slice value); /* before the answer */
void http_respond(struct http_request *, int status, const char *content_type,
                  struct slice body); /* copies */
void http_respond_blob(struct http_request *, int status, const char *content_type,
                       struct blob *body); /* shares */
void http_respond_json(struct http_request *, int status, struct slice json);
/* {"message":...,"error":<status text>,"statusCode":...}; message NULL: {"message":<status
 * text>,"statusCode":...}. */
void http_respond_error(struct http_request *, int status, const char *message);
void http_respond_not_found(struct http_request *);      /* "Cannot GET /path?query" */
void http_respond_internal_error(struct http_request *); /* 500, the fixed body */

/* A long body in pieces: length -1 = chunked. write copies; false = wait for on_drain (the bytes
 * were taken all the same). */
void http_respond_start(struct http_request *, int status, const char *content_type,
                        int64_t length);
bool http_body_write(struct http_request *, struct slice);
void http_body_end(struct http_request *); /* the pointer is dead */

void http_drop(struct http_request *); /* closes the connection without an answer; no on_abort; the
                                          pointer is dead */

/* Upgrades. Both end the request: the pointer is dead, the stream with its unread bytes is the
 * caller's. */
const char *http_websocket_accept(
    const struct http_request *); /* the Sec-WebSocket-Accept value for this handshake */
struct stream *
http_accept_websocket(struct http_request *); /* writes the 101 (CORS headers included) first */
struct stream *http_take_stream(struct http_request *); /* nothing written: the new owner answers */

#endif
