/*
 * Which handler answers which path. Every module that answers requests has one function that adds
 * its rows at start, `void x_add_routes(struct x *, struct routes *)`:
 *
 *     void hosts_add_routes(struct hosts *hosts, struct routes *routes) {
 *         static const struct route rows[] = {
 *             {"*", "/socket.io/...", on_request, .on_head = on_head},
 *             {ROUTE_UPGRADE, "/socket.io/...", on_upgrade},
 *         };
 *         routes_add(routes, rows, ARRAY_LEN(rows), hosts);
 *     }
 *
 * Paths match in any letter case, with or without a slash at the end, as the old backend's do;
 * `:name` takes one segment, percent-decoded (one that cannot be decoded is answered 400 before the
 * handler is called, one with a zero byte 404). A path
 * that ends in ... matches every path that begins so, exactly as written. A row for GET answers
 * HEAD. A path without a row is answered 404 "Cannot GET /path?query".
 */
#ifndef APP_ROUTES_H
#define APP_ROUTES_H

#include "base/slice.h"
#include "net/http/http_server.h"

#include <stddef.h>

#define ROUTE_UPGRADE "UPGRADE" /* the method of rows for WebSocket handshakes */

enum { ROUTE_PARAMS_MAX = 4 };

/* The decoded parameters, in the order of the pattern; valid while the handler runs. */
struct route_match {
    struct slice params[ROUTE_PARAMS_MAX];
    size_t count;
};

/* Answers now, or keeps the request and answers later, by the rules of net/http/http_server.h. */
typedef void route_fn(struct http_request *, const struct route_match *, void *user);

struct route {
    const char *method; /* "*": any */
    const char *path;
    route_fn *run;
    size_t body_limit_bytes; /* 0: the server's default */
    route_fn *on_head;       /* called before the body comes; may be NULL */
    bool is_exact;           /* a slash at the end of the path does not fit */
};

struct routes;

struct routes *routes_new(void);
void routes_free(struct routes *);

/* Copies the rows, but not the texts in them. Of two rows that match, the first one added wins.
 * `user` is given to the handlers. */
void routes_add(struct routes *, const struct route *rows, size_t count, void *user);

/* One line in the log for each row, in the order in which they are tried, with LOG_LEVEL=debug. */
void routes_log(const struct routes *);

/* For http_server_open. */
struct http_handlers routes_handlers(struct routes *);

#endif
