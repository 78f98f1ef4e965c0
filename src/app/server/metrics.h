/*
 * GET /metrics in Prometheus' text form: every counter of the server, collected for each request.
 * No label names a meeting or a person. Only loopback gets an answer, unless METRICS_TOKEN is set;
 * then everyone who sends it does.
 */
#ifndef APP_METRICS_H
#define APP_METRICS_H

struct auth;
struct directory;
struct disk;
struct egress_door;
struct egresses;
struct feedback_out;
struct hosts;
struct http_server;
struct livekit;
struct metrics;
struct recordings;
struct routes;
struct sessions;
struct store;
struct webhook;

/* The parts whose counters are shown. All must outlive the metrics. */
struct metrics_settings {
    const char *token; /* NULL: loopback only */
    const struct auth *auth;
    const struct feedback_out *feedback_out;
    struct directory *directory;
    struct disk *disk;
    const struct egress_door *egress_door;
    const struct egresses *egresses; /* NULL without an API key of LiveKit */
    struct hosts *hosts;
    struct http_server *http;
    const struct livekit *livekit; /* NULL without an API key of LiveKit */
    const struct recordings *recordings;
    const struct sessions *sessions;
    struct store *store;
    const struct webhook *webhook;
};

struct metrics *metrics_new(const struct metrics_settings *);
void metrics_free(struct metrics *);
void metrics_add_routes(struct metrics *, struct routes *);

#endif
