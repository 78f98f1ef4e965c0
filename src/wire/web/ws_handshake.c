#include "wire/web/ws_handshake.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>

static const char GUID[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* RFC 6455, 1.3 */

void ws_accept(char out[WS_ACCEPT_SIZE], struct slice key) {
    char text[WS_KEY_SIZE - 1 + sizeof GUID - 1];
    uint8_t hash[SHA_DIGEST_LENGTH];
    size_t n = key.len < WS_KEY_SIZE - 1 ? key.len : WS_KEY_SIZE - 1;
    memcpy(text, key.ptr, n);
    memcpy(text + n, GUID, sizeof GUID - 1);
    SHA1((const uint8_t *)text, n + sizeof GUID - 1, hash);
    EVP_EncodeBlock((uint8_t *)out, hash, sizeof hash);
}

/* The base64 of 16 bytes: 22 characters of its alphabet and two signs of padding. */
static bool is_key(struct slice key) {
    if (key.len != WS_KEY_SIZE - 1 || memcmp(key.ptr + 22, "==", 2) != 0)
        return false;
    for (size_t i = 0; i < 22; i++) {
        char c = key.ptr[i];
        bool is_alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_alpha && !(c >= '0' && c <= '9') && c != '+' && c != '/')
            return false;
    }
    return true;
}

static int refuse(const char **why, int status, const char *sentence) {
    *why = sentence;
    return status;
}

int ws_check_request(const struct http_head *head, struct slice *key, const char **why) {
    const struct slice *upgrade = http_find_header(head, "upgrade");
    if (!head->asks_upgrade || !upgrade || !http_list_has(*upgrade, "websocket"))
        return refuse(why, 400, "Missing or invalid Upgrade header");
    if (!slice_is_equal(head->method, SLICE("GET")))
        return refuse(why, 400, "A WebSocket handshake is a GET request");
    if (head->is_chunked || head->content_length > 0)
        return refuse(why, 400, "A WebSocket handshake has no body");
    const struct slice *version = http_find_header(head, "sec-websocket-version");
    if (!version)
        return refuse(why, 400, "Missing or invalid Sec-WebSocket-Version header");
    if (!slice_is_equal(*version, SLICE("13")))
        return refuse(why, 426, "Missing or invalid Sec-WebSocket-Version header");
    const struct slice *found = http_find_header(head, "sec-websocket-key");
    if (!found || http_count_headers(head, "sec-websocket-key") > 1 || !is_key(*found))
        return refuse(why, 400, "Missing or invalid Sec-WebSocket-Key header");
    *key = *found;
    return 0;
}

int ws_check_reply(const struct http_head *head, const char accept[WS_ACCEPT_SIZE],
                   const char **why) {
    const struct slice *upgrade = http_find_header(head, "upgrade");
    const struct slice *found = http_find_header(head, "sec-websocket-accept");
    if (head->status != 101)
        return refuse(why, EPROTO, "the server did not switch protocols");
    if (!head->asks_upgrade || !upgrade || !slice_is_equal_nocase(*upgrade, SLICE("websocket")))
        return refuse(why, EPROTO, "the server switched to something else");
    if (!found || !slice_is_equal(*found, slice_from(accept)))
        return refuse(why, EPROTO, "wrong Sec-WebSocket-Accept");
    if (http_find_header(head, "sec-websocket-extensions") ||
        http_find_header(head, "sec-websocket-protocol"))
        return refuse(why, EPROTO, "the server chose what was not offered");
    return 0;
}
