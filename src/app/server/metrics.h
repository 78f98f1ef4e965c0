/*
 * GET /metrics in Prometheus' text form: every counter of the server, collected when asked for. No label names a meeting or
 * a person. Answered to loopback only, unless METRICS_TOKEN is set; then to whoever bears it.
 */
#ifndef APP_METRICS_H
#define APP_METRICS_H

struct metrics;
struct routes;
struct server;

struct metrics *metrics_new(struct server *);
void metrics_free(struct metrics *);
void metrics_add_routes(struct metrics *, struct routes *);

#endif
