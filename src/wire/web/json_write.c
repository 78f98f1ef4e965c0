#include "wire/web/json_write.h"

#include "base/text.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>

static bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool is_after_value(const struct buf *out) {
    size_t len = out->len;
    while (len > 0 && is_space(out->data[len - 1]))
        len--;
    char last = len > 0 ? out->data[len - 1] : ',';
    return last != '{' && last != '[' && last != ':' && last != ',';
}

static void add_comma(struct buf *out) {
    if (is_after_value(out))
        buf_add_byte(out, ',');
}

/* The comma and the name before a value. */
static void begin(struct buf *out, const char *name) {
    if (name)
        json_add_name(out, name);
    else
        add_comma(out);
}

void json_open(struct buf *out, const char *name) {
    begin(out, name);
    buf_add_byte(out, '{');
}

void json_close(struct buf *out) {
    buf_add_byte(out, '}');
}

void json_open_array(struct buf *out, const char *name) {
    begin(out, name);
    buf_add_byte(out, '[');
}

void json_close_array(struct buf *out) {
    buf_add_byte(out, ']');
}

void json_add_name(struct buf *out, const char *name) {
    add_comma(out);
    buf_add_byte(out, '"');
    buf_add_text(out, name);
    buf_add_text(out, "\":");
}

void json_add_text(struct buf *out, const char *name, struct slice text) {
    begin(out, name);
    text_add_json(out, text);
}

void json_add_text_or_null(struct buf *out, const char *name, struct slice text) {
    if (text.len > 0)
        json_add_text(out, name, text);
    else
        json_add_null(out, name);
}

void json_add_int(struct buf *out, const char *name, int64_t number) {
    begin(out, name);
    buf_printf(out, "%" PRId64, number);
}

void json_add_uint(struct buf *out, const char *name, uint64_t number) {
    begin(out, name);
    buf_printf(out, "%" PRIu64, number);
}

void json_add_real(struct buf *out, const char *name, double number, int digits) {
    if (!isfinite(number)) {
        json_add_null(out, name);
        return;
    }
    begin(out, name);
    buf_printf(out, "%.*f", digits, number);
}

void json_add_bool(struct buf *out, const char *name, bool value) {
    begin(out, name);
    buf_add_text(out, value ? "true" : "false");
}

void json_add_null(struct buf *out, const char *name) {
    begin(out, name);
    buf_add_text(out, "null");
}

void json_add_time(struct buf *out, const char *name, int64_t unix_ms) {
    char time[TEXT_ISO_SIZE];
    text_iso_time(unix_ms, time);
    json_add_text(out, name, slice_from(time));
}

void json_add_time_or_null(struct buf *out, const char *name, int64_t unix_ms) {
    if (unix_ms)
        json_add_time(out, name, unix_ms);
    else
        json_add_null(out, name);
}

void json_add_raw(struct buf *out, const char *name, struct slice json) {
    assert(json.len > 0);
    begin(out, name);
    buf_add_slice(out, json);
}

void json_break_line(struct buf *out, unsigned indent) {
    add_comma(out);
    buf_printf(out, "\n%*s", (int)indent, "");
}
