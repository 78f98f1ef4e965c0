/* GET /, /health and /ready: that the server runs, and whether all of it works. */
#ifndef APP_STATUS_H
#define APP_STATUS_H

#include <stdbool.h>

struct disk;
struct livekit;
struct routes;
struct store;

/* What the answers are read from. It must outlive the routes. */
struct status {
    struct disk *disk;
    const struct livekit *livekit; /* NULL without an API key */
    struct store *store;
    bool is_leaving;
};

void status_add_routes(struct status *, struct routes *);

#endif
