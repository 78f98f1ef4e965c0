/*
 * JSON from others, as a tree. A parser into C types refuses a whole document for one value that it
 * cannot hold. Here such a value is replaced, as JavaScript or a person would read it:
 *
 *     \u0000 in a text, half a surrogate pair, bytes that are no UTF-8     U+FFFD
 *     an integer beyond 64 bits                                           the nearest double
 *     a number beyond a double                                            null
 *     a byte order mark before the document                               left out
 *
 * Every document from outside the process is read by this function.
 */
#ifndef WIRE_JSON_READ_H
#define WIRE_JSON_READ_H

#include "base/slice.h"

#include <jansson.h>

/* The caller owns the value: an object or an array. NULL: the text is not JSON, or is nested deeper
 * than JSON_DEPTH_MAX. Of a member that comes twice the last counts. */
json_t *json_read(struct slice text);

/* The same; NULL when a member comes twice. */
json_t *json_read_strict(struct slice text);

#endif
