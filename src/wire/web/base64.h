/*
 * Base64 of RFC 4648: the standard alphabet with padding, and the URL alphabet without.
 * Decoding is strict: no white space, no missing or surplus padding, unused bits zero, so every
 * value has one spelling.
 */
#ifndef WIRE_BASE64_H
#define WIRE_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

void base64_write(struct buf *out, struct slice bytes);
void base64url_write(struct buf *out, struct slice bytes);

/* Appends the decoded bytes; false, and nothing appended, when the text is not the one spelling of
 * something. */
bool base64_parse(struct buf *out, struct slice text);
bool base64url_parse(struct buf *out, struct slice text);

#endif
