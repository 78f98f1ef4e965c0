#include "wire/redis/resp.h"

#include <string.h>

enum { NUMBER_DIGITS = 19 };

void resp_write(struct buf *out, const struct slice *parts, unsigned count) {
    buf_printf(out, "*%u\r\n", count);
    for (unsigned i = 0; i < count; i++) {
        buf_printf(out, "$%zu\r\n", parts[i].len);
        buf_add_slice(out, parts[i]);
        buf_add_text(out, "\r\n");
    }
}

/* The rest of the line at the front, without its end. */
static enum resp_state take_line(struct slice *rest, struct slice *line) {
    size_t end = slice_find_byte(slice_take(*rest, RESP_LINE_MAX), '\r');
    if (end + 1 >= rest->len)
        return rest->len > RESP_LINE_MAX ? RESP_BAD : RESP_MORE;
    if (rest->ptr[end] != '\r' || rest->ptr[end + 1] != '\n')
        return RESP_BAD;
    *line = slice_take(*rest, end);
    *rest = slice_skip(*rest, end + 2);
    return RESP_WHOLE;
}

static bool read_number(struct slice line, int64_t *out) {
    bool is_negative = line.len > 0 && line.ptr[0] == '-';
    uint64_t number;
    line = slice_skip(line, is_negative);
    if (line.len == 0 || line.len > NUMBER_DIGITS || !slice_to_uint(line, INT64_MAX, &number))
        return false;
    *out = is_negative ? -(int64_t)number : (int64_t)number;
    return true;
}

static enum resp_state take_text(struct slice *rest, struct resp_value *out) {
    size_t len = (size_t)out->number;
    out->kind = RESP_TEXT;
    if (rest->len < 2 || rest->len - 2 < len)
        return RESP_MORE;
    out->text = slice_take(*rest, len);
    if (memcmp(rest->ptr + len, "\r\n", 2) != 0)
        return RESP_BAD;
    *rest = slice_skip(*rest, len + 2);
    return RESP_WHOLE;
}

static enum resp_state take_value(struct slice *rest, struct resp_value *out) {
    struct slice line;
    if (rest->len == 0)
        return RESP_MORE;
    char type = rest->ptr[0];
    *out = (struct resp_value){0};
    *rest = slice_skip(*rest, 1);
    enum resp_state state = take_line(rest, &line);
    if (state != RESP_WHOLE)
        return strchr("+-:$*", type) && type ? state : RESP_BAD;
    if (type == '+' || type == '-') {
        out->kind = type == '+' ? RESP_STATUS : RESP_ERROR;
        out->text = line;
        return RESP_WHOLE;
    }
    if (!type || !strchr(":$*", type) || !read_number(line, &out->number))
        return RESP_BAD;
    if (type == ':') {
        out->kind = RESP_INT;
        return RESP_WHOLE;
    }
    if (out->number < 0) {
        out->kind = RESP_NIL;
        return out->number == -1 ? RESP_WHOLE : RESP_BAD;
    }
    out->kind = RESP_ARRAY;
    return type == '$' ? take_text(rest, out) : RESP_WHOLE;
}

static enum resp_state find_end(struct slice *rest, unsigned depth, size_t budget) {
    struct resp_value value = {0};
    enum resp_state state = take_value(rest, &value);
    if (state == RESP_MORE && value.kind == RESP_TEXT && (uint64_t)value.number > budget)
        return RESP_BAD; /* its end will not be waited for */
    if (state != RESP_WHOLE || value.kind != RESP_ARRAY)
        return state;
    if (depth == 0 || (uint64_t)value.number > budget)
        return RESP_BAD;
    for (int64_t i = 0; i < value.number && state == RESP_WHOLE; i++)
        state = find_end(rest, depth - 1, budget);
    return state;
}

enum resp_state resp_find(struct slice bytes, size_t max_bytes, size_t *used) {
    struct slice rest = bytes;
    enum resp_state state = find_end(&rest, RESP_DEPTH_MAX, max_bytes);
    if (state == RESP_BAD || bytes.len - (state == RESP_WHOLE ? rest.len : 0) > max_bytes)
        return RESP_BAD;
    if (state == RESP_WHOLE)
        *used = bytes.len - rest.len;
    return state;
}

bool resp_next(struct slice *rest, struct resp_value *out) {
    return take_value(rest, out) == RESP_WHOLE;
}

bool resp_skip(struct slice *rest) {
    return find_end(rest, RESP_DEPTH_MAX, SIZE_MAX) == RESP_WHOLE;
}
