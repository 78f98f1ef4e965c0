#include "wire/web/sio.h"

#include "base/macros.h"
#include "base/text.h"
#include "wire/web/json.h"

#include <inttypes.h>
#include <string.h>

enum { ID_DIGITS_MAX = 16, NAME_BYTES_MAX = 256 /* of a name that means anything here */ };

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* The names that only the protocol itself uses; a client may not send them as events. */
static bool is_reserved(struct slice name_token) {
    static const char *const names[] = {"connect",       "connect_error", "disconnect",
                                        "disconnecting", "newListener",   "removeListener"};
    for (size_t i = 0; i < ARRAY_LEN(names) && name_token.len <= NAME_BYTES_MAX; i++) {
        if (json_text_is(name_token, names[i]))
            return true;
    }
    return false;
}

/* Placeholders, {"_placeholder":true,"num":N}, are looked for in one pass from left to right, however
 * deep they lie. Each function takes the position of a value in text that has passed json_check(), so
 * that its recursion is bounded, and returns the position behind it; *is_good becomes false when a
 * number is not below `count`. */
static const char *walk_value(const char *p, const char *end, unsigned count, bool *is_good);

static const char *walk_array(const char *p, const char *end, unsigned count, bool *is_good) {
    for (p = json_skip_space(p + 1, end); p < end && *p != ']'; p = json_skip_space(p, end))
        p = *p == ',' ? p + 1 : walk_value(p, end, count, is_good);
    return p + 1;
}

static bool is_number_below(struct slice text, unsigned count) {
    uint64_t number;
    return json_to_count(text, &number) && number < count;
}

/* What else is in a placeholder means nothing. */
static const char *walk_object(const char *p, const char *end, unsigned count, bool *is_good) {
    bool is_placeholder = false, are_members_good = true, has_number = false;
    for (p = json_skip_space(p + 1, end); p < end && *p != '}'; p = json_skip_space(p, end)) {
        if (*p == ',') {
            p++;
            continue;
        }
        const char *key_end = json_skip_string(p, end);
        struct slice key = slice_of(p, (size_t)(key_end - p));
        const char *colon = json_skip_space(key_end, end);
        const char *start = json_skip_space(colon + 1, end);
        p = walk_value(start, end, count, &are_members_good);
        struct slice value = slice_of(start, (size_t)(p - start));
        if (json_text_is(key, "_placeholder"))
            is_placeholder = json_kind(value) == JSON_KIND_TRUE;
        else if (json_text_is(key, "num"))
            has_number = is_number_below(value, count);
    }
    if (is_placeholder ? !has_number : !are_members_good)
        *is_good = false;
    return p + 1;
}

static const char *walk_value(const char *p, const char *end, unsigned count, bool *is_good) {
    p = json_skip_space(p, end);
    if (p == end)
        return p;
    if (*p == '{')
        return walk_object(p, end, count, is_good);
    if (*p == '[')
        return walk_array(p, end, count, is_good);
    if (*p == '"')
        return json_skip_string(p, end);
    return json_skip_scalar(p, end);
}

static bool check_placeholders(struct slice json, unsigned count) {
    bool is_good = true;
    walk_value(json.ptr, slice_end(json), count, &is_good);
    return is_good;
}

static bool parse_head(struct slice *text, struct sio_packet *out) {
    const char *p = text->ptr, *end = p + text->len;
    if (p == end || *p < '0' || *p > '6')
        return false;
    out->type = (enum sio_type)(*p++ - '0');
    if (out->type == SIO_BINARY_EVENT || out->type == SIO_BINARY_ACK) {
        const char *start = p;
        while (p < end && is_digit(*p) && p - start < 2)
            out->attachments = out->attachments * 10 + (unsigned)(*p++ - '0');
        if (p == end || *p++ != '-' || out->attachments == 0 ||
            out->attachments > SIO_ATTACHMENTS_MAX)
            return false;
    }
    out->nsp = SLICE("/");
    if (p < end && *p == '/') {
        size_t len = slice_find_byte(slice_of(p, (size_t)(end - p)), ',');
        out->nsp = slice_of(p, len);
        p += len;
        if (p < end)
            p++;
    }
    for (const char *start = p; p < end && is_digit(*p); p++) {
        if (p - start == ID_DIGITS_MAX)
            return false;
        out->has_id = true;
        out->id = out->id * 10 + (unsigned)(*p - '0');
    }
    *text = slice_of(p, (size_t)(end - p));
    return out->id <= (UINT64_C(1) << 53) - 1;
}

/* Of an array that is nested too deeply only the event's name is read, for the answer. */
static bool parse_deep_list(struct slice json, struct sio_packet *out) {
    struct slice rest = json_inside(json);
    out->is_too_deep = !json_is_shallow(json) && json_kind(json) == JSON_KIND_ARRAY;
    if (!out->is_too_deep || out->type == SIO_ACK || out->type == SIO_BINARY_ACK)
        return out->is_too_deep;
    return json_next_item(&rest, &out->name) && out->name.len <= NAME_BYTES_MAX &&
           json_check(out->name) && json_kind(out->name) == JSON_KIND_STRING &&
           !is_reserved(out->name);
}

/* EVENT and ACK: an array, or nothing at all, which the reference implementation accepts and
 * ignores. */
static bool parse_list(struct slice json, struct sio_packet *out) {
    if (json.len == 0)
        return true;
    if (!json_check(json))
        return parse_deep_list(json, out);
    if (json_kind(json) != JSON_KIND_ARRAY)
        return false;
    if (out->attachments > 0 && !check_placeholders(json, out->attachments))
        return false;
    out->args = json_inside(json);
    if (out->type == SIO_EVENT || out->type == SIO_BINARY_EVENT) {
        if (!json_next_item(&out->args, &out->name))
            return false;
        enum json_kind kind = json_kind(out->name);
        if (kind != JSON_KIND_NUMBER && (kind != JSON_KIND_STRING || is_reserved(out->name)))
            return false;
    }
    struct slice rest = out->args, item;
    while (json_next_item(&rest, &item))
        out->argc++;
    return true;
}

bool sio_parse(struct slice text, struct sio_packet *out) {
    *out = (struct sio_packet){0};
    if (!parse_head(&text, out))
        return false;
    switch (out->type) {
    case SIO_CONNECT:
        out->json = text;
        return text.len == 0 || (json_check(text) && json_kind(text) == JSON_KIND_OBJECT);
    case SIO_DISCONNECT:
        return text.len == 0;
    case SIO_CONNECT_ERROR:
        return false; /* only servers refuse */
    default:
        return parse_list(text, out);
    }
}

void sio_write_head(struct buf *out, enum sio_type type, unsigned attachments, struct slice nsp,
                    const uint64_t *id) {
    buf_add_byte(out, (char)('0' + (int)type));
    if (type == SIO_BINARY_EVENT || type == SIO_BINARY_ACK)
        buf_printf(out, "%u-", attachments);
    if (nsp.len > 1) {
        buf_add_slice(out, nsp);
        buf_add_byte(out, ',');
    }
    if (id)
        buf_printf(out, "%" PRIu64, *id);
}

void sio_write_event(struct buf *out, struct slice nsp, const uint64_t *id, struct slice name,
                     struct slice args, unsigned attachments) {
    sio_write_head(out, attachments ? SIO_BINARY_EVENT : SIO_EVENT, attachments, nsp, id);
    buf_add_byte(out, '[');
    text_add_json(out, name);
    if (args.len > 0)
        buf_add_byte(out, ',');
    buf_add_slice(out, args);
    buf_add_byte(out, ']');
}

void sio_write_ack(struct buf *out, struct slice nsp, uint64_t id, struct slice args,
                   unsigned attachments) {
    sio_write_head(out, attachments ? SIO_BINARY_ACK : SIO_ACK, attachments, nsp, &id);
    buf_add_byte(out, '[');
    buf_add_slice(out, args);
    buf_add_byte(out, ']');
}
