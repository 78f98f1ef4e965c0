/* JSON (RFC 8259) as text: checked and walked without building a tree. So nothing is lost
 * that a parser into C types would refuse or round: integers of 20 digits, 1e400, half a surrogate
 * pair.
 *
 * The text must be valid UTF-8. The functions that walk it need text that json_check() has
 * accepted. */
#ifndef WIRE_JSON_H
#define WIRE_JSON_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>

enum { JSON_DEPTH_MAX = 64 };

enum json_kind {
    JSON_KIND_NONE, /* empty text */
    JSON_KIND_OBJECT,
    JSON_KIND_ARRAY,
    JSON_KIND_STRING,
    JSON_KIND_NUMBER,
    JSON_KIND_TRUE,
    JSON_KIND_FALSE,
    JSON_KIND_NULL,
};

/* True when the text is exactly one JSON value, white space around it allowed, nested no deeper
 * than JSON_DEPTH_MAX. */
bool json_check(struct slice text);

/* True when no bracket of the text, outside strings, opens deeper than JSON_DEPTH_MAX. Called
 * before a recursive parser, it keeps that parser's stack bounded. It checks nothing else. */
bool json_is_shallow(struct slice text);

/* Steps of a single pass over checked text; each returns a position up to `end`. A scalar is a number
 * or a word. */
const char *json_skip_space(const char *p, const char *end);
const char *json_skip_string(const char *p, const char *end); /* p at its quote */
const char *json_skip_scalar(const char *p, const char *end);

/* Bytes of checked text, each escape counted as the character that it means. */
size_t json_text_bytes(struct slice text);

/* What a value is, by its first byte. */
enum json_kind json_kind(struct slice value);

/* Takes the next item of a list "a,b,c" (an array's text without its brackets) off the front of
 * *rest. False at the end. */
bool json_next_item(struct slice *rest, struct slice *item);

/* The same for an object's text without its braces; key keeps its quotes. */
bool json_next_member(struct slice *rest, struct slice *key, struct slice *value);

/* The text between the brackets of an array or the braces of an object. */
struct slice json_inside(struct slice value);

/* The value of the member of that name (the last one, as in JavaScript), empty when there is
 * none or the text is not an object. */
struct slice json_member(struct slice object, const char *name);

/* Compares a string token, quotes and escapes included, with plain text. */
bool json_text_is(struct slice string, const char *text);

/* Appends the value of a string token, as UTF-8. Half a surrogate pair becomes U+FFFD. */
void json_unquote(struct buf *out, struct slice string);

/* Reads a number token without sign, fraction or exponent, at most 2^53 - 1. */
bool json_to_count(struct slice number, uint64_t *out);

#endif
