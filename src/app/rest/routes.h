/*
 * Which path is whose. A module declares a table of rows and hands it in once at start:
 *
 *     static const struct route rows[] = {
 *         {"POST", "/auth/login", auth_on_login},
 *         {"GET", "/sessions/:meetingId", auth_on_session},
 *         {"*", "/socket.io/...", hosts_on_request, .body_limit_bytes = 1000000},
 *         {ROUTE_UPGRADE, "/socket.io/...", hosts_on_upgrade},
 *     };
 *     routes_add(routes, rows, ARRAY_LEN(rows), owner);
 *
 * Paths match in any letter case, with or without a slash at the end; `:name` takes one segment,
 * percent-decoded (one that cannot be decoded is answered 400 before the handler is asked). A path
 * that ends in ... matches everything that begins so, exactly as written. A row for GET answers
 * HEAD. What no row knows is answered 404 "Cannot GET /path?query".
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

/* Answers now, or keeps the request and answers later: the rules are those of net/http/http_server.h. */
typedef void route_fn(void *owner, struct http_request *, const struct route_match *);

struct route {
    const char *method; /* "*": any */
    const char *path;
    route_fn *run;
    size_t body_limit_bytes; /* 0: the server's default */
    route_fn *on_head;       /* may look at the request before its body comes; NULL: no interest */
};

struct routes;

struct routes *routes_new(void);
void routes_free(struct routes *);

/* The rows are copied, the texts in them are not. Of two rows that match, the first one added wins.
 */
void routes_add(struct routes *, const struct route *rows, size_t count, void *owner);

/* What http_server_open is given. */
struct http_handlers routes_handlers(struct routes *);

#endif
