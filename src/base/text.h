/* Text in its forms: UTF-8, names that are safe in a path, times, JSON strings, hexadecimal and
 * base 36. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/buf.h"
#include "base/slice.h"

/* Well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF). */
bool text_is_utf8(struct slice s);

/* Checks UTF-8 that arrives in pieces. Zeroed at the start of a text. */
struct text_utf8 {
    uint32_t need; /* continuation bytes still due */
    uint8_t low;   /* bounds of the next one */
    uint8_t high;
};

/* False as soon as the text can no longer become valid. */
bool text_utf8_feed(struct text_utf8 *state, struct slice part);
bool text_utf8_is_complete(const struct text_utf8 *state);

/* Valid UTF-8 of 1..max bytes without control characters (C0, DEL, C1): a name that a room or a
 * person may have. */
bool text_is_identity(struct slice s, size_t max);

enum { TEXT_NAME_MAX = 64, TEXT_NAME_SIZE = TEXT_NAME_MAX + 1 };

/*
 * Reduces untrusted text to one path component: each character outside [A-Za-z0-9._-] becomes '_',
 * at most 64 bytes, never empty, "." or "..". Returns true when the result differs from s.
 */
bool text_reduce(struct slice s, char out[TEXT_NAME_SIZE]);

/* The same, but a changed name ends in a short hash of the original, so that two names do not end
 * up in the same folder. */
void text_reduce_unique(struct slice s, char out[TEXT_NAME_SIZE]);

enum { TEXT_ISO_SIZE = 25 };

/* Unix ms as "2026-11-22T12:00:00.000Z". */
void text_iso_time(int64_t unix_ms, char out[TEXT_ISO_SIZE]);

/* The reverse: UTC with 'Z' or an offset, fraction optional. */
bool text_parse_iso_time(struct slice s, int64_t *unix_ms);

/* A JSON string with its quotes. Invalid UTF-8 becomes U+FFFD. */
void text_add_json(struct buf *out, struct slice s);

/* Lowercase hexadecimal, 2 * len characters and a terminator. */
void text_hex(const void *bytes, size_t len, char *out);

/* The value of one hexadecimal digit in either case; -1 for any other character. */
int text_hex_value(char c);

/* `value` in base 36, as JavaScript's toString(36). At most 13 characters and a terminator. */
void text_base36(uint64_t value, char out[14]);

#endif
