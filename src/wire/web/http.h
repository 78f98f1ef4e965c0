/* HTTP/1.1 message heads and bodies (RFC 9112), strictly: whatever could be read in two ways is
 * refused, because a request can be smuggled past a proxy that reads it differently. Slices borrow
 * from the bytes given. */
#ifndef WIRE_HTTP_H
#define WIRE_HTTP_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http_result { HTTP_DONE, HTTP_MORE, HTTP_BAD };

enum {
    HTTP_HEAD_MAX = 16 * 1024, /* bytes of a head, where nothing else is said */
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
    /* Of the target, undecoded, without the query; "/" where an absolute form has none. */
    struct slice path;
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
    bool is_keep_alive;    /* from version and Connection */
    bool expects_continue; /* Expect: 100-continue */
    bool asks_upgrade;     /* Connection: upgrade and an Upgrade header */
    /* set by HTTP_BAD */
    int refusal;     /* the status to answer with: 400, 417, 431, 501 or 505 */
    const char *why; /* a short English reason, static */
};

/* Parses a request head of at most max_bytes, its last empty line included. Empty lines in front of
 * it are skipped (RFC 9112, 2.2). HTTP_MORE: it is
 * incomplete; call again with more bytes behind the same ones. *scanned, 0 at first, remembers how
 * far the search for its end has come. HTTP_DONE: *used is its length. HTTP_BAD: refusal and why
 * are set. */
enum http_result http_parse_request(struct http_head *head, struct slice bytes, size_t max_bytes,
                                    size_t *scanned, size_t *used);

/* The same for a reply's head, of at most HTTP_HEAD_MAX, in the client role. */
enum http_result http_parse_reply(struct http_head *head, struct slice bytes, size_t *scanned,
                                  size_t *used);

/* The value of the first header of that name, in any letter case, or NULL. */
const struct slice *http_find_header(const struct http_head *head, const char *name);
size_t http_count_headers(const struct http_head *head, const char *name);

/* Whether a comma-separated list (Connection, Upgrade) holds the token, in any letter case. */
bool http_list_has(struct slice list, const char *token);

/* A message body as it arrives. */
struct http_body {
    uint64_t left;     /* of the body or of the chunk */
    uint64_t received; /* payload so far */
    uint32_t line_n;   /* bytes of the current size or trailer line */
    uint32_t trailer_n;
    uint8_t state;
};

void http_body_init(struct http_body *body, const struct http_head *head);

/* Takes bytes up to the end of the next piece of payload; *used is their number. HTTP_MORE: call
 * again with the rest; *piece may be empty. HTTP_DONE: the body is complete, and *piece may hold
 * its last bytes. HTTP_BAD: malformed chunks. */
enum http_result http_body_parse(struct http_body *body, struct slice bytes, size_t *used,
                                 struct slice *piece);

const char *http_status_text(int status);

#endif
