/* Borrowed bytes: a pointer and a length, never owned, never terminated. */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slice {
    const char *ptr;
    size_t len;
};

/* Of a string literal, without strlen. */
#define SLICE(literal) ((struct slice){"" literal, sizeof(literal) - 1})
#define SLICE_NONE     ((struct slice){NULL, 0})

/* For printf's "%.*s". */
#define SLICE_ARG(s) (int)(s).len, (s).ptr

struct slice slice_of(const void *ptr, size_t len);
struct slice slice_from(const char *text); /* NULL gives an empty slice */

bool slice_is_equal(struct slice a, struct slice b);
bool slice_is_equal_nocase(struct slice a, struct slice b); /* ASCII letters only */
bool slice_has_prefix(struct slice s, struct slice prefix);
bool slice_has_prefix_nocase(struct slice s, struct slice prefix);
bool slice_has_suffix(struct slice s, struct slice suffix);
int slice_compare(struct slice a, struct slice b); /* byte order, as strcmp */

bool slice_is_zero(struct slice s); /* only zero bytes; true of an empty slice */

/* The position behind the last byte. Of a slice without an address that is no address either:
 * C adds nothing to NULL, not even 0. */
const char *slice_end(struct slice s);

/* Offset of the first `byte`, or s.len. */
size_t slice_find_byte(struct slice s, char byte);

/* Without, or only, the first `count` bytes. A `count` beyond the end means all of them. */
struct slice slice_skip(struct slice s, size_t count);
struct slice slice_take(struct slice s, size_t count);

struct slice slice_trim(struct slice s); /* spaces and tabs at both ends */

/* Moves the part before the first `separator` from *rest to *part; without a separator, all of
 * *rest. False when no part is left. */
bool slice_cut(struct slice *rest, char separator, struct slice *part);

/* The parts before and after the first `separator`. Without a separator: false, and nothing is
 * set. */
bool slice_split(struct slice s, char separator, struct slice *before, struct slice *after);

/* Reads a slice of decimal digits only. False for anything else, or a number above `max`. */
bool slice_to_uint(struct slice s, uint64_t max, uint64_t *out);

/* Reads a number in decimal notation: digits, a point, a sign; no exponent, "nan", "0x" or blanks,
 * all of which strtod would take. False for anything else, or more than 31 bytes. */
bool slice_to_real(struct slice s, double *out);

/* Terminated copy; free with mem_free. */
char *slice_copy_text(struct slice s);
/* Frees the text, and puts a copy of `s` in its place; `s` may lie in it. */
void slice_replace_text(char **text, struct slice s);

#endif
