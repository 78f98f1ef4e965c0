#include "wire/web/base64.h"

static const char STANDARD[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char URL[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void write_with(struct buf *out, struct slice bytes, const char *alphabet, bool is_padded) {
    const uint8_t *in = (const uint8_t *)bytes.ptr;
    char *to = buf_reserve(out, (bytes.len + 2) / 3 * 4);
    char *start = to;
    size_t at = 0;
    for (; at + 3 <= bytes.len; at += 3) {
        uint32_t three = (uint32_t)in[at] << 16 | (uint32_t)in[at + 1] << 8 | in[at + 2];
        for (int shift = 18; shift >= 0; shift -= 6)
            *to++ = alphabet[three >> shift & 63];
    }
    size_t rest = bytes.len - at;
    if (rest) {
        uint32_t three = (uint32_t)in[at] << 16 | (rest == 2 ? (uint32_t)in[at + 1] << 8 : 0);
        *to++ = alphabet[three >> 18 & 63];
        *to++ = alphabet[three >> 12 & 63];
        if (rest == 2)
            *to++ = alphabet[three >> 6 & 63];
        for (size_t pad = rest; is_padded && pad < 3; pad++)
            *to++ = '=';
    }
    out->len += (size_t)(to - start);
}

void base64_write(struct buf *out, struct slice bytes) {
    write_with(out, bytes, STANDARD, true);
}

void base64url_write(struct buf *out, struct slice bytes) {
    write_with(out, bytes, URL, false);
}

/* The six bits of a character, or -1. `last` are the alphabet's two that differ. */
static int value_of(char c, const char last[2]) {
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == last[0])
        return 62;
    return c == last[1] ? 63 : -1;
}

static bool parse_with(struct buf *out, struct slice text, const char *alphabet) {
    if (text.len % 4 == 1)
        return false;
    size_t old_len = out->len;
    uint8_t *to = (uint8_t *)buf_reserve(out, text.len / 4 * 3 + 2);
    uint32_t bits = 0;
    unsigned count = 0;
    size_t made = 0;
    for (size_t i = 0; i < text.len; i++) {
        int value = value_of(text.ptr[i], alphabet + 62);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            to[made++] = (uint8_t)(bits >> count);
        }
    }
    if (bits & ((1u << count) - 1))
        return false;
    out->len = old_len + made;
    return true;
}

bool base64_parse(struct buf *out, struct slice text) {
    if (text.len % 4 != 0)
        return false;
    for (int pad = 0; pad < 2 && slice_has_suffix(text, SLICE("=")); pad++)
        text.len--;
    return parse_with(out, text, STANDARD);
}

bool base64url_parse(struct buf *out, struct slice text) {
    return parse_with(out, text, URL);
}
