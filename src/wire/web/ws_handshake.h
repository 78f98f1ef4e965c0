/* The opening handshake of a WebSocket (RFC 6455, section 4). */
#ifndef WIRE_WS_HANDSHAKE_H
#define WIRE_WS_HANDSHAKE_H

#include "base/slice.h"
#include "wire/web/http.h"

enum {
    WS_ACCEPT_SIZE = 29, /* Sec-WebSocket-Accept with its terminator */
    WS_KEY_SIZE = 25,    /* Sec-WebSocket-Key with its terminator */
};

/* Sec-WebSocket-Accept for a Sec-WebSocket-Key (4.2.2). */
void ws_accept(char out[WS_ACCEPT_SIZE], struct slice key);

/* Checks a request that asks for `Upgrade: websocket`. 0: *key is set. Else the HTTP status to
 * refuse it with (400, or 426 for another version), and *why. */
int ws_check_request(const struct http_head *head, struct slice *key, const char **why);

/* Checks the answer to our own handshake against the accept value it must have. 0, or EPROTO and
 * *why. */
int ws_check_reply(const struct http_head *head, const char accept[WS_ACCEPT_SIZE],
                   const char **why);

#endif
