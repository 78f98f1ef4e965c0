/* A growing byte buffer. Zero-initialised is empty and valid. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/slice.h"

struct buf {
    char *data;
    size_t len;
    size_t cap;
};

void buf_free(struct buf *buf);  /* gives the memory back; the buffer is empty again */
void buf_clear(struct buf *buf); /* keeps the memory */

/* Room for `extra` more bytes behind len; returns where they begin. The caller adds what it wrote
 * to len. */
char *buf_reserve(struct buf *buf, size_t extra);

void buf_add(struct buf *buf, const void *ptr, size_t len);
void buf_add_slice(struct buf *buf, struct slice s);
void buf_add_text(struct buf *buf, const char *text);
void buf_add_byte(struct buf *buf, char byte);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Drops `count` bytes at the front by moving the rest down. */
void buf_consume(struct buf *buf, size_t count);

struct slice buf_slice(const struct buf *buf);

/* Terminated text; the buffer is empty afterwards. Free with mem_free. */
char *buf_take_text(struct buf *buf);

#endif
