/* A growing byte buffer. Zero-initialised is empty and valid. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/slice.h"

struct buf {
    char *data;
    size_t len;
    size_t cap;
};

void buf_free(struct buf *buf);  /* the buffer is empty again */
void buf_clear(struct buf *buf); /* keeps the memory */

/* Makes room for `extra` more bytes and returns where they begin. The caller writes there and adds
 * the number of bytes written to len. */
char *buf_reserve(struct buf *buf, size_t extra);

void buf_add(struct buf *buf, const void *ptr, size_t len);
void buf_add_slice(struct buf *buf, struct slice s);
void buf_add_text(struct buf *buf, const char *text);
void buf_add_byte(struct buf *buf, char byte);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Removes `count` bytes at the front; the rest moves down. */
void buf_consume(struct buf *buf, size_t count);

struct slice buf_slice(const struct buf *buf);

/* The content as terminated text, which the caller frees with mem_free. The buffer is empty
 * afterwards. */
char *buf_take_text(struct buf *buf);

#endif
