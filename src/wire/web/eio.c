#include "wire/web/eio.h"

#include "wire/web/json_write.h"

bool eio_parse(struct slice text, struct eio_packet *out) {
    if (text.len == 0)
        return false;
    char first = text.ptr[0];
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
    if (!rest->ptr)
        return EIO_NEXT_END;
    size_t len = slice_find_byte(*rest, EIO_SEPARATOR);
    if (!eio_parse(slice_take(*rest, len), out))
        return EIO_NEXT_BAD;
    /* A packet must follow a separator: only an end without one leaves nothing to parse. */
    *rest = len < rest->len ? slice_of(rest->ptr + len + 1, rest->len - len - 1) : SLICE_NONE;
    return EIO_NEXT_PACKET;
}

void eio_write_open(struct buf *out, const struct eio_open *open) {
    buf_add_text(out, "0{");
    json_add_text(out, "sid", open->sid);
    json_open_array(out, "upgrades");
    if (open->can_upgrade)
        json_add_text(out, NULL, SLICE("websocket"));
    json_close_array(out);
    json_add_uint(out, "pingInterval", open->ping_interval_ms);
    json_add_uint(out, "pingTimeout", open->ping_timeout_ms);
    json_add_uint(out, "maxPayload", open->max_payload_bytes);
    json_close(out);
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
    json_open(out, NULL);
    json_add_int(out, "code", (int)error);
    json_add_text(out, "message", slice_from(eio_error_text(error)));
    json_close(out);
}
