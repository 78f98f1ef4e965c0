#include "app/server/status.h"

#include "app/rest/routes.h"
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

void status_write_degraded(const struct status *status, struct buf *out) {
    const struct disk_stats *disk = disk_stats(status->disk);
    struct store_stats store;
    store_stats(status->store, &store);

    if (status->is_leaving)
        add_reason(out, "leaving");
    if (store.is_away)
        add_reason(out, "database");
    if (status->livekit && livekit_stats(status->livekit)->is_away)
        add_reason(out, "livekit");
    if (atomic_load(&disk->space) == DISK_SPACE_FULL)
        add_reason(out, "disk full");
    else if (atomic_load(&disk->space) == DISK_SPACE_WARN)
        add_reason(out, "disk nearly full");
    if (atomic_load(&disk->failing_files))
        add_reason(out, "disk");
}

static void on_root(void *owner, struct http_request *req, const struct route_match *match) {
    http_respond_json(req, 200,
                      SLICE("{\"message\":\"Live Meeting API is running\",\"status\":\"ok\"}"));
}

static void on_health(void *owner, struct http_request *req, const struct route_match *match) {
    char now[TEXT_ISO_SIZE];
    struct buf json = {0};
    text_iso_time(clock_wall_ms(), now);
    buf_printf(&json, "{\"status\":\"healthy\",\"timestamp\":\"%s\"}", now);
    http_respond_json(req, 200, buf_slice(&json));
    buf_free(&json);
}

/* Not ready only while leaving: the server can do without everything else for a while. */
static void on_ready(void *owner, struct http_request *req, const struct route_match *match) {
    const struct status *status = owner;
    char now[TEXT_ISO_SIZE];
    struct buf json = {0}, degraded = {0};
    status_write_degraded(status, &degraded);
    text_iso_time(clock_wall_ms(), now);
    buf_printf(&json, "{\"status\":\"%s\",\"timestamp\":\"%s\",\"degraded\":[%.*s]}",
               status->is_leaving ? "leaving"
               : degraded.len     ? "degraded"
                                  : "ready",
               now, SLICE_ARG(buf_slice(&degraded)));
    http_respond_json(req, status->is_leaving ? 503 : 200, buf_slice(&json));
    buf_free(&json);
    buf_free(&degraded);
}

void status_add_routes(struct status *status, struct routes *routes) {
    static const struct route rows[] = {
        {"GET", "/", on_root},
        {"GET", "/health", on_health},
        {"GET", "/ready", on_ready},
    };
    routes_add(routes, rows, ARRAY_LEN(rows), status);
}
