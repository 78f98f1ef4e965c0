/*
 * Writes JSON at the end of a buffer, without white space of its own:
 *
 *     json_open(out, NULL);                   {
 *     json_add_text(out, "id", id);            "id":"7",
 *     json_open_array(out, "tips");            "tips":[
 *     json_add_text(out, NULL, tip);             "Breathe"
 *     json_close_array(out);                   ]
 *     json_close(out);                        }
 *
 * `name` is that of an object's member; NULL writes an item of an array, the outermost value, or
 * the value for which json_add_name() was called. A name is printed as it is, so it holds nothing
 * that JSON escapes.
 *
 * Commas come by themselves: a value is separated unless the text before it ends in a bracket that
 * opens, a colon or a comma, or is empty. The buffer's text is the only state, so a function that
 * is given the buffer can write a whole document, an item or some members alike. Behind text that
 * is not JSON (the type of a Socket.IO packet) begin with buf_add_byte(out, '{').
 */
#ifndef WIRE_JSON_WRITE_H
#define WIRE_JSON_WRITE_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

void json_open(struct buf *out, const char *name);
void json_close(struct buf *out);
void json_open_array(struct buf *out, const char *name);
void json_close_array(struct buf *out);

/* The name alone; the caller writes the value next. */
void json_add_name(struct buf *out, const char *name);

/* Invalid UTF-8 becomes U+FFFD. */
void json_add_text(struct buf *out, const char *name, struct slice text);
void json_add_text_or_null(struct buf *out, const char *name, struct slice text); /* empty: null */

void json_add_int(struct buf *out, const char *name, int64_t number);
void json_add_uint(struct buf *out, const char *name, uint64_t number);

/* `digits` after the point, zeros included. JSON has no infinity and no NaN: they become null. */
void json_add_real(struct buf *out, const char *name, double number, int digits);

void json_add_bool(struct buf *out, const char *name, bool value);
void json_add_null(struct buf *out, const char *name);

/* Unix ms as "2026-11-22T12:00:00.000Z". */
void json_add_time(struct buf *out, const char *name, int64_t unix_ms);
void json_add_time_or_null(struct buf *out, const char *name, int64_t unix_ms); /* 0: null */

/* One value that is JSON already; not empty. */
void json_add_raw(struct buf *out, const char *name, struct slice json);

/* For files that people read: the comma that is due, a line break and `indent` spaces. The next
 * value or name follows on the new line. */
void json_break_line(struct buf *out, unsigned indent);

#endif
