/* GET /, /health and /ready (also as /health/live and /health/ready): that the server runs, and whether all of it works. Browsers are led
 * from / to the page. */
#include "app/egress/egresses.h"
#include "app/objects/objects.h"
#include "app/peers/peers.h"
#include "app/rest/routes.h"
#include "app/rooms/rooms.h"
#include "app/server/server_private.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/counter.h"
#include "base/macros.h"
#include "net/http/http_server.h"
#include "outside/disk/disk.h"
#include "outside/livekit/livekit.h"
#include "outside/store/store.h"
#include "wire/web/json_write.h"

#include <stdatomic.h>

static const char *const part_names[SERVER_PARTS] = {
    [PART_LEAVING] = "leaving",
    [PART_DATABASE] = "database",
    [PART_LIVEKIT] = "livekit",
    [PART_DISK_FULL] = "disk full",
    [PART_DISK_NEARLY_FULL] = "disk nearly full",
    [PART_DISK] = "disk",
    [PART_CLOCK] = "clock",
    [PART_EGRESS] = "egress",
    [PART_ROOMS] = "rooms not joined",
    [PART_UNRECORDED] = "microphones not recorded",
    [PART_ENCRYPTED] = "encrypted audio",
    [PART_OBJECTS] = "object store",
    [PART_REDIS] = "redis",
};

void status_look(const struct server *server, struct status_parts *parts) {
    const struct disk_stats *disk = disk_stats(server->disk);
    unsigned space = atomic_load(&disk->space);
    struct store_stats store;
    struct egress_health health = {0};
    store_stats(server->store, &store);
    if (server->egresses)
        health = egresses_health(server->egresses);
    struct rooms_stats rooms = {0};
    if (server->rooms)
        rooms = *rooms_stats(server->rooms);
    uint64_t *is = parts->is_degraded;
    is[PART_LEAVING] = server->is_leaving;
    is[PART_DATABASE] = store.is_away;
    is[PART_LIVEKIT] = server->livekit && livekit_stats(server->livekit)->is_away;
    is[PART_DISK_FULL] = space == DISK_SPACE_FULL;
    is[PART_DISK_NEARLY_FULL] = space == DISK_SPACE_WARN;
    is[PART_DISK] = atomic_load(&disk->failing_files) > 0;
    is[PART_CLOCK] = second_clock_doubts(&server->second_clock, clock_wall_ms(), clock_mono_ms());
    is[PART_EGRESS] = health.failing > 0;
    is[PART_ROOMS] = rooms.failing > 0;
    parts->unrecorded = health.unrecorded + rooms.missing;
    is[PART_UNRECORDED] = parts->unrecorded > 0;
    is[PART_OBJECTS] = server->objects && objects_stats(server->objects)->is_failing;
    parts->is_draining = server->is_draining && !server->is_leaving;
    parts->meetings_left = parts->is_draining ? server->meetings_left : 0;
    is[PART_REDIS] = server->peers && *peers_trouble(server->peers);
    is[PART_ENCRYPTED] = health.encrypted + rooms.encrypted > 0;
}

static const char *part_name(unsigned index) {
    return part_names[index];
}

#define AT(member) offsetof(struct status_parts, member)

static const struct counter counters[] = {
    {"prosa_degraded", "1 while this part is not as it should be, as in /ready.", COUNTER_GAUGE,
     AT(is_degraded), .label = "part", .count = SERVER_PARTS, .value_of = part_name},
    {"prosa_microphones_unrecorded",
     "Published microphones that have not been recorded for a while.", COUNTER_GAUGE,
     AT(unrecorded)},
    {"prosa_draining", "1 while no meeting begins and those that run go on to their end.",
     COUNTER_GAUGE, AT(is_draining)},
    {"prosa_draining_meetings_left", "Meetings that a draining server waits for.", COUNTER_GAUGE,
     AT(meetings_left)},
};

const struct counter_table status_counters = {counters, ARRAY_LEN(counters)};

bool status_write_degraded(struct buf *out, const struct server *server) {
    struct status_parts parts;
    bool is_degraded = false;
    status_look(server, &parts);
    json_open_array(out, NULL);
    for (unsigned i = 0; i < SERVER_PARTS; i++) {
        if (!parts.is_degraded[i])
            continue;
        json_add_text(out, NULL, slice_from(part_names[i]));
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

/* Not ready only while draining and leaving: the server can do without everything else for a while. */
static void status_on_ready(struct http_request *req, const struct route_match *match,
                            void *owner) {
    const struct server *server = owner;
    struct buf json = {0}, degraded = {0};
    bool is_degraded = status_write_degraded(&degraded, server);
    json_open(&json, NULL);
    json_add_text(&json, "status",
                  server->is_leaving    ? SLICE("leaving")
                  : server->is_draining ? SLICE("draining")
                  : is_degraded         ? SLICE("degraded")
                                        : SLICE("ready"));
    json_add_time(&json, "timestamp", clock_wall_ms());
    json_add_raw(&json, "degraded", buf_slice(&degraded));
    if (server->is_draining)
        json_add_uint(&json, "meetingsLeft", server->meetings_left);
    json_close(&json);
    http_respond_json(req, server->is_leaving || server->is_draining ? 503 : 200, buf_slice(&json));
    buf_free(&json);
    buf_free(&degraded);
}

void status_add_routes(struct server *server) {
    static const struct route rows[] = {
        {"GET", "/", status_on_root},
        {"GET", "/health", status_on_health},
        {"GET", "/health/live", status_on_health},
        {"GET", "/ready", status_on_ready},
        {"GET", "/health/ready", status_on_ready},
    };
    routes_add(server->routes, rows, ARRAY_LEN(rows), server);
}
