/* The opening handshake of RFC 6455, section 4: what makes an HTTP request a WebSocket, and the
 * proof in its answer. */
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

/* Checks a request that asks for `Upgrade: websocket`. 0: fine, *key is set. Else the HTTP status
 * to refuse it with (400, or 426 for another version), *why a sentence. */
int ws_check_request(const struct http_head *, struct slice *key, const char **why);

/* Checks the answer to our own handshake against the accept value that we expect. 0 or EPROTO with
 * *why. */
int ws_check_reply(const struct http_head *, const char accept[WS_ACCEPT_SIZE], const char **why);

#endif
