/* The way to a WebSocket server: name, connection, proxy, TLS, handshake, all before one deadline. */
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
    const struct url *proxy; /* NULL = direct; else asked by CONNECT */
    const struct tls *tls;   /* for wss: the server's name is verified */
    struct slice headers;    /* "Name: value\r\n" lines to be sent along */
    int64_t timeout_ms;      /* 0 = 10 s */
};

/* Once, in a later turn: the stream (with what came behind the handshake unread), or NULL and why;
 * http_status when the server answered with another status than wanted, its negative when the proxy
 * did, else 0. */
typedef void ws_dial_fn(struct stream *stream, const char *why, int http_status, void *arg);

/* Copies what it needs of the target; tls must outlive the attempt. 0, or EINVAL for a target that
 * cannot be dialled. */
int ws_dial_start(struct ws_dial **out, struct loop *loop, const struct ws_target *target,
                  ws_dial_fn *fn, void *arg);
void ws_dial_cancel(struct ws_dial *dial); /* no callback; NULL is fine */

#endif
