#ifndef APP_ROUTES_H
#define APP_ROUTES_H

/*
 * Which path is whose. A floor-4 module declares a table of rows and hands it in once at start:
 *
 *     static const struct route routes[] = {
 *         {"POST", "/auth/login", auth_on_login},
 *         {"GET", "/sessions/:meetingId", auth_on_session},
 *     };
 *     routes_add(table, routes, sizeof routes / sizeof *routes, auth);
 *
 * Paths match without regard to letter case and with or without a slash at the end; a row for GET
 * answers HEAD.
 * `:name` takes one segment, percent-decoded (an escape that cannot be decoded is answered 400
 * before the handler).
 */

#include "base/slice.h"
#include "net/http_server.h"

struct routes;

enum { ROUTE_PARAMS_MAX = 4 };

/* What the router found out about a request; valid while the handler runs. */
struct route_match {
    struct slice path;                     /* as received, without the query */
    struct slice query;                    /* as received, without the '?' */
    struct slice params[ROUTE_PARAMS_MAX]; /* decoded, in the order of the pattern */
};

/* Answers now, or keeps `req` and answers later (net/http_server.h says how). */
typedef void route_fn(void *owner, struct http_request *req, const struct route_match *);

struct route {
    const char *method;
    const char *path;
    route_fn *run;
};

struct routes *routes_new(void);
void routes_free(struct routes *);

/* `table` must stay; `owner` is handed to each of its handlers. */
void routes_add(struct routes *, const struct route *table, size_t count, void *owner);

/* WebSocket upgrades on exactly `path` (letter case and trailing slash as above). */
void routes_add_upgrade(struct routes *, const char *path, route_fn *, void *owner);

/* The handlers for http_server_open: `arg` is the struct routes. */
void routes_on_request(struct http_request *, void *arg);
void routes_on_upgrade(struct http_request *, void *arg);

/* Answers in NestJS's shapes (contracts/rest-and-auth.md A2). `text` is UTF-8. */
void answer_json(struct http_request *, int status, struct slice body);
void answer_empty(struct http_request *, int status);
/* {"message":text,"error":"Bad Request","statusCode":400}; text NULL: without `error`, message =
 * the status's name. */
void answer_error(struct http_request *, int status, const char *text);

#endif
