/*
 * The bearer token of a request (RFC 6750, section 2.1), by one rule for every door: a request has
 * exactly one Authorization header, and it names the scheme, in any letter case. A request with
 * two such headers has no token, because two readers in a row could disagree about which one
 * counts.
 */
#ifndef APP_BEARER_H
#define APP_BEARER_H

#include "base/slice.h"

#include <stdbool.h>

struct http_head;

/* Empty when there is none. Borrowed from the head. */
struct slice bearer_token(const struct http_head *);

/*
 * The exception, for webhooks alone: LiveKit sends their token without a scheme, so a value that
 * does not begin with "Bearer " is the token itself.
 */
struct slice bearer_or_bare_token(const struct http_head *);

/* Whether the request bears this secret; compared in constant time. */
bool bearer_is(const struct http_head *, struct slice secret);

#endif
