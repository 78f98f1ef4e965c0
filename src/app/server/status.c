#include "app/server/status.h"

#include "app/rest/routes.h"
#include "app/server/server.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/http/http_server.h"
#include "outside/disk/disk.h"
#include "outside/livekit/livekit.h"
#include "outside/store/store.h"

#include <stdatomic.h>

static void add_reason(struct buf *out, const char *reason) {
    if (out->len)
        buf_add_byte(out, ',');
    text_add_json(out, slice_from(reason));
}

void server_write_degraded(const struct server *server, struct buf *out) {
    const struct disk_stats *disk = disk_stats(server->disk);
    struct store_stats store;
    store_stats(server->store, &store);

    if (server->is_stopping)
        add_reason(out, "leaving");
    if (store.is_away)
        add_reason(out, "database");
    if (server->livekit && livekit_stats(server->livekit)->is_away)
        add_reason(out, "livekit");
    if (atomic_load(&disk->space) == DISK_SPACE_FULL)
        add_reason(out, "disk full");
    else if (atomic_load(&disk->space) == DISK_SPACE_WARN)
        add_reason(out, "disk nearly full");
    if (atomic_load(&disk->failing_files))
        add_reason(out, "disk");
}

static void on_root(struct http_request *req, const struct route_match *match, void *owner) {
    http_respond_json(req, 200,
                      SLICE("{\"message\":\"Live Meeting API is running\",\"status\":\"ok\"}"));
}

static void on_health(struct http_request *req, const struct route_match *match, void *owner) {
    char now[TEXT_ISO_SIZE];
    struct buf json = {0};
    text_iso_time(clock_wall_ms(), now);
    buf_printf(&json, "{\"status\":\"healthy\",\"timestamp\":\"%s\"}", now);
    http_respond_json(req, 200, buf_slice(&json));
    buf_free(&json);
}

/* Only a server that is leaving cannot serve; everything else it can do without for a while. */
static void on_ready(struct http_request *req, const struct route_match *match, void *owner) {
    const struct server *server = owner;
    char now[TEXT_ISO_SIZE];
    struct buf json = {0}, degraded = {0};
    server_write_degraded(server, &degraded);
    text_iso_time(clock_wall_ms(), now);
    buf_printf(&json, "{\"status\":\"%s\",\"timestamp\":\"%s\",\"degraded\":[%.*s]}",
               server->is_stopping ? "leaving"
               : degraded.len      ? "degraded"
                                   : "ready",
               now, SLICE_ARG(buf_slice(&degraded)));
    http_respond_json(req, server->is_stopping ? 503 : 200, buf_slice(&json));
    buf_free(&json);
    buf_free(&degraded);
}

void status_add_routes(struct server *server, struct routes *routes) {
    static const struct route rows[] = {
        {"GET", "/", on_root},
        {"GET", "/health", on_health},
        {"GET", "/ready", on_ready},
    };
    routes_add(routes, rows, ARRAY_LEN(rows), server);
}
