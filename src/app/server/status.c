/* GET /, /health and /ready: that the server runs, and whether all of it works. Browsers are led
 * from / to the page. */
#include "app/egress/egresses.h"
#include "app/rest/routes.h"
#include "app/rooms/rooms.h"
#include "app/server/server_private.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/macros.h"
#include "net/http/http_server.h"
#include "outside/disk/disk.h"
#include "outside/livekit/livekit.h"
#include "outside/store/store.h"
#include "wire/web/json_write.h"

#include <stdatomic.h>

/* What is not as it should be, as an array. False when all is well. */
static bool write_degraded(struct buf *out, const struct server *server) {
    const struct disk_stats *disk = disk_stats(server->disk);
    unsigned space = atomic_load(&disk->space);
    struct store_stats store;
    store_stats(server->store, &store);
    struct egress_health health = {0};
    if (server->egresses)
        health = egresses_health(server->egresses);
    struct rooms_stats rooms = {0};
    if (server->rooms)
        rooms = *rooms_stats(server->rooms);
    const struct {
        bool is_true;
        const char *reason;
    } reasons[] = {
        {server->is_leaving, "leaving"},
        {store.is_away, "database"},
        {server->livekit && livekit_stats(server->livekit)->is_away, "livekit"},
        {space == DISK_SPACE_FULL, "disk full"},
        {space == DISK_SPACE_WARN, "disk nearly full"},
        {atomic_load(&disk->failing_files) > 0, "disk"},
        {second_clock_doubts(&server->second_clock, clock_wall_ms(), clock_mono_ms()), "clock"},
        {health.failing > 0, "egress"},
        {rooms.failing > 0, "rooms not joined"},
        {health.unrecorded + rooms.missing > 0, "microphones not recorded"},
        {health.encrypted + rooms.encrypted > 0, "encrypted audio"},
    };
    bool is_degraded = false;

    json_open_array(out, NULL);
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        if (!reasons[i].is_true)
            continue;
        json_add_text(out, NULL, slice_from(reasons[i].reason));
        is_degraded = true;
    }
    json_close_array(out);
    return is_degraded;
}

static void status_on_root(struct http_request *req, const struct route_match *match, void *owner) {
    const struct server *server = owner;
    if (page_take_root(&server->page, req))
        return;
    http_respond_json(req, 200,
                      SLICE("{\"message\":\"Live Meeting API is running\",\"status\":\"ok\"}"));
}

static void status_on_health(struct http_request *req, const struct route_match *match,
                             void *owner) {
    struct buf json = {0};
    json_open(&json, NULL);
    json_add_text(&json, "status", SLICE("healthy"));
    json_add_time(&json, "timestamp", clock_wall_ms());
    json_close(&json);
    http_respond_json(req, 200, buf_slice(&json));
    buf_free(&json);
}

/* Not ready only while leaving: the server can do without everything else for a while. */
static void status_on_ready(struct http_request *req, const struct route_match *match,
                            void *owner) {
    const struct server *server = owner;
    struct buf json = {0}, degraded = {0};
    bool is_degraded = write_degraded(&degraded, server);
    json_open(&json, NULL);
    json_add_text(&json, "status",
                  server->is_leaving ? SLICE("leaving")
                  : is_degraded      ? SLICE("degraded")
                                     : SLICE("ready"));
    json_add_time(&json, "timestamp", clock_wall_ms());
    json_add_raw(&json, "degraded", buf_slice(&degraded));
    json_close(&json);
    http_respond_json(req, server->is_leaving ? 503 : 200, buf_slice(&json));
    buf_free(&json);
    buf_free(&degraded);
}

void status_add_routes(struct server *server) {
    static const struct route rows[] = {
        {"GET", "/", status_on_root},
        {"GET", "/health", status_on_health},
        {"GET", "/ready", status_on_ready},
    };
    routes_add(server->routes, rows, ARRAY_LEN(rows), server);
}
