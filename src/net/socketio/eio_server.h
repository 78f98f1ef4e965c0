/* Engine.IO 4, server side: sessions over HTTP long-polling, over WebSocket, or upgraded from the
 * first to the second.
 *
 * Lifetimes:
 * 1. A session lives from on_open to on_close; on_close is its last callback, after it the pointer
 * is dead.
 * 2. eio_close() may be called in any callback; on_close then comes in a later turn of the loop.
 * 3. Text and bytes shown to a callback are valid until it returns. */
#ifndef NET_EIO_SERVER_H
#define NET_EIO_SERVER_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct blob;
struct counter_table;
struct eio_server;
struct eio_session;
struct http_request;
struct loop;

enum eio_close_reason {
    EIO_CLOSED_BY_SERVER,
    EIO_CLOSED_BY_CLIENT, /* a close packet, or the WebSocket's close frame */
    EIO_CLOSED_TRANSPORT, /* the connection went, or a poll was aborted */
    EIO_CLOSED_PING,      /* no pong in time */
    EIO_CLOSED_PROTOCOL,  /* the client broke the protocol */
    EIO_CLOSED_SLOW,      /* more waits for the client than its queue may hold */
    EIO_CLOSED_REASONS,
};
const char *eio_close_reason_name(enum eio_close_reason);

struct eio_config {              /* zero = the default in brackets */
    unsigned ping_interval_ms;   /* [25000] */
    unsigned ping_timeout_ms;    /* [20000] */
    unsigned upgrade_timeout_ms; /* [10000] */
    unsigned linger_ms;          /* [30000] a closed polling session waits for its last poll */
    unsigned max_payload_bytes;  /* [1000000] one message, or one polling body */
    size_t max_queue_bytes;      /* [1 MiB] of unsent output a session */
    size_t max_sessions;         /* [10000] */
};

struct eio_handlers {
    void (*on_open)(void *arg, struct eio_session *);
    /* A message; the text is valid UTF-8. */
    void (*on_text)(void *arg, struct eio_session *, struct slice text);
    void (*on_binary)(void *arg, struct eio_session *, struct slice bytes);
    /* A ping went out, and its pong came: all that was sent before that ping has arrived. May be
     * NULL. */
    void (*on_ping)(void *arg, struct eio_session *);
    void (*on_pong)(void *arg, struct eio_session *);
    void (*on_close)(void *arg, struct eio_session *, enum eio_close_reason);
};

struct eio_stats {
    uint64_t opened, upgraded;
    uint64_t closed[EIO_CLOSED_REASONS];
    uint64_t refused[6]; /* by enum eio_error */
    uint64_t refused_full;
    uint64_t packets_in, packets_out, bytes_in;
    uint64_t too_large;       /* polling bodies or messages over the limit */
    uint64_t sessions, polling; /* now */
};

/* How the metrics show it. */
extern const struct counter_table eio_counters;

int eio_server_open(struct eio_server **, struct loop *, const struct eio_config *,
                    const struct eio_handlers *, void *arg);
const struct eio_stats *eio_server_stats(const struct eio_server *);
size_t eio_server_websockets(
    const struct eio_server *); /* open connections that http_server no longer counts */
/* Closes every session without a word of Socket.IO, so that clients come back; new ones are
 * refused. */
void eio_server_drain(struct eio_server *);
void eio_server_close(
    struct eio_server *); /* drops everything at once, on_close included; NULL is fine */

/* The three doors of net/http/http_server.h, for requests under the server's path. */
void eio_server_head(struct eio_server *, struct http_request *);
void eio_server_request(struct eio_server *, struct http_request *);
void eio_server_upgrade(struct eio_server *, struct http_request *);

/* What an owner keeps with a session. */
void eio_set_data(struct eio_session *, void *data);
void *eio_data(const struct eio_session *);

/* A message encoded once for every transport. The caller owns the reference. */
struct blob *eio_frame_text(struct slice text);
struct blob *eio_frame_binary(struct slice bytes);

/* Sends a message made by eio_frame_...; shares the blob. Messages of one turn leave together at
 * its end, with `now` a WebSocket that has nothing waiting gets it at once. A session over its
 * queue limit is closed. */
void eio_send(struct eio_session *, struct blob *frame);
void eio_send_now(struct eio_session *, struct blob *frame);

/* For who sends the same to many: fetches into the cache what eio_send_now will look at, in three
 * steps, each some sessions after the one before. */
enum eio_prefetch { EIO_PREFETCH_SESSION, EIO_PREFETCH_LINK, EIO_PREFETCH_STREAM };
void eio_prefetch(const struct eio_session *, enum eio_prefetch);

/* True when a message would leave at once: a volatile one may be sent. */
bool eio_is_writable(const struct eio_session *);
size_t eio_queued_bytes(const struct eio_session *);
bool eio_is_open(const struct eio_session *);
bool eio_is_polling(const struct eio_session *); /* not, or not yet, on a WebSocket */

/* Sends what waits, then closes. */
void eio_close(struct eio_session *, enum eio_close_reason);

#endif
