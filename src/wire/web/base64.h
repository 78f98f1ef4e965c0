/* Base64 (RFC 4648): the standard alphabet with padding, and the URL alphabet without.
 *
 * OpenSSL writes it. Reading is ours, because it is strict and OpenSSL's is not: no white space, no
 * missing or surplus padding, unused bits zero. So every value has exactly one spelling. */
#ifndef WIRE_BASE64_H
#define WIRE_BASE64_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>

void base64_write(struct buf *out, struct slice bytes);
void base64url_write(struct buf *out, struct slice bytes);

/* Append the decoded bytes. False, and nothing appended, for any other text. */
bool base64_parse(struct buf *out, struct slice text);
bool base64url_parse(struct buf *out, struct slice text);

/* The standard alphabet for clients whose encoders differ: line breaks and blanks are left out, padding may be
 * missing, the URL alphabet and unused bits are read, too. */
bool base64_parse_leniently(struct buf *out, struct slice text);

#endif
