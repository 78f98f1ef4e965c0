/* HTTP/1.1 message heads and bodies (RFC 9112), strict: whatever could be read in two ways is
 * refused, because two readers in a row that read it differently is how requests are smuggled.
 * Pure; slices borrow from the bytes given. */
#ifndef WIRE_HTTP_H
#define WIRE_HTTP_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http_result { HTTP_DONE, HTTP_MORE, HTTP_BAD };

enum {
    HTTP_HEAD_MAX = 16 * 1024, /* bytes of a head, its last empty line included */
    HTTP_HEADERS_MAX = 100,
};

struct http_header {
    struct slice name;  /* as sent */
    struct slice value; /* without the white space around it */
};

struct http_head {
    /* requests */
    struct slice method;
    struct slice target; /* as received: origin form, absolute form, authority form or "*" */
    struct slice
        path; /* of the target, undecoded, without query; "/" where an absolute form has none */
    struct slice query; /* after the first '?', undecoded */
    /* replies */
    int status;
    struct slice reason;
    /* both */
    int minor; /* HTTP/1.minor, 0 or 1 */
    size_t header_count;
    struct http_header headers[HTTP_HEADERS_MAX];
    int64_t content_length; /* -1 when there is none */
    bool is_chunked;
    bool is_keep_alive;    /* what version and Connection say together */
    bool expects_continue; /* Expect: 100-continue */
    bool asks_upgrade;     /* Connection: upgrade and an Upgrade header */
    /* set by HTTP_BAD */
    int refusal;     /* the status to answer with: 400, 417, 431, 501 or 505 */
    const char *why; /* a short English reason, static */
};

/* Parses a request head. HTTP_MORE: not complete yet, call again with more bytes behind the same
 * ones (*scanned, 0 at first, remembers how far we looked). HTTP_DONE: *used is its length.
 * HTTP_BAD: refusal and why are set. */
enum http_result http_parse_request(struct http_head *, struct slice bytes, size_t *scanned,
                                    size_t *used);

/* The same for a reply's head (we are the client). */
enum http_result http_parse_reply(struct http_head *, struct slice bytes, size_t *scanned,
                                  size_t *used);

/* The first header of that name (any letter case), NULL when there is none. */
const struct slice *http_find_header(const struct http_head *, const char *name);
size_t http_count_headers(const struct http_head *, const char *name);

/* Whether a comma-separated list (Connection, Upgrade) holds the token, in any letter case. */
bool http_list_has(struct slice list, const char *token);

/* A message body as it arrives. */
struct http_body {
    uint64_t left;     /* of the body or of the chunk */
    uint64_t received; /* payload so far */
    uint32_t line_n;   /* bytes of the current size or trailer line */
    uint32_t trailer_n;
    uint8_t state;
    bool is_chunked;
};

void http_body_init(struct http_body *, const struct http_head *);

/* Takes bytes up to the next piece of payload and returns how many it used. HTTP_MORE with *piece
 * maybe not empty: go on; HTTP_DONE: the body is complete (*piece may still hold its last bytes);
 * HTTP_BAD: malformed chunks. */
enum http_result http_body_parse(struct http_body *, struct slice bytes, size_t *used,
                                 struct slice *piece);

const char *http_status_text(int status);

#endif
