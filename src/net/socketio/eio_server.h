/* Engine.IO 4, server side: sessions over HTTP long-polling, over WebSocket, or upgraded from the
 * first to the second.
 *
 * Lifetimes:
 * 1. A session lives from on_open to on_close. on_close is its last callback; after it the pointer
 *    is dead.
 * 2. eio_close() may be called in any callback; on_close then comes in a later turn of the loop.
 * 3. Text and bytes shown to a callback are valid until it returns. */
#ifndef NET_EIO_SERVER_H
#define NET_EIO_SERVER_H

#include "base/slice.h"
#include "net/budget.h"

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
    EIO_CLOSED_TRANSPORT, /* the connection broke, or a poll was aborted */
    EIO_CLOSED_PING,      /* no pong in time */
    EIO_CLOSED_PROTOCOL,  /* the client broke the protocol */
    EIO_CLOSED_SLOW,      /* more waits for the client than its queue may hold */
    EIO_CLOSED_GAVE_WAY,  /* others needed its place or its memory */
    EIO_CLOSED_REASONS,
};

struct eio_settings {            /* zero = the default in brackets */
    unsigned ping_interval_ms;   /* [25000] */
    unsigned ping_timeout_ms;    /* [20000] */
    unsigned upgrade_timeout_ms; /* [10000] */
    unsigned linger_ms;          /* [30000] a closed polling session waits for its last poll */
    unsigned max_payload_bytes;  /* [1000000] one message, or one polling body */
    size_t max_bytes_per_second; /* [no limit] from one client; who sends more is read later */
    size_t max_queue_bytes;      /* [1 MiB] of unsent output a session */
    struct budget *budget;       /* of sessions, connections and memory; NULL = not limited */
};
void eio_settings_complete(struct eio_settings *settings); /* fills in the defaults */

struct eio_handlers {
    void (*on_open)(struct eio_session *session, void *arg);
    /* A message; the text is valid UTF-8. */
    void (*on_text)(struct eio_session *session, struct slice text, void *arg);
    void (*on_binary)(struct eio_session *session, struct slice bytes, void *arg);
    /* A ping is about to be sent, and its pong has come: everything sent before that ping has
     * arrived. May be NULL. */
    void (*on_ping)(struct eio_session *session, void *arg);
    void (*on_pong)(struct eio_session *session, void *arg);
    void (*on_close)(struct eio_session *session, enum eio_close_reason reason, void *arg);
};

struct eio_stats {
    uint64_t closed[EIO_CLOSED_REASONS];
    uint64_t refused_full;
    uint64_t packets_in;
    uint64_t too_large; /* polling bodies or messages over the limit */
    uint64_t sessions;  /* now */
};

/* How the metrics show it. */
extern const struct counter_table eio_counters;

struct eio_server *eio_server_new(struct loop *loop, const struct eio_settings *settings,
                                  const struct eio_handlers *handlers, void *arg);
const struct eio_stats *eio_server_stats(const struct eio_server *server);
/* Closes every session without a DISCONNECT packet, so that clients reconnect; refuses new ones. */
void eio_server_drain(struct eio_server *server);
/* Drops every connection at once and calls on_close for each session; NULL is fine. */
void eio_server_close(struct eio_server *server);

/* The three handlers of net/http/http_server.h, for requests under the server's path. */
void eio_server_head(struct eio_server *server, struct http_request *request);
void eio_server_request(struct eio_server *server, struct http_request *request);
void eio_server_upgrade(struct eio_server *server, struct http_request *request);

/* The client has shown who it is: its session and its connection keep their places before those of
 * lower rank. A new session is BUDGET_NEW. */
void eio_vouch(struct eio_session *session, enum budget_rank rank);
/* The session's place in the budget: its rank, and its client's address. */
const struct claim *eio_place(const struct eio_session *session);
/* The owner keeps so many bytes more (or fewer) for the session; they count to its memory. Where
 * there is no room for them, the session closes. */
void eio_hold(struct eio_session *session, ptrdiff_t bytes);

/* What an owner keeps with a session. */
void eio_set_data(struct eio_session *session, void *data);
void *eio_data(const struct eio_session *session);

/* A message encoded once for every transport. The caller owns the reference. */
struct blob *eio_frame_text(struct slice text);
struct blob *eio_frame_binary(struct slice bytes);

/* The text of such a message. */
struct slice eio_frame_message(const struct blob *frame);

/* Sends a message made by eio_frame_...; shares the blob. Messages of one turn are written together
 * at its end; with `now`, a WebSocket with an empty queue writes at once. A session over its queue
 * limit is closed. */
void eio_send(struct eio_session *session, struct blob *frame);
void eio_send_now(struct eio_session *session, struct blob *frame);

/* For broadcasts: fetches into the cache what eio_send_now will look at, in three steps, each some
 * sessions after the one before. */
enum eio_prefetch { EIO_PREFETCH_SESSION, EIO_PREFETCH_LINK, EIO_PREFETCH_STREAM };
void eio_prefetch(const struct eio_session *session, enum eio_prefetch step);

/* True when a message would be written at once: a volatile one may be sent. */
bool eio_is_writable(const struct eio_session *session);
size_t eio_queued_bytes(const struct eio_session *session);
bool eio_is_polling(const struct eio_session *session); /* not, or not yet, on a WebSocket */

/* Sends what waits, then closes the transports; on_close follows. */
void eio_close(struct eio_session *session, enum eio_close_reason reason);

#endif
