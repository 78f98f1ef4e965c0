/*
 * GET /sessions/resolve?roomName=: which meeting a room is. Memory answers where it can, the store
 * otherwise; a room without an active session is `pending` under its own name.
 */
#ifndef APP_RESOLVER_H
#define APP_RESOLVER_H

struct http_request;
struct route_match;
struct sessions;
struct store;

struct resolver {
    const struct sessions *sessions;
    struct store *store; /* NULL: memory only */
};

/* `owner` is the struct resolver. */
void resolver_on_request(void *owner, struct http_request *, const struct route_match *);

#endif
