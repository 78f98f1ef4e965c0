#include "wire/web/url.h"

#include "base/text.h"

#include <errno.h>
#include <string.h>

/* ---- URLs ---- */

static bool is_scheme(struct slice s) {
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool is_alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_alpha && (i == 0 || !((c >= '0' && c <= '9') || strchr("+-.", c))))
            return false;
    }
    return s.len > 0;
}

static bool is_plain(struct slice s) {
    for (size_t i = 0; i < s.len; i++)
        if ((uint8_t)s.ptr[i] <= ' ' || s.ptr[i] == 0x7F)
            return false;
    return true;
}

static bool parse_port(struct url *url, struct slice text) {
    uint64_t port;
    if (text.len == 0)
        return true; /* "host:" is the default port */
    if (!slice_to_uint(text, UINT16_MAX, &port) || port == 0)
        return false;
    url->port = (uint16_t)port;
    return true;
}

static bool parse_host(struct url *url, struct slice text) {
    if (text.len > 0 && text.ptr[0] == '[') {
        size_t end = slice_find_byte(text, ']');
        if (end == text.len || end < 3)
            return false;
        url->host = slice_of(text.ptr + 1, end - 1);
        struct slice rest = slice_skip(text, end + 1);
        return rest.len == 0 || (rest.ptr[0] == ':' && parse_port(url, slice_skip(rest, 1)));
    }
    struct slice port;
    if (slice_split(text, ':', &url->host, &port))
        return url->host.len > 0 && parse_port(url, port);
    url->host = text;
    return text.len > 0;
}

static bool parse_authority(struct url *url, struct slice text) {
    for (size_t i = text.len; i > 0; i--) {
        if (text.ptr[i - 1] != '@')
            continue;
        struct slice user = slice_take(text, i - 1);
        if (!slice_split(user, ':', &url->user, &url->password))
            url->user = user;
        text = slice_skip(text, i);
        break;
    }
    return parse_host(url, text);
}

int url_parse(struct url *out, struct slice text) {
    struct url url = {0};
    struct slice rest;
    if (!is_plain(text) || !slice_split(text, ':', &url.scheme, &rest) || !is_scheme(url.scheme))
        return EINVAL;
    if (!slice_has_prefix(rest, SLICE("//")))
        return EINVAL;
    rest = slice_take(slice_skip(rest, 2), slice_find_byte(slice_skip(rest, 2), '#'));

    size_t end = 0;
    while (end < rest.len && rest.ptr[end] != '/' && rest.ptr[end] != '?')
        end++;
    if (!parse_authority(&url, slice_take(rest, end)))
        return EINVAL;
    rest = slice_skip(rest, end);
    size_t path = slice_find_byte(rest, '?');
    url.path = slice_take(rest, path);
    url.query = slice_skip(rest, path + 1);
    *out = url;
    return 0;
}

bool url_is_secure(const struct url *url) {
    return slice_is_equal_nocase(url->scheme, SLICE("wss")) ||
           slice_is_equal_nocase(url->scheme, SLICE("https"));
}

uint16_t url_port(const struct url *url) {
    if (url->port)
        return url->port;
    if (url_is_secure(url))
        return 443;
    bool is_plain_text = slice_is_equal_nocase(url->scheme, SLICE("ws")) ||
                         slice_is_equal_nocase(url->scheme, SLICE("http"));
    return is_plain_text ? 80 : 0;
}

/* ---- escapes ---- */

/* The byte that text[*i] and what belongs to it stand for; *i moves to its last character. -1: a
 * broken escape. */
static int decode_byte(struct slice text, size_t *i, bool plus_is_space) {
    char c = text.ptr[*i];
    if (c == '+' && plus_is_space)
        return ' ';
    if (c != '%')
        return (uint8_t)c;
    if (text.len - *i < 3)
        return -1;
    int high = text_hex_value(text.ptr[*i + 1]), low = text_hex_value(text.ptr[*i + 2]);
    *i += 2;
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

int url_decode(struct buf *out, struct slice text, bool plus_is_space) {
    size_t before = out->len;
    buf_reserve(out, text.len);
    for (size_t i = 0; i < text.len; i++) {
        int byte = decode_byte(text, &i, plus_is_space);
        if (byte < 0) {
            out->len = before;
            return EINVAL;
        }
        buf_add_byte(out, (char)byte);
    }
    return 0;
}

static bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void url_encode(struct buf *out, struct slice text) {
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (is_unreserved(c)) {
            buf_add_byte(out, c);
        } else if (c == ' ') {
            buf_add_byte(out, '+');
        } else {
            const char escape[] = {'%', digits[(uint8_t)c >> 4], digits[c & 15]};
            buf_add(out, escape, sizeof escape);
        }
    }
}

/* ---- queries ---- */

bool query_next(struct slice *rest, struct slice *name, struct slice *value) {
    struct slice part;
    while (slice_cut(rest, '&', &part)) {
        if (part.len == 0)
            continue;
        if (!slice_split(part, '=', name, value)) {
            *name = part;
            *value = SLICE_NONE;
        }
        return true;
    }
    return false;
}

/* Byte by byte, so that no buffer is needed: names are short and rarely escaped. */
bool query_name_is(struct slice name, const char *plain) {
    size_t i = 0;
    for (; *plain && i < name.len; plain++, i++)
        if (decode_byte(name, &i, true) != (uint8_t)*plain)
            return false;
    return !*plain && i == name.len;
}

unsigned query_find(struct slice query, const char *name, struct slice *value) {
    unsigned count = 0;
    struct slice found_name, found_value;
    while (query_next(&query, &found_name, &found_value))
        if (query_name_is(found_name, name) && count++ == 0)
            *value = found_value;
    return count;
}

int query_get(struct buf *out, struct slice query, const char *name) {
    struct slice value;
    if (query_find(query, name, &value) == 0)
        return ENOENT;
    return url_decode(out, value, true);
}
