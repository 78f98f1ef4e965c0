#include "app/server/metrics.h"

#include "app/accounts/auth.h"
#include "app/config/config.h"
#include "app/sessions/directory.h"
#include "app/egress/egress_door.h"
#include "app/egress/egress_track.h"
#include "app/egress/egresses.h"
#include "app/server/exposition.h"
#include "app/hosts/hosts.h"
#include "app/recordings/recordings.h"
#include "app/rest/bearer.h"
#include "app/rest/routes.h"
#include "app/server/server.h"
#include "app/sessions/sessions.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "net/socketio/eio_server.h"
#include "net/http/http_server.h"
#include "net/socketio/sio_server.h"
#include "outside/disk/disk.h"
#include "outside/livekit/livekit.h"
#include "outside/store/store.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct metrics {
    struct server *server;
};

/* ---- what each part counts ---- */

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

static void write_process(const struct server *server, struct buf *out) {
    exposition_family(out, "prosa_info", "gauge", "The version that runs.");
    exposition_value(out, "prosa_info", "version", PROSA_VERSION, 1);
    exposition_gauge(out, "prosa_uptime_seconds", "Time since the start.",
                     (double)(clock_mono_ms() - server->started_ms) / 1000);
    exposition_gauge(out, "prosa_resident_bytes", "Resident memory.", (double)resident_bytes());
    exposition_gauge(out, "prosa_sessions_active", "Sessions that are active.",
                     sessions_count_active(server->sessions));
}

static void write_http(const struct server *server, struct buf *out) {
    static const char *const classes[] = {NULL, "1xx", "2xx", "3xx", "4xx", "5xx"};
    const struct http_stats *http = http_server_stats(server->http);

    exposition_gauge(out, "prosa_connections", "HTTP connections open now.",
                     (double)http->connections);
    exposition_counter(out, "prosa_connections_accepted_total", "TCP connections taken.",
                       (double)http->accepted);
    exposition_counter(out, "prosa_http_requests_total", "Requests.", (double)http->requests);
    exposition_counter(out, "prosa_http_upgrades_total", "WebSocket handshakes.",
                       (double)http->upgrades);
    exposition_family(out, "prosa_http_responses_total", "counter", "Answers by class.");
    for (int i = 1; i <= 5; i++)
        exposition_value(out, "prosa_http_responses_total", "class", classes[i],
                         (double)http->responses[i]);

    static const char name[] = "prosa_http_refused_total";
    exposition_family(out, name, "counter", "Connections and requests turned away, by cause.");
    exposition_value(out, name, "cause", "full", (double)http->refused_full);
    exposition_value(out, name, "cause", "bad_request", (double)http->bad_requests);
    exposition_value(out, name, "cause", "too_large", (double)http->too_large);
    exposition_value(out, name, "cause", "timeout", (double)http->timeouts);
    exposition_value(out, name, "cause", "tls", (double)http->tls_errors);
    exposition_value(out, name, "cause", "accept_error", (double)http->accept_errors);
    exposition_counter(out, "prosa_http_aborted_total", "Requests whose client went first.",
                       (double)http->aborted);
    exposition_counter(out, "prosa_http_received_bytes_total", "Bytes read from HTTP clients.",
                       (double)http->received_bytes);
    exposition_counter(out, "prosa_http_sent_bytes_total", "Bytes written to HTTP clients.",
                       (double)http->sent_bytes);
}

static void write_webhooks(const struct server *server, struct buf *out) {
    const struct webhook_stats *stats = webhook_stats(server->webhook);
    exposition_counter(out, "prosa_webhooks_total", "Webhooks taken.", (double)stats->received);
    exposition_counter(out, "prosa_webhooks_repeated_total", "Webhooks that came again.",
                       (double)stats->duplicates);
    exposition_counter(out, "prosa_webhooks_unknown_total", "Webhooks of kinds that mean nothing.",
                       (double)stats->unknown);
    exposition_family(out, "prosa_webhooks_refused_total", "counter", "Webhooks refused.");
    for (int i = WEBHOOK_OK + 1; i < WEBHOOK_FAULTS; i++)
        exposition_value(out, "prosa_webhooks_refused_total", "cause",
                         webhook_fault_name((enum webhook_fault)i), (double)stats->refused[i]);
    exposition_value(out, "prosa_webhooks_refused_total", "cause", "not_json",
                     (double)stats->not_json);
}

static void write_egress(const struct server *server, struct buf *out) {
    const struct egress_door_stats *stats = egress_door_stats(server->egress_door);
    static const char name[] = "prosa_egress_refused_total";
    exposition_counter(out, "prosa_egress_accepted_total", "Media connections taken.",
                       (double)stats->accepted);
    exposition_counter(out, "prosa_egress_reported_total",
                       "Media connections that EGRESS_AUTH=signed would refuse.",
                       (double)stats->reported_signature);
    exposition_family(out, name, "counter", "Media connections refused, by cause.");
    for (int i = EGRESS_URL_OK + 1; i < EGRESS_URL_FAULTS; i++)
        exposition_value(out, name, "cause", egress_url_fault_name((enum egress_url_fault)i),
                         (double)stats->refused_signature[i]);
    exposition_value(out, name, "cause", "parameters", (double)stats->refused_parameters);
    exposition_value(out, name, "cause", "full", (double)stats->refused_full);
    exposition_value(out, name, "cause", "leaving", (double)stats->refused_draining);
}

static void write_livekit(const struct server *server, struct buf *out) {
    if (!server->livekit)
        return;
    const struct livekit_stats *calls = livekit_stats(server->livekit);
    const struct egress_track_stats *starts = egresses_stats(server->egresses);
    exposition_counter(out, "prosa_livekit_calls_total", "Calls to LiveKit.", (double)calls->calls);
    exposition_counter(out, "prosa_livekit_failed_total", "Calls that failed.",
                       (double)calls->failed);
    exposition_gauge(out, "prosa_livekit_waiting", "Calls not answered yet.",
                     (double)calls->waiting);
    exposition_gauge(out, "prosa_livekit_away", "1 when the last call got no good answer.",
                     calls->is_away);
    exposition_counter(out, "prosa_egress_started_total", "Egresses started.",
                       (double)starts->started);
    exposition_counter(out, "prosa_egress_restarted_total", "Of those, started again.",
                       (double)starts->restarted);
    exposition_counter(out, "prosa_egress_failed_total", "Egresses LiveKit would not start.",
                       (double)starts->failed);
    exposition_counter(out, "prosa_egress_left_alone_total",
                       "Tracks whose egress somebody stopped, or that can have none.",
                       (double)starts->left_alone);
    exposition_gauge(out, "prosa_published_tracks", "Published audio tracks.",
                     (double)starts->tracks);
}

static void write_media(const struct media_stats *media, struct buf *out) {
    static const char name[] = "prosa_media_closed_total";
    exposition_counter(out, "prosa_media_received_bytes_total", "Bytes from media sockets.",
                       (double)media->received_bytes);
    exposition_counter(out, "prosa_media_messages_total", "WebSocket messages of media sockets.",
                       (double)media->messages);
    exposition_counter(out, "prosa_media_reads_total", "Reads from media sockets.",
                       (double)media->reads);
    exposition_counter(out, "prosa_media_budget_hits_total",
                       "Ticks in which a socket had more to read than its share.",
                       (double)media->budget_hits);
    exposition_family(out, name, "counter", "Media sockets closed for a fault, by cause.");
    exposition_value(out, name, "cause", "protocol", (double)media->bad_protocol);
    exposition_value(out, name, "cause", "data", (double)media->bad_data);
    exposition_value(out, name, "cause", "too_large", (double)media->too_big);
    exposition_value(out, name, "cause", "silent", (double)media->silent);
    exposition_value(out, name, "cause", "reset", (double)media->reset);
}

static void write_hume(const struct hume_stats *s, struct buf *out) {
    exposition_family(out, "prosa_hume_tracks", "gauge",
                      "Tracks by their connection to the service.");
    exposition_value(out, "prosa_hume_tracks", "state", "idle", (double)s->idle);
    exposition_value(out, "prosa_hume_tracks", "state", "dialling", (double)s->dialling);
    exposition_value(out, "prosa_hume_tracks", "state", "open", (double)s->open);
    exposition_value(out, "prosa_hume_tracks", "state", "waiting", (double)s->waiting);
    exposition_family(out, "prosa_hume_blocks_total", "counter", "Groups by what became of them.");
    for (int i = 0; i < HUME_FATES; i++)
        exposition_value(out, "prosa_hume_blocks_total", "fate", hume_fate_name((enum hume_fate)i),
                         (double)s->fates[i]);
    exposition_counter(out, "prosa_hume_messages_sent_total", "Blocks and frames sent.",
                       (double)s->messages_sent);
    exposition_counter(out, "prosa_hume_dropped_total", "Blocks and frames that waited too long.",
                       (double)s->frames_dropped);
    exposition_counter(out, "prosa_hume_resent_total", "Frames sent again.", (double)s->resent);
    exposition_counter(out, "prosa_hume_unreadable_total", "Answers that made no sense.",
                       (double)s->unreadable);
    exposition_counter(out, "prosa_hume_no_speech_total", "Blocks in which no speech was found.",
                       (double)s->no_speech);
    exposition_counter(out, "prosa_hume_failures_total", "Connections refused, lost or given up.",
                       (double)s->failures);
    exposition_gauge(out, "prosa_hume_refused", "Shards that the service refuses for good.",
                     (double)s->refused);
    exposition_gauge(out, "prosa_hume_breaker_open", "Shards that only send probes.",
                     (double)s->breaker_open);
    exposition_family(out, "prosa_hume_errors_total", "counter", "Errors by the service's code.");
    for (unsigned i = 0; i < HUME_CODES; i++)
        exposition_value(out, "prosa_hume_errors_total", "code", hume_code_name(i),
                         (double)s->codes[i]);
    exposition_histogram(out, "prosa_hume_latency_seconds",
                         "From sending audio to its measurement.", hume_latency_bounds.ms,
                         s->latency.counts, hume_latency_bounds.count, s->latency.sum_ms);
}

static void write_shards(const struct shard_stats *s, size_t shards, struct buf *out) {
    static const char *const ends[] = {"closed", "lost", "bad", "idle", "drained"};
    exposition_gauge(out, "prosa_shards", "Threads for meetings.", (double)shards);
    exposition_gauge(out, "prosa_meetings", "Meetings known.", (double)s->meetings);
    exposition_gauge(out, "prosa_meetings_paused", "Meetings whose analysis is paused.",
                     (double)s->paused_meetings);
    exposition_family(out, "prosa_tracks", "gauge", "Media connections open now.");
    exposition_value(out, "prosa_tracks", "kind", "audio", (double)s->audio_tracks);
    exposition_value(out, "prosa_tracks", "kind", "video", (double)s->video_tracks);
    exposition_family(out, "prosa_tracks_ended_total", "counter", "Media connections that ended.");
    for (int i = 0; i < TRACK_ENDS; i++)
        exposition_value(out, "prosa_tracks_ended_total", "cause", ends[i], (double)s->ended[i]);

    exposition_family(out, "prosa_track_bytes_total", "counter", "Payload received.");
    exposition_value(out, "prosa_track_bytes_total", "kind", "audio", (double)s->audio_bytes);
    exposition_value(out, "prosa_track_bytes_total", "kind", "video", (double)s->video_bytes);
    exposition_counter(out, "prosa_audio_frames_total", "Binary messages of audio.",
                       (double)s->audio_messages);
    exposition_counter(out, "prosa_audio_muted_bytes_total", "Audio dropped while muted.",
                       (double)s->mute_dropped_bytes);
    exposition_counter(out, "prosa_text_frames_total", "Text messages of tracks.",
                       (double)s->text_frames);
    exposition_counter(out, "prosa_text_frames_ignored_total", "Text messages without meaning.",
                       (double)s->text_ignored);
    exposition_counter(out, "prosa_audio_gaps_total", "Gaps filled with silence.", (double)s->gaps);
    exposition_counter(out, "prosa_audio_gap_seconds_total", "Length of those gaps.",
                       (double)s->gap_ms / 1000);
    exposition_counter(out, "prosa_audio_drift_seconds_total",
                       "How far the clocks of senders whose tracks ended were off ours.",
                       (double)s->drift_ms / 1000);
    exposition_gauge(out, "prosa_audio_drift_seconds_max", "The most of these.",
                     (double)s->drift_ms_max / 1000);

    exposition_counter(out, "prosa_ticks_total", "Ticks of all shards.", (double)s->ticks);
    exposition_counter(out, "prosa_ticks_late_total", "Ticks that began late.",
                       (double)s->ticks_late);
    exposition_counter(out, "prosa_tick_seconds_total", "Time spent in ticks.",
                       (double)s->tick_us_total / 1e6);
    exposition_gauge(out, "prosa_tick_seconds_max", "Longest tick.", (double)s->tick_us_max / 1e6);
    exposition_gauge(out, "prosa_tick_lateness_seconds_max", "Latest beginning of a tick.",
                     (double)s->tick_late_ms_max / 1000);
    exposition_histogram(out, "prosa_tick_lateness_seconds", "How late ticks began.",
                         shard_lateness_bounds.ms, s->lateness.counts, shard_lateness_bounds.count,
                         s->lateness.sum_ms);
    exposition_gauge(out, "prosa_tick_period_seconds", "Longest period between ticks now.",
                     (double)s->tick_period_ms / 1000);
    exposition_counter(out, "prosa_analysis_pauses_total", "Times a meeting's analysis was paused.",
                       (double)s->analysis_pauses);
    write_media(&s->media, out);
    write_hume(&s->hume, out);
}

static void write_disk(const struct server *server, struct buf *out) {
    const struct disk_stats *disk = disk_stats(server->disk);
    const struct recordings_stats *rows = recordings_stats(server->recordings);
    exposition_gauge(out, "prosa_disk_queue_bytes", "Audio that waits for the disk.",
                     (double)atomic_load(&disk->queued_bytes));
    exposition_counter(out, "prosa_disk_written_bytes_total",
                       "Bytes written; digital silence needs none.",
                       (double)atomic_load(&disk->written_bytes));
    exposition_counter(out, "prosa_disk_writes_total", "Writes.",
                       (double)atomic_load(&disk->writes));
    exposition_counter(out, "prosa_disk_errors_total", "Failed system calls on recordings.",
                       (double)atomic_load(&disk->errors));
    exposition_counter(out, "prosa_disk_lost_bytes_total",
                       "Audio lost to a full queue or a failing disk.",
                       (double)atomic_load(&disk->gap_bytes));
    exposition_gauge(out, "prosa_disk_open_files", "Recordings being written.",
                     (double)atomic_load(&disk->open_files));
    exposition_gauge(out, "prosa_disk_free_bytes", "Room left where it is least.",
                     (double)atomic_load(&disk->free_bytes));
    exposition_counter(out, "prosa_recordings_expired_total",
                       "Recordings deleted after their time.", (double)rows->expired);
    exposition_counter(out, "prosa_recording_rows_total", "Rows of recordings stored.",
                       (double)rows->rows);
    exposition_counter(out, "prosa_recording_rows_dropped_total",
                       "Rows of recordings lost while the database was away.",
                       (double)rows->dropped);
    exposition_gauge(out, "prosa_recording_rows_waiting",
                     "Rows of recordings that wait for the database.", (double)rows->waiting);
    exposition_counter(out, "prosa_pipeline_log_lines_total", "Lines of pipeline logs.",
                       (double)atomic_load(&disk->log_lines));
    exposition_counter(out, "prosa_pipeline_log_lines_lost_total",
                       "Lines of pipeline logs given up before any audio, the disk being too slow.",
                       (double)atomic_load(&disk->lost_lines));
}

static void write_auth(const struct server *server, struct buf *out) {
    const struct auth_stats *a = auth_stats(server->auth);
    exposition_family(out, "prosa_logins_total", "counter", "Logins by outcome.");
    exposition_value(out, "prosa_logins_total", "outcome", "good", (double)a->logins);
    exposition_value(out, "prosa_logins_total", "outcome", "refused", (double)a->logins_failed);
    exposition_value(out, "prosa_logins_total", "outcome", "throttled", (double)a->throttled);
    exposition_value(out, "prosa_logins_total", "outcome", "busy", (double)a->busy);
    exposition_counter(out, "prosa_registrations_total", "Users who registered.",
                       (double)a->registrations);
    exposition_counter(out, "prosa_refreshes_total", "Refresh tokens exchanged.",
                       (double)a->refreshes);
    exposition_counter(out, "prosa_refresh_reuses_total",
                       "Refresh tokens used twice, their logins ended.", (double)a->reuses);
}

static void write_store(const struct server *server, struct buf *out) {
    struct store_stats s;
    store_stats(server->store, &s);
    exposition_gauge(out, "prosa_store_away", "1 while the database cannot be reached.", s.is_away);
    exposition_gauge(out, "prosa_store_queue", "Feedback events that wait for the database.",
                     (double)s.queued);
    exposition_counter(out, "prosa_store_written_total", "Feedback events stored.",
                       (double)s.written);
    exposition_counter(out, "prosa_store_dropped_total", "Feedback events lost to a full queue.",
                       (double)s.dropped);
    exposition_counter(out, "prosa_store_refused_total", "Feedback events the database refused.",
                       (double)s.refused);
    exposition_counter(out, "prosa_store_expired_total",
                       "Feedback events deleted after their time.", (double)s.expired);
    exposition_counter(out, "prosa_store_calls_total", "Questions answered.", (double)s.calls);
    exposition_counter(out, "prosa_store_calls_late_total", "Questions not answered in time.",
                       (double)s.late);
    exposition_counter(out, "prosa_store_stalls_total",
                       "Times that requests were refused because the database's disk stalled.",
                       (double)s.stalls);
    exposition_counter(out, "prosa_store_reconnects_total", "Connections made again.",
                       (double)s.reconnects);
}

static void write_feedback(const struct server *server, struct buf *out) {
    const struct hosts_counters *hosts = hosts_counters(server->hosts);
    exposition_family(out, "prosa_feedback_total", "counter", "Feedback events by type.");
    for (int i = 0; i < FEEDBACK_TYPES; i++)
        exposition_value(out, "prosa_feedback_total", "type",
                         feedback_type_name((enum feedback_type)i),
                         (double)server->feedback_out.counts[i]);
    exposition_histogram(out, "prosa_feedback_latency_seconds",
                         "From an event's time to its hand-over to the hosts' sockets.",
                         hosts_latency_bounds.ms, hosts->latency.counts, hosts_latency_bounds.count,
                         hosts->latency.sum_ms);
}

static void write_sockets(const struct server *server, struct buf *out) {
    const struct sio_stats *sio = sio_server_stats(hosts_sio(server->hosts));
    const struct eio_stats *eio = eio_server_stats(sio_server_eio(hosts_sio(server->hosts)));
    const struct hosts_counters *hosts = hosts_counters(server->hosts);
    static const char name[] = "prosa_socket_refused_total";

    exposition_gauge(out, "prosa_socket_clients", "Socket.IO clients connected.",
                     (double)sio->sockets);
    exposition_gauge(out, "prosa_socket_sessions", "Engine.IO sessions open.",
                     (double)eio->sessions);
    exposition_gauge(out, "prosa_socket_rooms", "Rooms with somebody in them.", (double)sio->rooms);
    exposition_counter(out, "prosa_socket_events_in_total", "Events from clients.",
                       (double)sio->events_in);
    exposition_counter(out, "prosa_socket_events_out_total", "Events to clients.",
                       (double)sio->events_out);
    exposition_family(out, "prosa_socket_closed_total", "counter", "Sessions closed, by cause.");
    for (int i = 0; i < EIO_CLOSED_REASONS; i++)
        exposition_value(out, "prosa_socket_closed_total", "cause",
                         eio_close_reason_name((enum eio_close_reason)i), (double)eio->closed[i]);
    exposition_family(out, name, "counter", "What clients were refused, by cause.");
    exposition_value(out, name, "cause", "full", (double)eio->refused_full);
    exposition_value(out, name, "cause", "too_large", (double)eio->too_large);
    exposition_value(out, name, "cause", "bad_packet", (double)sio->bad_packets);
    exposition_value(out, name, "cause", "incomplete_packet", (double)sio->incomplete_dropped);
    exposition_value(out, name, "cause", "rooms", (double)sio->rooms_refused);
    exposition_value(out, name, "cause", "join", (double)hosts->joins_refused);
    exposition_value(out, name, "cause", "rate", (double)hosts->limited);
    exposition_counter(out, "prosa_socket_deliveries_total",
                       "Events of broadcasts handed to sockets.", (double)sio->deliveries);
    exposition_counter(out, "prosa_socket_volatile_dropped_total",
                       "Volatile events a client was too busy for.", (double)sio->volatile_dropped);
    exposition_gauge(out, "prosa_socket_kept", "Lost clients that may still come back.",
                     (double)sio->kept);
    exposition_counter(out, "prosa_socket_recovered_total", "Clients that came back.",
                       (double)sio->recovered);
    exposition_counter(out, "prosa_socket_recovery_missed_total",
                       "Clients that came back too late for what they missed.",
                       (double)sio->recovery_missed);
    exposition_counter(out, "prosa_feedback_replayed_total", "Feedback events played back.",
                       (double)hosts->replayed);
    exposition_counter(out, "prosa_joins_reported_total",
                       "Joins that FEEDBACK_ACCESS=host would refuse.",
                       (double)hosts->joins_reported);
}

/* ---- the route ---- */

static void on_abort(struct http_request *req) {
    *(struct http_request **)req->user = NULL;
}

struct scrape {
    struct http_request *req; /* first: NULL once the client is gone */
    struct server *server;
};

static void on_shard_stats(const struct shard_stats *total, size_t shards, void *user) {
    struct scrape *scrape = user;
    struct buf text = {0};
    if (scrape->req) {
        write_process(scrape->server, &text);
        write_http(scrape->server, &text);
        write_webhooks(scrape->server, &text);
        write_egress(scrape->server, &text);
        write_livekit(scrape->server, &text);
        write_shards(total, shards, &text);
        write_disk(scrape->server, &text);
        write_store(scrape->server, &text);
        write_auth(scrape->server, &text);
        write_feedback(scrape->server, &text);
        write_sockets(scrape->server, &text);
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

static void on_metrics(struct http_request *req, const struct route_match *match, void *owner) {
    struct metrics *metrics = owner;
    const char *token = metrics->server->config->metrics_token;

    if (token && !bearer_is(req->head, slice_from(token))) {
        http_respond_error(req, 401, "The metrics need their token (METRICS_TOKEN)");
        return;
    }
    if (!token && !is_loopback(req->peer)) {
        http_respond_error(req, 403, "Without METRICS_TOKEN the metrics are for this machine only");
        return;
    }
    struct scrape *scrape = mem_alloc(sizeof *scrape);
    *scrape = (struct scrape){req, metrics->server};
    req->user = scrape;
    req->on_abort = on_abort;
    directory_ask_stats(metrics->server->directory, on_shard_stats, scrape);
}

void metrics_add_routes(struct metrics *metrics, struct routes *routes) {
    static const struct route rows[] = {{"GET", "/metrics", on_metrics}};
    routes_add(routes, rows, ARRAY_LEN(rows), metrics);
}

struct metrics *metrics_new(struct server *server) {
    struct metrics *metrics = mem_alloc(sizeof *metrics);
    metrics->server = server;
    return metrics;
}

void metrics_free(struct metrics *metrics) {
    mem_free(metrics);
}
