/* GET /, /health and /ready: that the server runs, and whether all of it does. */
#ifndef APP_STATUS_H
#define APP_STATUS_H

struct routes;
struct server;

void status_add_routes(struct server *, struct routes *);

#endif
