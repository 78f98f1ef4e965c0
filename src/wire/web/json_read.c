#include "wire/web/json_read.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "wire/web/json.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT SLICE("\xEF\xBF\xBD")

/* ---- Values that the parser refuses ---- */

/* The position after a string of checked text. */
static size_t string_end(struct slice text, size_t at) {
    for (at++; text.ptr[at] != '"'; at++)
        at += text.ptr[at] == '\\';
    return at + 1;
}

static void mend_string(struct buf *out, struct slice token) {
    struct buf plain = {0}, whole = {0};
    json_unquote(&plain, token);
    struct slice rest = buf_slice(&plain);
    while (rest.len > 0) {
        size_t zero = slice_find_byte(rest, 0);
        buf_add_slice(&whole, slice_take(rest, zero));
        if (zero < rest.len)
            buf_add_slice(&whole, REPLACEMENT);
        rest = slice_skip(rest, zero + 1);
    }
    text_add_json(out, buf_slice(&whole));
    buf_free(&plain);
    buf_free(&whole);
}

static size_t number_end(struct slice text, size_t at) {
    while (at < text.len && (isalnum((unsigned char)text.ptr[at]) || strchr("+-.", text.ptr[at])))
        at++;
    return at;
}

static void mend_number(struct buf *out, struct slice token) {
    char *text = slice_copy_text(token);
    errno = 0;
    (void)strtoll(text, NULL, 10);
    bool is_huge = errno == ERANGE && !strpbrk(text, ".eE");
    double value = strtod(text, NULL);
    if (isinf(value))
        buf_add_text(out, "null");
    else if (is_huge)
        buf_printf(out, "%.17g", value);
    else
        buf_add_slice(out, token);
    mem_free(text);
}

/* The text is JSON but for values that the parser cannot hold. */
static void mend(struct buf *out, struct slice text) {
    for (size_t at = 0, end; at < text.len; at = end) {
        char c = text.ptr[at];
        if (c == '"') {
            end = string_end(text, at);
            mend_string(out, slice_of(text.ptr + at, end - at));
        } else if (c == '-' || isdigit((unsigned char)c)) {
            end = number_end(text, at);
            mend_number(out, slice_of(text.ptr + at, end - at));
        } else {
            end = at + 1;
            buf_add_byte(out, c);
        }
    }
}

/* ---- Reading ---- */

static json_t *read_with(struct slice text, size_t flags) {
    static const struct slice mark = {"\xEF\xBB\xBF", 3};
    if (slice_has_prefix(text, mark))
        text = slice_skip(text, mark.len);
    /* A zero byte is never JSON, though jansson takes some for white space. */
    if (slice_find_byte(text, 0) < text.len || text.len == 0 || !json_is_shallow(text))
        return NULL;
    json_t *value = json_loadb(text.ptr, text.len, flags, NULL);
    if (value || !json_check(text))
        return value;
    struct buf mended = {0};
    mend(&mended, text);
    value = json_loadb(mended.data, mended.len, flags, NULL);
    buf_free(&mended);
    return value;
}

json_t *json_read(struct slice text) {
    return read_with(text, 0);
}

json_t *json_read_strict(struct slice text) {
    return read_with(text, JSON_REJECT_DUPLICATES);
}
