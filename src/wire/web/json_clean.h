/*
 * JSON as Node writes it again after it has parsed it, so that readers of every language take it:
 *
 * 1. Of two members with one name the last stays.
 * 2. A number beyond a double becomes null, one that is lost beside zero becomes 0. Integers of up
 *    to 64 bits stay as they are, digit for digit; what is longer becomes the double it means.
 * 3. Escapes become the characters that they mean; half a surrogate pair becomes U+FFFD.
 *
 * One pass over the text.
 */
#ifndef WIRE_JSON_CLEAN_H
#define WIRE_JSON_CLEAN_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdint.h>

/* Appends a list "a,b,c" of values that json_check() accepts, cleaned; a single value is a list,
 * too. The seed keeps a stranger from choosing names that collide. */
void json_clean(struct buf *out, struct slice list, uint64_t seed);

#endif
