/*
 * The wiring of control: what there is, in which order it is built and taken down. Everything named here belongs to the
 * server and to control's loop unless its own header says otherwise.
 */
#ifndef APP_SERVER_H
#define APP_SERVER_H

#include "app/hosts/feedback_out.h"
#include "app/hosts/feedback_api.h"
#include "app/recordings/recording_api.h"
#include "app/recordings/session_api.h"
#include "app/sessions/resolver.h"
#include "app/sessions/webhook.h"
#include "net/client_address.h"
#include "net/timer.h"
#include "outside/hume/hume.h"

#include <stdbool.h>
#include <stdint.h>

struct auth;
struct buf;
struct config;
struct directory;
struct disk;
struct egress_door;
struct egresses;
struct erasures;
struct hosts;
struct http_server;
struct livekit;
struct loop;
struct metrics;
struct reconcile;
struct recordings;
struct repair;
struct routes;
struct sessions;
struct signals;
struct storage;
struct store;
struct talk_stats;
struct tls;

struct server {
    struct networks proxies; /* whose X-Forwarded-For is believed */
    const struct config *config;
    struct loop *loop;
    struct storage *storage;
    struct disk *disk;
    struct recordings *recordings;
    struct repair *repair; /* of what an earlier run left, in the background */
    struct store *store;
    struct directory *directory;
    struct sessions *sessions;
    struct hosts *hosts;
    struct talk_stats *talk_stats;
    struct auth *auth;
    struct livekit *livekit;           /* NULL without a key */
    struct egresses *egresses;         /* NULL without a key */
    struct reconcile *reconcile;       /* NULL without a key */
    struct webhook_listener listener;
    struct webhook *webhook;
    struct egress_door *egress_door;
    struct metrics *metrics;
    struct routes *routes;
    struct tls *tls;
    struct tls *client_tls; /* towards the prosody service */
    struct hume_limiter hume_limiter;
    struct http_server *http;
    struct signals *signals;
    struct feedback_out feedback_out;
    struct resolver resolver;
    struct feedback_api feedback_api;
    struct recording_api recording_api;
    struct session_api session_api;
    struct erasures *erasures;

    struct timer drain_limit;
    int64_t started_ms; /* monotonic */
    unsigned draining;  /* parts that have not finished yet */
    bool is_stopping, was_cut_short;
    bool is_closing; /* parts that drain late stop no loop any more */
};

/* Builds everything and listens. On failure `problem` holds one sentence. */
int server_open(struct server **, const struct config *, struct buf *problem);
uint16_t server_port(const struct server *);

/* Until SIGTERM, SIGINT or server_stop, and the end of draining: 0, or 1 when draining took too long. */
int server_run(struct server *);
void server_stop(struct server *);  /* on control's loop */
void server_close(struct server *); /* NULL is fine */

/* Appends what is not as it should be, as JSON texts with commas between; nothing when all is well. */
void server_write_degraded(const struct server *, struct buf *);

/* `prosa serve`: the exit code. */
int serve_main(int argc, char **argv);

#endif
