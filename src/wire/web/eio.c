#include "wire/web/eio.h"

#include <stddef.h>

bool eio_parse(struct slice text, struct eio_packet *out) {
    char first;

    if (text.len == 0)
        return false;
    first = text.ptr[0];
    if (first != 'b' && (first < '0' || first > '6'))
        return false;
    *out = (struct eio_packet){
        .type = first == 'b' ? EIO_MESSAGE : (enum eio_type)(first - '0'),
        .is_base64 = first == 'b',
        .data = slice_skip(text, 1),
    };
    return true;
}

enum eio_next eio_next_packet(struct slice *rest, struct eio_packet *out) {
    size_t len;

    if (!rest->ptr)
        return EIO_NEXT_END;
    len = slice_find_byte(*rest, EIO_SEPARATOR);
    if (!eio_parse(slice_take(*rest, len), out))
        return EIO_NEXT_BAD;
    /* A separator promises a packet behind it, so only the end without one is the end. */
    *rest = len < rest->len ? slice_of(rest->ptr + len + 1, rest->len - len - 1) : SLICE_NONE;
    return EIO_NEXT_PACKET;
}

void eio_write_open(struct buf *out, const struct eio_open *open) {
    buf_printf(out,
               "0{\"sid\":\"%.*s\",\"upgrades\":[%s],\"pingInterval\":%u,\"pingTimeout\":%u,"
               "\"maxPayload\":%u}",
               SLICE_ARG(open->sid), open->can_upgrade ? "\"websocket\"" : "",
               open->ping_interval_ms, open->ping_timeout_ms, open->max_payload_bytes);
}

const char *eio_error_text(enum eio_error error) {
    static const char *const texts[] = {
        [EIO_ERROR_TRANSPORT] = "Transport unknown",
        [EIO_ERROR_SID] = "Session ID unknown",
        [EIO_ERROR_METHOD] = "Bad handshake method",
        [EIO_ERROR_REQUEST] = "Bad request",
        [EIO_ERROR_FORBIDDEN] = "Forbidden",
        [EIO_ERROR_VERSION] = "Unsupported protocol version",
    };

    return texts[error];
}

void eio_write_error(struct buf *out, enum eio_error error) {
    buf_printf(out, "{\"code\":%d,\"message\":\"%s\"}", (int)error, eio_error_text(error));
}
