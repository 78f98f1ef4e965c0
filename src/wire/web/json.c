#include "wire/web/json.h"

#include "base/text.h"

#include <string.h>

/* Each scan function takes the position of a token and returns the position after it, or NULL where
 * the text is no JSON. */

/* ---- checking ---- */

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

const char *json_skip_space(const char *p, const char *end) {
    while (p < end && is_space(*p))
        p++;
    return p;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Four hexadecimal digits, or -1. */
static int hex4(const char *p, const char *end) {
    if (end - p < 4)
        return -1;
    int value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = text_hex_value(p[i]);
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

static const char *scan_string(const char *p, const char *end) {
    p++;
    while (p < end) {
        unsigned char c = (unsigned char)*p++;
        if (c == '"')
            return p;
        if (c < 0x20)
            return NULL;
        if (c != '\\')
            continue;
        if (p == end)
            return NULL;
        c = (unsigned char)*p++;
        if (c == 'u') {
            if (hex4(p, end) < 0)
                return NULL;
            p += 4;
        } else if (!c || !strchr("\"\\/bfnrt", c)) {
            return NULL;
        }
    }
    return NULL;
}

static const char *scan_digits(const char *p, const char *end) {
    const char *start = p;
    while (p < end && is_digit(*p))
        p++;
    return p == start ? NULL : p;
}

static const char *scan_number(const char *p, const char *end) {
    if (*p == '-')
        p++;
    if (p < end && *p == '0')
        p++;
    else if (!(p = scan_digits(p, end)))
        return NULL;
    if (p < end && *p == '.' && !(p = scan_digits(p + 1, end)))
        return NULL;
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        p = scan_digits(p, end);
    }
    return p;
}

static const char *scan_word(const char *p, const char *end, const char *word) {
    size_t len = strlen(word);
    return (size_t)(end - p) >= len && memcmp(p, word, len) == 0 ? p + len : NULL;
}

static const char *scan_value(const char *p, const char *end, unsigned depth);

/* An array's or object's inside, p after the opening bracket. */
static const char *scan_list(const char *p, const char *end, unsigned depth, bool is_object) {
    char close = is_object ? '}' : ']';
    p = json_skip_space(p, end);
    if (p < end && *p == close)
        return p + 1;
    for (;;) {
        if (is_object) {
            p = json_skip_space(p, end);
            if (p == end || *p != '"' || !(p = scan_string(p, end)))
                return NULL;
            p = json_skip_space(p, end);
            if (p == end || *p++ != ':')
                return NULL;
        }
        if (!(p = scan_value(p, end, depth)))
            return NULL;
        p = json_skip_space(p, end);
        if (p == end)
            return NULL;
        if (*p == close)
            return p + 1;
        if (*p++ != ',')
            return NULL;
    }
}

static const char *scan_value(const char *p, const char *end, unsigned depth) {
    p = json_skip_space(p, end);
    if (p == end)
        return NULL;
    switch (*p) {
    case '{':
    case '[':
        return depth == 0 ? NULL : scan_list(p + 1, end, depth - 1, *p == '{');
    case '"':
        return scan_string(p, end);
    case 't':
        return scan_word(p, end, "true");
    case 'f':
        return scan_word(p, end, "false");
    case 'n':
        return scan_word(p, end, "null");
    default:
        return *p == '-' || is_digit(*p) ? scan_number(p, end) : NULL;
    }
}

bool json_check(struct slice text) {
    const char *end = slice_end(text);
    const char *p = scan_value(text.ptr, end, JSON_DEPTH_MAX);
    return p && json_skip_space(p, end) == end;
}

bool json_is_shallow(struct slice text) {
    unsigned depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > JSON_DEPTH_MAX)
                return false;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return true;
}

/* ---- walking ---- */

const char *json_skip_string(const char *p, const char *end) {
    const char *behind = scan_string(p, end);
    return behind ? behind : end;
}

const char *json_skip_scalar(const char *p, const char *end) {
    while (p < end && *p != ',' && *p != ']' && *p != '}' && !is_space(*p))
        p++;
    return p;
}

size_t json_text_bytes(struct slice text) {
    const char *p = text.ptr, *end = p + text.len;
    size_t bytes = 0;
    for (; p < end; bytes++) {
        if (*p != '\\' || end - p < 2) {
            p++;
            continue;
        }
        int code = p[1] == 'u' ? hex4(p + 2, end) : 0;
        bytes += code < 0x80 ? 0 : code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 1 : 2;
        p += p[1] == 'u' && end - p >= 6 ? 6 : 2;
    }
    return bytes;
}

static struct slice trim(struct slice text) {
    const char *end = slice_end(text);
    const char *p = json_skip_space(text.ptr, end);
    while (end > p && is_space(end[-1]))
        end--;
    return slice_of(p, (size_t)(end - p));
}

enum json_kind json_kind(struct slice value) {
    value = trim(value);
    if (value.len == 0)
        return JSON_KIND_NONE;
    switch (value.ptr[0]) {
    case '{':
        return JSON_KIND_OBJECT;
    case '[':
        return JSON_KIND_ARRAY;
    case '"':
        return JSON_KIND_STRING;
    case 't':
        return JSON_KIND_TRUE;
    case 'f':
        return JSON_KIND_FALSE;
    case 'n':
        return JSON_KIND_NULL;
    default:
        return JSON_KIND_NUMBER;
    }
}

/* The position after one value of checked text: brackets balance, so counting them is enough. */
static const char *skip_value(const char *p, const char *end) {
    unsigned depth = 0;
    while (p < end) {
        if (*p == '"') {
            p = scan_string(p, end);
            if (!p)
                return end;
            continue;
        }
        if (*p == '{' || *p == '[')
            depth++;
        else if (depth > 0 && (*p == '}' || *p == ']'))
            depth--;
        else if (depth == 0 && (*p == ',' || *p == '}' || *p == ']'))
            break;
        p++;
    }
    return p;
}

bool json_next_item(struct slice *rest, struct slice *item) {
    const char *end = slice_end(*rest);
    const char *start = json_skip_space(rest->ptr, end);
    if (start == end)
        return false;
    const char *p = skip_value(start, end);
    *item = trim(slice_of(start, (size_t)(p - start)));
    if (p < end)
        p++;
    *rest = slice_of(p, (size_t)(end - p));
    return true;
}

bool json_next_member(struct slice *rest, struct slice *key, struct slice *value) {
    const char *end = slice_end(*rest);
    const char *start = json_skip_space(rest->ptr, end);
    const char *p = start < end && *start == '"' ? scan_string(start, end) : NULL;
    if (!p)
        return false;
    *key = slice_of(start, (size_t)(p - start));
    p = json_skip_space(p, end);
    if (p == end || *p != ':')
        return false;
    *rest = slice_of(p + 1, (size_t)(end - p - 1));
    return json_next_item(rest, value);
}

struct slice json_inside(struct slice value) {
    value = trim(value);
    if (value.len < 2)
        return slice_of(value.ptr, 0);
    return trim(slice_of(value.ptr + 1, value.len - 2));
}

struct slice json_member(struct slice object, const char *name) {
    struct slice found = SLICE_NONE;
    if (json_kind(object) != JSON_KIND_OBJECT)
        return found;
    struct slice rest = json_inside(object), key, value;
    while (json_next_member(&rest, &key, &value)) {
        if (json_text_is(key, name))
            found = value;
    }
    return found;
}

/* ---- strings and numbers ---- */

static void add_utf8(struct buf *out, unsigned code) {
    static const unsigned leads[] = {0, 0xc0, 0xe0, 0xf0};
    unsigned behind = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    buf_add_byte(out, (char)(leads[behind] | code >> 6 * behind));
    while (behind-- > 0)
        buf_add_byte(out, (char)(0x80 | (code >> 6 * behind & 0x3f)));
}

/* The character of a \u escape, p at its digits; takes the second half of a pair along. */
static const char *unquote_unicode(struct buf *out, const char *p, const char *end) {
    int code = hex4(p, end);
    p += 4;
    if (code >= 0xd800 && code < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
        int low = hex4(p + 2, end);
        if (low >= 0xdc00 && low < 0xe000) {
            add_utf8(out, 0x10000u + ((unsigned)(code - 0xd800) << 10) + (unsigned)(low - 0xdc00));
            return p + 6;
        }
    }
    add_utf8(out, code >= 0xd800 && code < 0xe000 ? 0xfffd : (unsigned)code);
    return p;
}

void json_unquote(struct buf *out, struct slice string) {
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    if (string.len < 2 || string.ptr[0] != '"')
        return;
    const char *p = string.ptr + 1, *end = slice_end(string) - 1;
    while (p < end) {
        const char *plain = p;
        while (p < end && *p != '\\')
            p++;
        buf_add(out, plain, (size_t)(p - plain));
        if (end - p < 2)
            return;
        p++;
        if (*p == 'u') {
            if (hex4(p + 1, end) < 0)
                return;
            p = unquote_unicode(out, p + 1, end);
        } else {
            const char *known = strchr(from, *p);
            buf_add(out, known ? &to[known - from] : p, 1);
            p++;
        }
    }
}

bool json_text_is(struct slice string, const char *text) {
    if (string.len < 2 || string.ptr[0] != '"')
        return false;
    struct slice wanted = slice_from(text);
    if (!memchr(string.ptr, '\\', string.len))
        return slice_is_equal(slice_of(string.ptr + 1, string.len - 2), wanted);
    struct buf plain = {0};
    json_unquote(&plain, string);
    bool is_same = slice_is_equal(buf_slice(&plain), wanted);
    buf_free(&plain);
    return is_same;
}

bool json_to_count(struct slice number, uint64_t *out) {
    return number.len <= 16 && slice_to_uint(number, (UINT64_C(1) << 53) - 1, out);
}
