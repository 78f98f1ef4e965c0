#include "wire/web/http.h"

#include "base/text.h"

/* Message bodies, RFC 9112, sections 6 and 7. */

enum {
    BODY_LENGTH,     /* `left` bytes, then done */
    BODY_SIZE,       /* hexadecimal digits of a chunk's size */
    BODY_EXTENSION,  /* ";..." after them, passed over */
    BODY_SIZE_LF,    /* the line feed of the size line */
    BODY_CHUNK,      /* `left` bytes */
    BODY_CHUNK_CR,   /* the carriage return behind a chunk */
    BODY_CHUNK_LF,   /* its line feed */
    BODY_TRAILER,    /* at the start of a trailer line */
    BODY_IN_TRAILER, /* inside one, passed over */
    BODY_TRAILER_LF, /* its line feed */
    BODY_END_LF,     /* the line feed of the last, empty line */
    BODY_DONE,
    BODY_BAD,
};

enum {
    SIZE_LINE_MAX = 256, /* with extensions, which clients do not send in practice */
    TRAILERS_MAX = 4096,
};

void http_body_init(struct http_body *body, const struct http_head *head) {
    *body = (struct http_body){.state = BODY_DONE};
    if (head->is_chunked) {
        body->state = BODY_SIZE;
    } else if (head->content_length > 0) {
        body->state = BODY_LENGTH;
        body->left = (uint64_t)head->content_length;
    }
}

static bool is_text_char(uint8_t c) {
    return c == '\t' || (c >= ' ' && c != 0x7F);
}

/* line_n counts the digits, so that an empty or endless size is refused. */
static uint8_t on_size_char(struct http_body *body, uint8_t c) {
    int digit = text_hex_value((char)c);
    if (digit >= 0) {
        if (++body->line_n > 15)
            return BODY_BAD;
        body->left = body->left << 4 | (unsigned)digit;
        return BODY_SIZE;
    }
    if (body->line_n == 0)
        return BODY_BAD;
    return c == '\r' ? BODY_SIZE_LF : c == ';' ? BODY_EXTENSION : BODY_BAD;
}

/* One byte of what frames the chunks; returns the next state. */
static uint8_t on_frame_char(struct http_body *body, uint8_t c) {
    switch (body->state) {
    case BODY_SIZE:
        return on_size_char(body, c);
    case BODY_EXTENSION:
        if (++body->line_n > SIZE_LINE_MAX)
            return BODY_BAD;
        return c == '\r' ? BODY_SIZE_LF : is_text_char(c) ? BODY_EXTENSION : BODY_BAD;
    case BODY_SIZE_LF:
        if (c != '\n')
            return BODY_BAD;
        return body->left > 0 ? BODY_CHUNK : BODY_TRAILER;
    case BODY_CHUNK_CR:
        return c == '\r' ? BODY_CHUNK_LF : BODY_BAD;
    case BODY_CHUNK_LF:
        body->line_n = 0;
        return c == '\n' ? BODY_SIZE : BODY_BAD;
    case BODY_TRAILER:
        if (c == '\r')
            return BODY_END_LF;
        __attribute__((fallthrough));
    case BODY_IN_TRAILER:
        if (++body->trailer_n > TRAILERS_MAX)
            return BODY_BAD;
        return c == '\r' ? BODY_TRAILER_LF : is_text_char(c) ? BODY_IN_TRAILER : BODY_BAD;
    case BODY_TRAILER_LF:
        return c == '\n' ? BODY_TRAILER : BODY_BAD;
    case BODY_END_LF:
        return c == '\n' ? BODY_DONE : BODY_BAD;
    default:
        return BODY_BAD;
    }
}

enum http_result http_body_parse(struct http_body *body, struct slice bytes, size_t *used,
                                 struct slice *piece) {
    size_t i = 0;
    *piece = SLICE_NONE;
    while (i < bytes.len && body->state != BODY_DONE && body->state != BODY_BAD) {
        if (body->state != BODY_LENGTH && body->state != BODY_CHUNK) {
            body->state = on_frame_char(body, (uint8_t)bytes.ptr[i++]);
            continue;
        }
        size_t n = bytes.len - i;
        if (body->left < n)
            n = (size_t)body->left;
        *piece = slice_of(bytes.ptr + i, n);
        i += n;
        body->left -= n;
        body->received += n;
        if (body->left == 0)
            body->state = body->state == BODY_LENGTH ? BODY_DONE : BODY_CHUNK_CR;
        break;
    }
    *used = i;
    return body->state == BODY_DONE ? HTTP_DONE : body->state == BODY_BAD ? HTTP_BAD : HTTP_MORE;
}
