/* URLs and query strings (RFC 3986; queries as application/x-www-form-urlencoded). Slices borrow
 * from the input.
 *
 * libcurl could parse URLs too, but this floor is pure and does not link it; and it would copy each
 * part, also for every query of every request. */
#ifndef WIRE_URL_H
#define WIRE_URL_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct url {
    struct slice scheme;   /* as written; compare in any letter case */
    struct slice user;     /* before '@' and ':', undecoded, may be empty */
    struct slice password; /* undecoded */
    struct slice host;     /* name or address, IPv6 without its brackets */
    uint16_t port;         /* 0: none given */
    struct slice path;  /* with its leading '/', undecoded; may be empty */
    struct slice query; /* without '?', undecoded */
};

/* Parses an absolute URL with an authority, such as ws://host:3001/path?query. 0 or EINVAL. */
int url_parse(struct url *out, struct slice text);

bool url_is_secure(const struct url *url); /* https or wss */

/* The URL's own port, else 80 for http and ws, 443 for https and wss, else 0. */
uint16_t url_port(const struct url *url);

/* Appends text decoded; plus_is_space for query values. EINVAL for a broken escape: out is left as
 * it was. */
int url_decode(struct buf *out, struct slice text, bool plus_is_space);

/* Appends text encoded as a query value: unreserved bytes stay, a space becomes '+', others %XX. */
void url_encode(struct buf *out, struct slice text);

/* The next name=value of a query, both undecoded; false at the end. Empty parts ("a=1&&b=2") are
 * skipped. */
bool query_next(struct slice *rest, struct slice *name, struct slice *value);

/* Whether the name of a parameter, which may have escapes, is this one: names are compared decoded,
 * as signatures and values are. */
bool query_name_is(struct slice name, const char *plain);

/* How many times a parameter occurs; its name is compared decoded. *value is the value of the
 * first, undecoded. */
unsigned query_find(struct slice query, const char *name, struct slice *value);

/* Appends the decoded value of the first parameter of that name. 0, ENOENT, or EINVAL for a broken
 * escape. */
int query_get(struct buf *out, struct slice query, const char *name);

#endif
