#include "base/buf.h"

#include "base/mem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void buf_free(struct buf *buf) {
    mem_free(buf->data);
    *buf = (struct buf){0};
}

void buf_clear(struct buf *buf) {
    buf->len = 0;
}

char *buf_reserve(struct buf *buf, size_t extra) {
    size_t need = buf->len + extra;
    assert(need >= buf->len);
    if (need > buf->cap || !buf->data) {
        size_t cap = buf->cap ? buf->cap : 64;
        while (cap < need)
            cap *= 2;
        buf->data = mem_resize(buf->data, cap);
        buf->cap = cap;
    }
    return buf->data + buf->len;
}

void buf_add(struct buf *buf, const void *ptr, size_t len) {
    if (len == 0)
        return;
    memcpy(buf_reserve(buf, len), ptr, len);
    buf->len += len;
}

void buf_add_slice(struct buf *buf, struct slice s) {
    buf_add(buf, s.ptr, s.len);
}

void buf_add_text(struct buf *buf, const char *text) {
    buf_add(buf, text, strlen(text));
}

void buf_add_byte(struct buf *buf, char byte) {
    buf_add(buf, &byte, 1);
}

void buf_printf(struct buf *buf, const char *format, ...) {
    assert(format);
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    assert(len >= 0);
    vsnprintf(buf_reserve(buf, (size_t)len + 1), (size_t)len + 1, format, again);
    buf->len += (size_t)len;
    va_end(again);
    va_end(args);
}

void buf_consume(struct buf *buf, size_t count) {
    assert(count <= buf->len);
    buf->len -= count;
    if (buf->len)
        memmove(buf->data, buf->data + count, buf->len);
}

struct slice buf_slice(const struct buf *buf) {
    return (struct slice){buf->data, buf->len};
}

char *buf_take_text(struct buf *buf) {
    buf_add_byte(buf, '\0');
    char *text = buf->data;
    *buf = (struct buf){0};
    return text;
}
