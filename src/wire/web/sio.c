#include "wire/web/sio.h"

#include "base/macros.h"
#include "base/text.h"
#include "wire/web/json.h"
#include "wire/web/json_write.h"

#include <inttypes.h>
#include <string.h>

enum { ID_DIGITS_MAX = 16 };

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* The names that only the protocol itself uses; a client may not send them as events. */
static bool is_reserved(struct slice name_token) {
    static const char *const names[] = {"connect",       "connect_error", "disconnect",
                                        "disconnecting", "newListener",   "removeListener"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (json_text_is(name_token, names[i]))
            return true;
    }
    return false;
}

/* The N of {"_placeholder":true,"num":N}; false for any other value. */
static bool parse_placeholder(struct slice object, struct slice *num) {
    if (json_kind(json_member(object, "_placeholder")) != JSON_KIND_TRUE)
        return false;
    *num = json_member(object, "num");
    return true;
}

/* Its recursion is bounded, because the text has passed json_check(). */
static bool check_placeholders(struct slice value, unsigned count) {
    enum json_kind kind = json_kind(value);
    if (kind != JSON_KIND_OBJECT && kind != JSON_KIND_ARRAY)
        return true;
    struct slice rest = json_inside(value), key, item, num;
    uint64_t number;
    if (parse_placeholder(value, &num))
        return json_to_count(num, &number) && number < count;
    while (kind == JSON_KIND_OBJECT ? json_next_member(&rest, &key, &item)
                                    : json_next_item(&rest, &item)) {
        if (!check_placeholders(item, count))
            return false;
    }
    return true;
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

/* EVENT and ACK: an array, or nothing at all, which the reference implementation accepts and
 * ignores. */
static bool parse_list(struct slice json, struct sio_packet *out) {
    if (json.len == 0)
        return true;
    if (!json_check(json) || json_kind(json) != JSON_KIND_ARRAY)
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

static void write_buffer(struct buf *out, struct slice bytes) {
    json_open(out, NULL);
    json_add_text(out, "type", SLICE("Buffer"));
    json_open_array(out, "data");
    for (size_t i = 0; i < bytes.len; i++)
        buf_printf(out, i ? ",%u" : "%u", (unsigned char)bytes.ptr[i]);
    json_close_array(out);
    json_close(out);
}

static void write_value(struct buf *out, struct slice value, const struct slice *attachments,
                        unsigned count) {
    enum json_kind kind = json_kind(value);
    if (kind != JSON_KIND_OBJECT && kind != JSON_KIND_ARRAY) {
        json_add_raw(out, NULL, value);
        return;
    }
    struct slice num;
    uint64_t number;
    if (parse_placeholder(value, &num) && json_to_count(num, &number) && number < count) {
        write_buffer(out, attachments[number]);
        return;
    }
    struct slice rest = json_inside(value), key, item;
    if (kind == JSON_KIND_OBJECT) {
        json_open(out, NULL);
        while (json_next_member(&rest, &key, &item)) {
            json_add_raw(out, NULL, key);
            buf_add_byte(out, ':');
            write_value(out, item, attachments, count);
        }
        json_close(out);
    } else {
        json_open_array(out, NULL);
        while (json_next_item(&rest, &item))
            write_value(out, item, attachments, count);
        json_close_array(out);
    }
}

void sio_write_buffers(struct buf *out, struct slice args, const struct slice *attachments,
                       unsigned count) {
    struct slice item;
    while (json_next_item(&args, &item))
        write_value(out, item, attachments, count);
}
