#include "wire/web/base64.h"

#include <assert.h>
#include <openssl/evp.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void base64_write(struct buf *out, struct slice bytes) {
    assert(bytes.len <= INT32_MAX / 2);
    /* EVP_EncodeBlock also writes a terminator. */
    char *to = buf_reserve(out, (bytes.len + 2) / 3 * 4 + 1);
    out->len += (size_t)EVP_EncodeBlock((unsigned char *)to, (const unsigned char *)bytes.ptr,
                                        (int)bytes.len);
}

void base64url_write(struct buf *out, struct slice bytes) {
    size_t start = out->len;
    base64_write(out, bytes);
    out->len = start + (bytes.len * 4 + 2) / 3; /* without the padding */
    for (size_t i = start; i < out->len; i++) {
        if (out->data[i] == '+')
            out->data[i] = '-';
        else if (out->data[i] == '/')
            out->data[i] = '_';
    }
}

/* The six bits of a character, or -1. */
static int value_of(char c) {
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '-')
        return 62;
    return c == '_' ? 63 : -1;
}

bool base64url_parse(struct buf *out, struct slice text) {
    if (text.len % 4 == 1)
        return false;
    size_t old_len = out->len;
    uint8_t *to = (uint8_t *)buf_reserve(out, text.len / 4 * 3 + 2);
    uint32_t bits = 0;
    unsigned count = 0;
    size_t made = 0;
    for (size_t i = 0; i < text.len; i++) {
        int value = value_of(text.ptr[i]);
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

bool base64_parse_leniently(struct buf *out, struct slice text) {
    struct buf plain = {0};
    size_t len = text.len;
    while (len > 0 && strchr("=\r\n\t ", text.ptr[len - 1]))
        len--;
    char *to = buf_reserve(&plain, len + 1);
    for (size_t i = 0; i < len; i++) {
        char c = text.ptr[i];
        if (c != '\r' && c != '\n' && c != '\t' && c != ' ')
            to[plain.len++] = c == '+' ? '-' : c == '/' ? '_' : c;
    }
    /* The bits of the last character that no byte uses. */
    unsigned unused = plain.len % 4 == 2 ? 0x0f : plain.len % 4 == 3 ? 0x03 : 0;
    int last = unused ? value_of(to[plain.len - 1]) : 0;
    bool is_good = last >= 0;
    if (is_good && unused)
        to[plain.len - 1] = alphabet[(unsigned)last & ~unused];
    is_good = is_good && base64url_parse(out, buf_slice(&plain));
    buf_free(&plain);
    return is_good;
}
