/* Connects to a WebSocket server: name lookup, TCP, proxy, TLS, handshake, with one deadline for
 * all. */
#ifndef NET_WS_DIAL_H
#define NET_WS_DIAL_H

#include "base/slice.h"

#include <stdint.h>

struct loop;
struct stream;
struct tls;
struct url;
struct ws_dial;

struct ws_target {
    const struct url *url;   /* ws or wss */
    const struct url *proxy; /* used with CONNECT; NULL = direct */
    const struct tls *tls;   /* for wss: the server's name is verified */
    struct slice headers;    /* further "Name: value\r\n" lines */
    int64_t timeout_ms;      /* 0 = 10 s */
};

/* Called once, in a later turn: with the stream (bytes behind the handshake are unread in it), or
 * with NULL and the reason. http_status is the unexpected status of the server, its negative for
 * the proxy's, else 0. */
typedef void ws_dial_fn(struct stream *stream, const char *why, int http_status, void *arg);

/* Copies what it needs of the target; tls must outlive the attempt. 0, or EINVAL for a target that
 * cannot be dialled. */
int ws_dial_start(struct ws_dial **out, struct loop *loop, const struct ws_target *target,
                  ws_dial_fn *fn, void *arg);
/* No callback; NULL is fine. Not from the callback: the attempt has ended then. */
void ws_dial_cancel(struct ws_dial *dial);

#endif
