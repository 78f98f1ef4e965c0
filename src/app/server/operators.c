/*
 * GET /operators: how the server is, for the operators' view of the page. It names no meeting and no
 * person. Owners and admins of an organization may read it (of DEFAULT_ORGANIZATION, where there is
 * one: others only use this server); outside of production everybody on this machine.
 */
#include "app/accounts/auth.h"
#include "app/config/config.h"
#include "app/rest/routes.h"
#include "app/server/hour.h"
#include "app/server/server_private.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/macros.h"
#include "base/mem.h"
#include "net/http/http_server.h"
#include "outside/disk/disk.h"
#include "outside/store/store.h"
#include "wire/web/json_write.h"

#include <stdatomic.h>

enum { WAV_BYTES_A_S = 48000 * 2 };

struct operators {
    struct server *server;
    struct timer timer;
    struct hour hour;
    struct shard_stats total; /* of the last sample */
    size_t shards;
    uint64_t drops;
    bool is_waiting; /* for an answer of the shards */
};

/* ---- A sample every ten seconds ---- */

static void operators_on_stats(const struct shard_stats *total, size_t shards, void *user) {
    struct operators *operators = user;
    const struct server *server = operators->server;
    const struct disk_stats *disk = disk_stats(server->disk);
    struct store_stats store;
    operators->is_waiting = false;
    if (server->is_closing)
        return;
    store_stats(server->store, &store);
    uint64_t ticks = total->ticks - operators->total.ticks;
    uint64_t late = total->ticks_late - operators->total.ticks_late;
    uint64_t drops = store.dropped + total->hume.frames_dropped + atomic_load(&disk->lost_lines);
    const uint64_t values[HOUR_LINES] = {
        [HOUR_TRACKS] = total->audio_tracks + total->video_tracks,
        [HOUR_LATE_TICKS] = ticks ? late * 1000 / ticks : 0,
        [HOUR_QUEUE_BYTES] = atomic_load(&disk->queued_bytes),
        [HOUR_DROPS] = drops - operators->drops,
    };
    hour_add(&operators->hour, values);
    operators->total = *total;
    operators->shards = shards;
    operators->drops = drops;
}

static void operators_on_timer(void *user) {
    struct operators *operators = user;
    if (operators->is_waiting)
        return;
    operators->is_waiting = true;
    directory_ask_stats(operators->server->directory, operators_on_stats, operators);
}

/* ---- Who may ask ---- */

bool operators_may(struct errand *errand, const struct store_account *account) {
    const struct server *server = errand->user;
    struct slice slug = slice_from(server->config->default_organization);
    if (!account)
        return true; /* on this machine */
    for (size_t i = 0; i < account->membership_count; i++) {
        const struct store_membership *membership = &account->memberships[i];
        if (membership->role >= ROLE_ADMIN &&
            (!slug.len || slice_is_equal(membership->organization_slug, slug)))
            return true;
    }
    errand_answer_error(errand, 403, "Only owners and admins who run this server may see it");
    return false;
}

void operators_ask(const struct server *server, struct errand *errand, errand_account_fn *run) {
    if (server->config->mode != MODE_PRODUCTION && metrics_is_local(errand->req))
        run(errand, NULL);
    else
        auth_check(server->auth, errand, run);
}

/* ---- The answer ---- */

static void write_doors(const struct config *config, struct buf *json) {
    struct buf doors = {0};
    config_open_doors(config, &doors);
    struct slice rest = buf_slice(&doors), door;
    json_open_array(json, "doors");
    while (slice_cut(&rest, ';', &door))
        json_add_text(json, NULL, slice_trim(door));
    json_close_array(json);
    buf_free(&doors);
}

/* How many hours of one microphone still have room, in the format that recordings have. */
static uint64_t track_hours(const struct config *config, uint64_t free_bytes) {
    uint64_t bytes_a_s = WAV_BYTES_A_S;
    struct slice format = slice_from(config->record_format);
    bool is_joined = !format.len && config->media_source == MEDIA_JOIN;
    if (is_joined || slice_is_equal(format, SLICE("opus")))
        bytes_a_s = config->opus_bitrate_bps / 8;
    else if (slice_is_equal(format, SLICE("flac")))
        bytes_a_s = WAV_BYTES_A_S / 2;
    return free_bytes / bytes_a_s / 3600;
}

static void write_disk(const struct server *server, struct buf *json) {
    const struct disk_stats *disk = disk_stats(server->disk);
    uint64_t free_bytes = atomic_load(&disk->free_bytes);
    json_open(json, "disk");
    json_add_uint(json, "freeBytes", free_bytes);
    json_add_uint(json, "trackHours", track_hours(server->config, free_bytes));
    json_add_uint(json, "queuedBytes", atomic_load(&disk->queued_bytes));
    json_add_uint(json, "lostBytes", atomic_load(&disk->gap_bytes));
    json_close(json);
}

static void operators_write(const struct operators *operators, struct buf *json) {
    const struct server *server = operators->server;
    const struct shard_stats *total = &operators->total;
    json_open(json, NULL);
    json_add_text(json, "version", SLICE(PROSA_VERSION));
    json_add_int(json, "now", clock_wall_ms());
    json_add_int(json, "uptimeSeconds", (clock_mono_ms() - server->started_ms) / 1000);
    struct buf degraded = {0};
    status_write_degraded(&degraded, server);
    json_add_raw(json, "degraded", buf_slice(&degraded));
    buf_free(&degraded);
    write_doors(server->config, json);
    json_add_uint(json, "shards", operators->shards);
    json_add_uint(json, "meetings", total->meetings);
    json_add_uint(json, "audioTracks", total->audio_tracks);
    json_add_uint(json, "videoTracks", total->video_tracks);
    json_add_uint(json, "pausedMeetings", total->paused_meetings);
    write_disk(server, json);
    json_open(json, "hour");
    json_add_uint(json, "stepSeconds", HOUR_STEP_S);
    hour_write(&operators->hour, json);
    json_close(json);
    json_close(json);
}

static void operators_answer(struct errand *errand, const struct store_account *account) {
    const struct server *server = errand->user;
    if (!operators_may(errand, account))
        return;
    operators_write(server->operators, &errand->json);
    errand_answer_json(errand, 200);
}

static void operators_on_get(struct http_request *req, const struct route_match *match,
                             void *owner) {
    operators_ask(owner, errand_new(req, match, owner), operators_answer);
}

void operators_add_routes(struct server *server) {
    deliveries_add_routes(server);
    static const struct route rows[] = {{"GET", "/operators", operators_on_get}};
    struct operators *operators = mem_alloc(sizeof *operators);
    *operators = (struct operators){.server = server};
    server->operators = operators;
    timer_start(server->loop, &operators->timer, 1, HOUR_STEP_S * 1000, operators_on_timer,
                operators);
    if (server->config->web_page)
        routes_add(server->routes, rows, ARRAY_LEN(rows), server);
}

void operators_stop(struct server *server) {
    if (server->operators)
        timer_stop(&server->operators->timer);
}

void operators_free(struct server *server) {
    mem_free(server->operators);
}
