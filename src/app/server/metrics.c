/*
 * GET /metrics in Prometheus' text form: every counter of the server, collected for each request.
 * No label names a meeting or a person. Only this machine gets an answer, and no request that a
 * proxy passed on, unless METRICS_TOKEN or METRICS_CLIENT_CA_FILE is set; then everyone who shows
 * one of the two does.
 */
#include "app/accounts/auth.h"
#include "app/config/config.h"
#include "app/deliveries/deliveries.h"
#include "app/egress/egress_door.h"
#include "app/egress/egress_track.h"
#include "app/egress/egresses.h"
#include "app/hosts/hosts.h"
#include "app/objects/objects.h"
#include "app/peers/peers.h"
#include "app/recordings/recordings.h"
#include "app/rest/bearer.h"
#include "app/rest/routes.h"
#include "app/rooms/rooms.h"
#include "app/server/exposition.h"
#include "app/server/server_private.h"
#include "app/sessions/directory.h"
#include "app/sessions/sessions.h"
#include "app/sessions/webhook.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/http/http_server.h"
#include "net/socketio/eio_server.h"
#include "net/socketio/sio_server.h"
#include "outside/disk/disk.h"
#include "outside/livekit/livekit.h"
#include "outside/store/store.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- What each part counts ---- */

static uint64_t resident_bytes(void) {
    unsigned long long total = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return 0;
    if (fscanf(file, "%llu %llu", &total, &resident) != 2)
        resident = 0;
    fclose(file);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void write_table(struct buf *out, const struct counter_table *table, const void *from) {
    exposition_counters(out, &(struct exposition_source){table, from}, 1);
}

static void write_process(const struct server *server, struct buf *out) {
    struct log_stats log;
    log_stats(&log);
    exposition_gauge(out, "prosa_info", "The version that runs.", "version", PROSA_VERSION, 1);
    exposition_gauge(out, "prosa_uptime_seconds", "Time since the start.", NULL, NULL,
                     (double)(clock_mono_ms() - server->started_ms) / 1000);
    exposition_gauge(out, "prosa_resident_bytes", "Resident memory.", NULL, NULL,
                     (double)resident_bytes());
    exposition_gauge(out, "prosa_sessions_active", "Sessions that are active.", NULL, NULL,
                     sessions_count_active(server->sessions));
    write_table(out, &log_counters, &log);
    struct status_parts parts;
    status_look(server, &parts);
    write_table(out, &status_counters, &parts);
}

static void write_livekit(const struct server *server, struct buf *out) {
    if (!server->livekit)
        return;
    const struct livekit_stats *calls = livekit_stats(server->livekit);
    write_table(out, &livekit_counters, calls);
    exposition_gauge(out, "prosa_livekit_away", "1 when the last call got no good answer.", NULL,
                     NULL, calls->is_away);
    write_table(out, &egress_track_counters, egresses_stats(server->egresses));
    if (server->rooms)
        write_table(out, &rooms_counters, rooms_stats(server->rooms));
}

static void write_shards(const struct shard_stats *total, size_t shards, struct buf *out) {
    exposition_gauge(out, "prosa_shards", "Threads for meetings.", NULL, NULL, (double)shards);
    write_table(out, &shard_counters, total);
}

static void write_store(const struct server *server, struct buf *out) {
    struct store_stats stats;
    store_stats(server->store, &stats);
    exposition_gauge(out, "prosa_store_away", "1 while the database cannot be reached.", NULL, NULL,
                     stats.is_away);
    write_table(out, &store_counters, &stats);
}

static void write_hosts(const struct server *server, struct buf *out) {
    struct sio_server *sio = hosts_sio(server->hosts);
    const struct exposition_source sources[] = {
        {&eio_counters, eio_server_stats(sio_server_eio(sio))},
        {&sio_counters, sio_server_stats(sio)},
        {&hosts_counter_table, hosts_counters(server->hosts)},
    };
    if (server->peers)
        write_table(out, &peers_counters, peers_stats(server->peers));
    write_table(out, &feedback_out_counters, &server->feedback_out);
    write_table(out, &verdicts_counters, &server->verdicts);
    exposition_counters(out, sources, ARRAY_LEN(sources));
}

static void write_metrics(const struct server *server, const struct shard_stats *total,
                          size_t shards, struct buf *out) {
    write_process(server, out);
    write_table(out, &http_counters, http_server_stats(server->http));
    write_table(out, &budget_counters, &server->budget);
    write_table(out, &webhook_counters, webhook_stats(server->webhook));
    write_table(out, &sessions_counters, sessions_stats(server->sessions));
    write_table(out, &directory_counters, directory_stats(server->directory));
    write_table(out, &egress_door_counters, egress_door_stats(server->egress_door));
    write_livekit(server, out);
    write_shards(total, shards, out);
    write_table(out, &disk_counters, disk_stats(server->disk));
    write_table(out, &recordings_counters, recordings_stats(server->recordings));
    if (server->objects)
        write_table(out, &objects_counters, objects_stats(server->objects));
    write_store(server, out);
    if (server->deliveries)
        write_table(out, &deliveries_counters, deliveries_stats(server->deliveries));
    write_table(out, &auth_counters, auth_stats(server->auth));
    write_hosts(server, out);
}

/* ---- The route ---- */

struct scrape {
    /* NULL once the client is gone */
    struct http_request *req;
    const struct server *server;
};

static void metrics_on_abort(struct http_request *req) {
    struct scrape *scrape = req->user;
    scrape->req = NULL;
}

static void metrics_on_stats(const struct shard_stats *total, size_t shards, void *user) {
    struct scrape *scrape = user;
    struct buf text = {0};
    if (scrape->req) {
        write_metrics(scrape->server, total, shards, &text);
        http_respond(scrape->req, 200, "text/plain; version=0.0.4; charset=utf-8",
                     buf_slice(&text));
    }
    buf_free(&text);
    mem_free(scrape);
}

static bool is_loopback(const char *peer) {
    return strncmp(peer, "127.", 4) == 0 || strcmp(peer, "::1") == 0 ||
           strncmp(peer, "::ffff:127.", 11) == 0;
}

/* Whether a proxy passed the request on: then its address says nothing about who asks. */
static bool is_forwarded(const struct http_head *head) {
    static const char *const names[] = {"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
                                        "x-real-ip",       "forwarded",        "via"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (http_find_header(head, names[i]))
            return true;
    return false;
}

bool metrics_is_local(const struct http_request *req) {
    return is_loopback(req->peer) && !is_forwarded(req->head);
}

static bool has_shown_a_right(const struct http_request *req, const struct config *config) {
    if (config->metrics_token && bearer_is(req->head, slice_from(config->metrics_token)))
        return true;
    return config->metrics_client_ca_file && http_peer_is_verified(req);
}

static void metrics_on_get(struct http_request *req, const struct route_match *match, void *owner) {
    const struct server *server = owner;
    const struct config *config = server->config;
    bool is_guarded = config->metrics_token || config->metrics_client_ca_file;
    if (is_guarded && !has_shown_a_right(req, config)) {
        http_respond_error(req, 401,
                           "The metrics need their token (METRICS_TOKEN), or a certificate of "
                           "METRICS_CLIENT_CA_FILE");
        return;
    }
    if (!is_guarded && !metrics_is_local(req)) {
        http_respond_error(req, 403, "Without METRICS_TOKEN the metrics are for this machine only");
        return;
    }
    if (is_guarded)
        http_vouch(req, BUDGET_HOST);
    struct scrape *scrape = mem_alloc(sizeof *scrape);
    *scrape = (struct scrape){req, server};
    req->user = scrape;
    req->on_abort = metrics_on_abort;
    directory_ask_stats(server->directory, metrics_on_stats, scrape);
}

void metrics_add_routes(struct server *server) {
    static const struct route rows[] = {{"GET", "/metrics", metrics_on_get}};
    routes_add(server->routes, rows, ARRAY_LEN(rows), server);
}
