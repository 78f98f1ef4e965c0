#include "app/server/server.h"
#include "app/reports/reports.h"

#include "app/accounts/auth.h"
#include "app/config/config.h"
#include "app/config/rulebook.h"
#include "app/deliveries/deliveries.h"
#include "app/egress/egress_door.h"
#include "app/egress/egresses.h"
#include "app/egress/reconcile.h"
#include "app/hosts/hosts.h"
#include "app/hosts/talk_stats.h"
#include "app/objects/objects.h"
#include "app/peers/peers.h"
#include "app/recordings/erasure.h"
#include "app/recordings/recordings.h"
#include "app/rest/routes.h"
#include "app/rooms/rooms.h"
#include "app/server/server_private.h"
#include "app/sessions/directory.h"
#include "app/sessions/mute_inquiry.h"
#include "app/sessions/sessions.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/http/http_server.h"
#include "net/loop.h"
#include "net/rtc/rtc_identity.h"
#include "net/socketio/eio_server.h"
#include "net/socketio/sio_server.h"
#include "net/tls.h"
#include "outside/disk/disk.h"
#include "outside/files/repair.h"
#include "outside/files/run_mark.h"
#include "outside/files/storage.h"
#include "outside/livekit/livekit.h"
#include "outside/livekit/livekit_info.h"
#include "outside/store/store.h"

#include <errno.h>
#include <string.h>
#include <time.h>

enum {
    WHY_SIZE = 512,
    MEETING_LINGER_MS = 60000,
    STORE_PATIENCE_MS = 1500,
    STORAGE_LOOK_NS = 20 * 1000 * 1000,
    FREE_BYTES = 2048, /* what may wait for a client besides MAX_CLIENT_BYTES */
};

/* ---- Opening, from the bottom up ---- */

/* A quarter of the connections and sessions is for those who have said nothing yet: they come and go
 * at any rate without costing others their place. */
static int open_budget(struct server *server, struct buf *problem) {
    const struct config *config = server->config;
    size_t most = config->max_connections;
    struct pool_settings places = {.limit = most, .for_new = most / 4, .keeps_known = true};
    struct pool_settings memory = {.limit = config->client_memory_bytes, .free = FREE_BYTES};
    pool_init(&server->budget.connections, &places, rand_u64());
    pool_init(&server->budget.sessions, &places, rand_u64());
    pool_init(&server->budget.memory, &memory, rand_u64());
    return 0;
}

static int server_fail(struct buf *problem, const char *what, int err) {
    buf_printf(problem, "%s: %s", what, strerror(err));
    return err;
}

/* Where a service manager holds the socket connections wait, so the server that is leaving has its
 * time. */
static int take_storage(struct server *server, const struct storage_settings *where,
                        struct buf *problem) {
    char why[WHY_SIZE] = "";
    int64_t patience_ms = server_service_holds_door() ? server->config->drain_ms : 0;
    int err = storage_open(&server->storage, where, why, sizeof why);
    while (err == EBUSY && clock_mono_ms() - server->started_ms < patience_ms) {
        nanosleep(&(struct timespec){.tv_nsec = STORAGE_LOOK_NS}, NULL);
        err = storage_open(&server->storage, where, why, sizeof why);
    }
    if (err)
        buf_add_text(problem, why);
    return err;
}

static int open_disk(struct server *server, struct buf *problem) {
    const struct config *config = server->config;
    struct storage_settings where = {config->storage_dir, config->audio_dir, config->video_dir};
    second_clock_init(&server->second_clock, (const char *[]){where.root, where.audio, where.video},
                      3, server->started_ms);
    if (second_clock_doubts(&server->second_clock, clock_wall_ms(), server->started_ms))
        log_warn("server", "the clock is far ahead of all that was written here; nothing is "
                           "deleted for its age until a signed webhook confirms it");
    int err = take_storage(server, &where, problem);
    if (err)
        return err;
    err = run_mark_open(&server->run_mark, config->storage_dir);
    if (err)
        return server_fail(problem, "The mark of the running server cannot be made", err);
    struct disk_settings set;
    disk_settings_init(&set);
    set.storage = server->storage;
    set.queue_bytes = config->disk_queue_bytes;
    set.header_ms = (unsigned)(config->header_seconds * 1000);
    set.fsync = config->fsync;
    set.fsync_ms = (unsigned)(config->fsync_seconds * 1000);
    set.wav_layout = config->wav_layout;
    set.min_free_bytes = config->disk_min_free_bytes;
    set.warn_free_bytes = config->disk_warn_free_bytes;
    set.encode_max = config->encode_max;
    set.opus_bps = config->opus_bitrate_bps;
    err = recordings_open(&server->recordings, server->loop, server->storage,
                          config->recording_ttl_days, &server->second_clock);
    if (err)
        return server_fail(problem, "The recordings cannot be opened", err);
    set.on_report = recordings_on_report;
    set.user = server->recordings;
    err = disk_open(&server->disk, &set);
    if (err)
        return server_fail(problem, "The disk thread cannot be started", err);

    const char *const folders[] = {config->audio_dir, config->video_dir};
    err = repair_start(&server->repair, folders, ARRAY_LEN(folders), recordings_on_report,
                       server->recordings);
    return err ? server_fail(problem, "The repair of recordings cannot be started", err) : 0;
}

static int open_store(struct server *server, struct buf *problem) {
    const struct config *config = server->config;
    char why[WHY_SIZE] = "";
    struct store_settings set = {
        .url = config->database_url,
        .default_path = config->default_database,
        .feedback_ttl_days = config->feedback_ttl_days,
        .clock = &server->second_clock,
        .stall_ms = config->database_stall_ms,
        .default_organization = config->default_organization,
    };
    int err = store_open(&server->store, &set, server->loop, why, sizeof why);
    if (err) {
        buf_add_text(problem, why);
        return err;
    }
    recordings_listen(server->recordings, server_on_recording, server);
    recordings_start(server->recordings, server->store);
    return 0;
}

/* Needed only when audio is sent to the prosody service. */
static int open_hume_tls(struct server *server, struct buf *problem) {
    char why[WHY_SIZE] = "";
    const char *key = server->config->hume_api_key;
    if (!key || !*key) {
        log_info("hume", "no HUME_API_KEY: voices are not sent to a prosody service");
        return 0;
    }
    if (server->config->hume_rate_hz != HUME_RATE_HZ)
        log_warn("hume", "HUME_TARGET_SAMPLE_RATE is not used: blocks are always of 16000 Hz",
                 log_int("asked", server->config->hume_rate_hz));
    int err = tls_open_client(&server->client_tls, NULL, why, sizeof why);
    if (err)
        buf_printf(problem, "TLS for the prosody service cannot be used: %s", why);
    return err;
}

static struct hume_settings hume_settings(struct server *server) {
    const struct config *config = server->config;
    return (struct hume_settings){
        .url = config->hume_ws_url,
        .api_key = config->hume_api_key,
        .proxy = config->https_proxy,
        .tls = server->client_tls,
        .hello = config->hume_v0_hello,
        .skip_silence = config->hume_skip_silence,
        .normalize = config->normalize,
        .expressions = &config->expressions,
        .limiter = &server->hume_limiter,
    };
}

static void server_find_rules(struct slice organization, struct slice kind, struct rules *rules,
                              void *user) {
    const struct server *server = user;
    rulebook_rules(server->rulebook, organization, kind, rules);
}

static int open_rulebook(struct server *server, struct buf *problem) {
    return rulebook_open(&server->rulebook, server->config, problem);
}

/* Needed only to join rooms. */
static int open_join(struct server *server, struct buf *problem) {
    const struct config *config = server->config;
    char why[WHY_SIZE] = "";
    const char *reason = "";
    if (config->media_source != MEDIA_JOIN || !config->livekit_key_count)
        return 0;
    int err = rtc_identity_open(&server->rtc_identity, &reason);
    if (err) {
        buf_printf(problem, "Rooms cannot be joined: %s", reason);
        return err;
    }
    if (!slice_has_prefix_nocase(slice_from(config->livekit_url), SLICE("https")))
        return 0;
    err = tls_open_client(&server->livekit_tls, NULL, why, sizeof why);
    if (err)
        buf_printf(problem, "TLS for LiveKit cannot be used: %s", why);
    return err;
}

static int open_directory(struct server *server, struct buf *problem) {
    const struct config *config = server->config;
    struct directory_settings set = {
        .shard = {.rules = &config->rules,
                  .disk = server->disk,
                  .record_format = config->record_format ? config->record_format : "wav",
                  .join_record_format = config->record_format ? config->record_format : "opus",
                  .join_records_video = config->join_record_video,
                  .group_ms = (unsigned)(config->group_seconds * 1000),
                  .max_message_bytes = config->max_egress_message_bytes,
                  .folds_channels = config->record_channels == CHANNELS_AUTO,
                  .mute_tail_ms = config->mute_tail_ms,
                  .egress_delay_ms = config->egress_delay_ms,
                  .asks_mutes = config->livekit_key_count > 0,
                  .identity = server->rtc_identity,
                  .livekit_tls = server->livekit_tls,
                  .hume = hume_settings(server),
                  .silence_on_mute = config->on_mute == MUTE_SILENCE},
        .shards = config->shards,
        .max_tracks = config->max_tracks,
        .max_meetings = config->max_tracks,
        .tracks_for_signed = config->egress_auth == EGRESS_AUTH_REPORT ? config->max_tracks / 8 : 0,
        .linger_ms = MEETING_LINGER_MS,
        .on_feedback = feedback_out_take,
        .feedback_user = &server->feedback_out,
        .on_track = server_on_track,
        .track_user = server,
        .on_silent = server_on_silent,
        .silent_user = server,
        .on_view = server_on_view,
        .view_user = server,
        .on_room = server_on_room,
        .room_user = server,
        .on_report = server_on_report,
        .report_user = server,
        .rules_of = server_find_rules,
        .rules_user = server,
    };
    int err = directory_open(&server->directory, server->loop, &set);
    return err ? server_fail(problem, "The shards cannot be started", err) : 0;
}

static int open_sessions(struct server *server, struct buf *problem) {
    struct sessions_settings set = {
        .loop = server->loop,
        .store = server->store,
        .participants_ttl_days = server->config->report_ttl_days,
        .directory = server->directory,
        .memory = &server->budget.memory,
        .on_started = server_on_session_started,
        .on_ended = server_on_session_ended,
        .on_stored = server_on_session_stored,
        .user = server,
    };
    server->sessions = sessions_new(&set);

    const struct hosts_settings hosts = {.loop = server->loop,
                                         .config = server->config,
                                         .sessions = server->sessions,
                                         .store = server->store,
                                         .budget = &server->budget,
                                         .directory = server->directory,
                                         .peers = server->peers};
    server->hosts = hosts_new(&hosts);
    server->talk_stats = talk_stats_new(server->loop, server->directory, server->hosts);
    const struct reports_settings reports = {
        .directory = server->directory,
        .sessions = server->sessions,
        .store = server->store,
        .hosts = server->hosts,
        .ttl_days = server->config->report_ttl_days,
        .started_ms = clock_wall_ms(),
        .on_ready = server_on_report_ready,
        .user = server,
    };
    server->reports = reports_new(&reports);
    server->feedback_out = (struct feedback_out){
        server->config, server->hosts, server->store, {0}, server_on_feedback, server};
    sessions_load(server->sessions);
    return 0;
}

static int open_auth(struct server *server, struct buf *problem) {
    struct auth_settings set = {
        .loop = server->loop,
        .config = server->config,
        .store = server->store,
        .on_change = server_on_user_changed,
        .user = server,
    };
    int err = auth_open(&server->auth, &set);
    return err ? server_fail(problem, "Passwords cannot be hashed", err) : 0;
}

static void open_rooms(struct server *server) {
    const struct rooms_settings set = {
        .loop = server->loop,
        .config = server->config,
        .livekit = server->livekit,
        .sessions = server->sessions,
        .directory = server->directory,
        .on_fallback = server_on_fallback,
        .has_egress = server_has_egress,
        .on_return = server_on_return,
        .user = server,
    };
    server->rooms = rooms_new(&set);
    egresses_set_taken(server->egresses, server_is_joined, server);
    reconcile_set_listed(server->reconcile, server_on_listed, server);
    log_info(
        "server", "rooms are joined", log_text("rooms", server->config->join_rooms),
        log_text("format", server->config->record_format ? server->config->record_format : "opus"));
}

static int open_livekit(struct server *server, struct buf *problem) {
    const struct config *config = server->config;
    if (!config->livekit_key_count) {
        log_info("server", "no LIVEKIT_API_KEY, so no egress is started");
        return 0;
    }
    struct livekit_settings set = {
        .loop = server->loop,
        .url = config->livekit_url,
        .key = config->livekit_keys[0].issuer.ptr,
        .secret = config->livekit_keys[0].secret.ptr,
        .timeout_ms = config->livekit_timeout_ms,
        .own_thread = config->shards > 0,
    };
    int err = livekit_open(&server->livekit, &set);
    if (err)
        return server_fail(problem, "The thread for LiveKit cannot be started", err);
    server->egresses = egresses_new(server->loop, config, server->livekit, server->sessions,
                                    server->store, server->directory);
    server->reconcile =
        reconcile_new(server->loop, config, server->livekit, server->sessions, server->egresses);
    server->mute_inquiry = mute_inquiry_new(server->loop, server->livekit, server->sessions);
    if (config->media_source == MEDIA_JOIN)
        open_rooms(server);
    return 0;
}

int server_open(struct server **out, const struct config *config, struct buf *problem) {
    static int (*const steps[])(struct server *, struct buf *) = {
        open_budget,
        open_disk,
        open_store,
        server_open_objects,
        server_open_deliveries,
        server_open_peers,
        open_hume_tls,
        open_rulebook,
        open_join,
        open_directory,
        open_sessions,
        open_auth,
        open_livekit,
        server_open_doors,
        server_open_tls,
        server_open_http,
    };
    struct server *server = mem_alloc(sizeof *server);
    server->config = config;
    server->started_ms = clock_mono_ms();
    int err = loop_open(&server->loop);
    if (err)
        server_fail(problem, "The event loop cannot be made", err);
    for (size_t i = 0; !err && i < ARRAY_LEN(steps); i++)
        err = steps[i](server, problem);
    if (err) {
        server_close(server);
        return err;
    }
    metrics_add_routes(server);
    status_add_routes(server);
    operators_add_routes(server);
    routes_log(server->routes);
    *out = server;
    return 0;
}

uint16_t server_port(const struct server *server) {
    return http_server_port(server->http);
}

/*
 * In the reverse order of opening, with two exceptions. Sessions are freed before the store, which
 * they ask. Shards are stopped before the disk is closed, because their tracks end on it, and
 * closed after it, because it gives their blocks back.
 */
void server_close(struct server *server) {
    if (!server)
        return;
    server->is_closing = true;
    timer_stop(&server->drain_limit);
    timer_stop(&server->drain_look);
    timer_stop(&server->look);
    operators_stop(server);
    http_server_close(server->http);
    networks_free(&server->proxies);
    tls_close(server->tls);
    egress_door_free(server->egress_door);
    webhook_free(server->webhook);
    routes_free(server->routes);
    erasures_close(server->erasures);
    auth_close(server->auth);
    talk_stats_free(server->talk_stats);
    reports_free(server->reports);
    mix_api_close(server->mix_api);
    hosts_free(server->hosts);
    peers_close(server->peers);
    mute_inquiry_free(server->mute_inquiry);
    reconcile_free(server->reconcile);
    rooms_free(server->rooms);
    server->rooms = NULL;
    egresses_free(server->egresses);
    livekit_close(server->livekit);
    sessions_free(server->sessions);
    repair_stop(server->repair);
    if (server->directory)
        directory_stop(server->directory);
    disk_close(server->disk);
    directory_close(server->directory);
    operators_free(server);
    rulebook_free(server->rulebook);
    tls_close(server->client_tls);
    tls_close(server->livekit_tls);
    tls_close(server->redis_tls);
    rtc_identity_close(server->rtc_identity);
    objects_close(server->objects);
    recordings_close(server->recordings);
    deliveries_close(server->deliveries);
    store_close(server->store, STORE_PATIENCE_MS);
    server_signals_close(server);
    loop_close(server->loop); /* waits for workers, which may have a recording open */
    mix_api_free(server->mix_api);
    objects_free(server->objects);
    recordings_free(server->recordings);
    run_mark_close(server->run_mark); /* first: the next server takes it with the folders */
    storage_close(server->storage);
    pool_free(&server->budget.connections);
    pool_free(&server->budget.sessions);
    pool_free(&server->budget.memory);
    mem_free(server);
}
