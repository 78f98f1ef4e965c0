/*
 * GET /sessions/resolve?roomName=: which meeting a room is. Memory answers where it can, the store
 * otherwise; a room without an active session is `pending` under its own name.
 */
#ifndef APP_RESOLVER_H
#define APP_RESOLVER_H

struct routes;

struct resolver {
    const struct sessions *sessions;
    struct store *store; /* NULL: memory only */
};

/* The struct must outlive the routes. */
void resolver_add_routes(struct resolver *, struct routes *);

#endif
