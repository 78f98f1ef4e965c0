/* Base64 (RFC 4648): the standard alphabet with padding, and the URL alphabet without.
 *
 * OpenSSL writes it. Reading is ours. What carries a signature has one spelling only, so the URL
 * alphabet is read strictly: no white space, no padding, unused bits zero. What clients send of
 * their own is read as they spell it. */
#ifndef WIRE_BASE64_H
#define WIRE_BASE64_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>

void base64_write(struct buf *out, struct slice bytes);
void base64url_write(struct buf *out, struct slice bytes);

/* Both append the decoded bytes. False, and nothing appended, for any other text. */
bool base64url_parse(struct buf *out, struct slice text);
/* Either alphabet, for clients whose encoders differ: line breaks and blanks are left out, padding
 * may be missing, unused bits are read over. */
bool base64_parse_leniently(struct buf *out, struct slice text);

#endif
