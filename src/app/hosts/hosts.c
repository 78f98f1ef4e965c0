#include "app/hosts/hosts.h"

#include "app/config/config.h"
#include "app/hosts/hosts_private.h"
#include "app/peers/peers.h"
#include "app/rest/routes.h"
#include "base/counter.h"
#include "base/macros.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/socketio/eio_server.h"
#include "wire/web/json.h"
#include "wire/web/json_clean.h"
#include "wire/web/json_write.h"

enum { CAUSE_MAX = 1024 }; /* bytes of arguments that an exception repeats */

/* ---- What the files share ---- */

static void emit_exception(struct host_client *client, const char *message, const char *pattern,
                           struct slice data) {
    struct buf json = {0};
    json_open(&json, NULL);
    json_add_text(&json, "status", SLICE("error"));
    json_add_text(&json, "message", slice_from(message));
    json_open(&json, "cause");
    json_add_text(&json, "pattern", slice_from(pattern));
    if (data.len > 0)
        json_add_raw(&json, "data", data);
    json_close(&json);
    json_close(&json);
    sio_emit(client->socket, "exception", buf_slice(&json));
    buf_free(&json);
}

void hosts_exception(struct host_client *client, const char *message, const char *pattern,
                     const struct sio_event *event) {
    struct buf data = {0};
    if (event && event->args.len <= CAUSE_MAX && event->attachment_count == 0) {
        if (event->argc > 1)
            json_open_array(&data, NULL);
        if (event->argc > 0)
            json_add_raw(&data, NULL, event->args);
        if (event->argc > 1)
            json_close_array(&data);
    }
    emit_exception(client, message, pattern, buf_slice(&data));
    buf_free(&data);
}

void hosts_exception_about(struct host_client *client, const char *message, const char *pattern,
                           struct slice room) {
    struct buf data = {0};
    json_add_text(&data, NULL, room);
    emit_exception(client, message, pattern, buf_slice(&data));
    buf_free(&data);
}

struct buf hosts_text(struct slice json) {
    struct buf text = {0};
    if (json_kind(json) == JSON_KIND_STRING)
        json_unquote(&text, json);
    return text;
}

static bool take_one(struct hosts *hosts, struct bucket *bucket, unsigned burst) {
    int64_t step_us = 1000000 / hosts->settings.config->messages_per_second;
    return bucket_take(bucket, step_us, burst, loop_now_ms(hosts->settings.loop) * 1000) == 0;
}

bool hosts_may_join_more(struct host_client *client) {
    /* All its rooms at once, and then at the pace of messages. */
    unsigned rooms = client->hosts->settings.config->rooms_per_client;
    return take_one(client->hosts, &client->joins, rooms + 16);
}

/* ---- Messages ---- */

/* {"clientId":...,"message":...}: the message is left out where the event has no argument, and an
 * array where it has several. It is cleaned, since what one client takes breaks another. */
static void write_message(struct buf *out, const struct sio_socket *socket,
                          const struct sio_event *event, uint64_t seed) {
    json_open(out, NULL);
    json_add_text(out, "clientId", sio_id(socket));
    if (event->argc > 0) {
        json_add_name(out, "message");
        if (event->argc > 1)
            json_open_array(out, NULL);
        json_clean(out, event->args, seed);
        if (event->argc > 1)
            json_close_array(out);
    }
    json_close(out);
}

static size_t event_bytes(const struct sio_event *event) {
    size_t bytes = json_text_bytes(event->args);
    for (unsigned i = 0; i < event->attachment_count; i++)
        bytes += event->attachments[i].len;
    return bytes;
}

void hosts_send(struct hosts *hosts, const struct sio_target *target, const char *event,
                struct slice args, const struct slice *attachments, unsigned count) {
    sio_broadcast_binary(hosts->ns, target, event, args, attachments, count);
    peers_emit(hosts->settings.peers, target, event, args, attachments, count);
}

/* To all clients that share a room with the sender, and to the sender. */
static void send_to_neighbours(struct hosts *hosts, struct sio_socket *socket, struct slice json,
                               const struct sio_event *event) {
    unsigned count = 0;
    while (sio_room_at(socket, count, &(struct slice){0}))
        count++;
    struct slice *rooms = mem_alloc_array(count + 1, sizeof *rooms);
    for (unsigned i = 0; i < count; i++)
        sio_room_at(socket, i, &rooms[i]);
    rooms[count] = sio_id(socket);
    struct sio_target target = {.rooms = rooms, .room_count = count + 1};
    hosts_send(hosts, &target, "message", json, event->attachments, event->attachment_count);
    mem_free(rooms);
}

static void hosts_on_message(struct sio_socket *socket, const struct sio_event *event, void *arg) {
    struct hosts *hosts = arg;
    struct host_client *client = sio_data(socket);
    const struct config *config = hosts->settings.config;

    const char *fault = NULL;
    if (event_bytes(event) > config->message_bytes)
        fault = "Message too large";
    else if (!take_one(hosts, &client->messages, config->messages_per_second))
        fault = "Too many messages";
    if (fault) {
        hosts->counters.limited++;
        hosts_exception(client, fault, "message", NULL);
        return;
    }
    struct buf json = {0};
    write_message(&json, socket, event, hosts->seed);
    if (config->message_scope == MESSAGE_ALL)
        hosts_send(hosts, &(struct sio_target){0}, "message", buf_slice(&json), event->attachments,
                   event->attachment_count);
    else
        send_to_neighbours(hosts, socket, buf_slice(&json), event);
    buf_free(&json);
    sio_ack(socket, event, SLICE("\"Message received\""));
}

static void hosts_on_too_deep(struct sio_socket *socket, struct slice name, void *arg) {
    struct hosts *hosts = arg;
    struct buf pattern = hosts_text(name), message = {0};
    buf_add_byte(&pattern, 0);
    buf_printf(&message, "Nested too deeply: at most %d arrays and objects in each other",
               JSON_DEPTH_MAX - 1);
    buf_add_byte(&message, 0);
    hosts->counters.limited++;
    hosts_exception(sio_data(socket), message.data, pattern.data, NULL);
    buf_free(&message);
    buf_free(&pattern);
}

/* ---- Clients come, go and come back ---- */

void hosts_client_init(struct host_client *client, struct hosts *hosts) {
    client->hosts = hosts;
    list_init(&client->node);
    list_init(&client->rights);
    list_init(&client->tickets);
    list_init(&client->rechecks);
}

/* A token may come with the handshake, as well as with `authenticate`. */
static void take_auth(struct host_client *client, struct slice auth) {
    struct buf token = hosts_text(json_member(auth, "token"));
    const char *fault = token.len > 0 ? hosts_take_token(client, buf_slice(&token)) : NULL;
    if (fault)
        hosts_exception(client, fault, "authenticate", NULL);
    else if (token.len > 0)
        hosts_join_again(client, &client->expired, NULL);
    buf_free(&token);
}

static void hosts_on_connect(struct sio_socket *socket, struct slice auth, void *arg) {
    struct hosts *hosts = arg;
    struct host_client *client = mem_alloc(sizeof *client);
    hosts_client_init(client, hosts);
    client->socket = socket;
    client->locale = (uint8_t)hosts->settings.config->feedback_locale;
    list_add(&hosts->clients, &client->node);
    sio_set_data(socket, client);
    take_auth(client, auth);
}

static void hosts_on_return(struct sio_socket *socket, struct slice auth, void *arg) {
    struct host_client *client = sio_data(socket);
    client->socket = socket;
    take_auth(client, auth);
    uint64_t seq = sio_returned_seq(socket);
    hosts_tickets_resume(client, seq);
    hosts_join_again(client, &client->rejoin, &seq);
}

static void client_free(struct host_client *client) {
    hosts_tickets_end(client);
    hosts_rechecks_end(client);
    hosts_rights_end(client);
    list_remove(&client->node);
    buf_free(&client->rejoin);
    buf_free(&client->expired);
    mem_free(client);
}

static void hosts_on_disconnect(struct sio_socket *socket, bool may_return, void *arg) {
    struct host_client *client = sio_data(socket);
    hosts_tickets_pause(client);
    hosts_rechecks_end(client);
    client->socket = NULL;
    if (!may_return)
        client_free(client);
}

static void hosts_on_forget(void *data, void *arg) {
    client_free(data);
}

/* Rights count for a connection that is recovered, too. A room that no right opens is kept in
 * `rejoin`: the client may bring a token that does, and hosts_on_return tries again with it. */
static bool hosts_may_rejoin(void *data, struct slice room, void *arg) {
    struct hosts *hosts = arg;
    struct host_client *client = data;
    struct slice name;

    if (hosts->settings.config->feedback_access != ACCESS_HOST ||
        (!hosts_is_feedback_room(room, &name) && !hosts_is_stats_room(room, &name)) ||
        hosts_judge(client, name) == HOST_YES)
        return true;
    hosts_remember_room(&client->rejoin, room);
    return false;
}

/* ---- The hosts ---- */

/* Who hears feedback is for the doors here to say, not for other servers. */
static bool may_be_entered(struct slice room) {
    struct slice name;
    return !hosts_is_feedback_room(room, &name) && !hosts_is_stats_room(room, &name);
}

struct hosts *hosts_new(const struct hosts_settings *settings) {
    static const struct sio_handlers handlers = {.on_connect = hosts_on_connect,
                                                 .on_disconnect = hosts_on_disconnect,
                                                 .on_too_deep = hosts_on_too_deep,
                                                 .may_rejoin = hosts_may_rejoin,
                                                 .on_return = hosts_on_return,
                                                 .on_forget = hosts_on_forget};
    const struct config *config = settings->config;
    struct sio_settings sio = {
        .eio = {.max_payload_bytes = config->socket_packet_bytes,
                .max_bytes_per_second = config->socket_bytes_per_second,
                .max_queue_bytes = config->client_queue_bytes,
                .budget = settings->budget},
        .recovery_ms = config->socket_recovery != RECOVERY_OFF ? 120 * 1000 : 0,
        .recovers_all = config->socket_recovery == RECOVERY_ON,
        .recovery_bytes = config->history_bytes,
        .max_rooms = config->rooms_per_client,
    };
    struct hosts *hosts = mem_alloc(sizeof *hosts);
    hosts->settings = *settings;
    hosts->seed = rand_u64();
    map_init(&hosts->meetings, rand_u64());
    list_init(&hosts->clients);
    list_init(&hosts->checks);
    hosts->sio = sio_server_new(settings->loop, &sio);
    hosts->ns = sio_namespace_add(hosts->sio, "/", &handlers, hosts);
    if (settings->peers)
        peers_serve(settings->peers, hosts->ns, SLICE("/"), may_be_entered);
    sio_on(hosts->ns, "message", hosts_on_message);
    sio_on(hosts->ns, "join-room", hosts_on_join);
    sio_on(hosts->ns, "leave-room", hosts_on_leave);
    sio_on(hosts->ns, "authenticate", hosts_on_authenticate);
    hosts_start_sweep(hosts);
    hosts_start_rechecks(hosts);
    hosts_streams_start(hosts);
    return hosts;
}

struct sio_server *hosts_sio(struct hosts *hosts) {
    return hosts->sio;
}

const struct hosts_counters *hosts_counters(const struct hosts *hosts) {
    return &hosts->counters;
}

void hosts_drain(struct hosts *hosts) {
    hosts_streams_end(hosts);
    eio_server_drain(sio_server_eio(hosts->sio));
}

void hosts_free(struct hosts *hosts) {
    if (!hosts)
        return;
    timer_stop(&hosts->sweep);
    timer_stop(&hosts->rechecks);
    hosts_checks_end(hosts);
    hosts_streams_free(hosts);
    sio_server_close(hosts->sio);
    hosts_meetings_free(hosts);
    mem_free(hosts);
}

/* ---- Routes ---- */

static void hosts_on_head(struct http_request *req, const struct route_match *match, void *owner) {
    struct hosts *hosts = owner;
    eio_server_head(sio_server_eio(hosts->sio), req);
}

static void hosts_on_request(struct http_request *req, const struct route_match *match,
                             void *owner) {
    struct hosts *hosts = owner;
    eio_server_request(sio_server_eio(hosts->sio), req);
}

static void hosts_on_upgrade(struct http_request *req, const struct route_match *match,
                             void *owner) {
    struct hosts *hosts = owner;
    eio_server_upgrade(sio_server_eio(hosts->sio), req);
}

void hosts_add_routes(struct hosts *hosts, struct routes *routes) {
    static const struct route rows[] = {
        {"*", "/socket.io/...", hosts_on_request, .on_head = hosts_on_head},
        {ROUTE_UPGRADE, "/socket.io/...", hosts_on_upgrade},
        {"GET", "/feedback/:meetingId/live", hosts_on_live},
    };
    routes_add(routes, rows, ARRAY_LEN(rows), hosts);
}

#define AT(member) offsetof(struct hosts_counters, member)

static const struct counter counters[] = {
    {"prosa_feedback_latency_seconds",
     "From an event's time to its hand-over to the hosts' sockets.", COUNTER_SUM, AT(latency),
     .bounds = &hosts_latency_bounds},
    {"prosa_socket_refused_total", NULL, COUNTER_SUM, AT(joins_refused), .label = "cause",
     .value = "join"},
    {"prosa_socket_refused_total", NULL, COUNTER_SUM, AT(limited), .label = "cause",
     .value = "rate"},
    {"prosa_feedback_replayed_total", "Feedback events played back.", COUNTER_SUM, AT(replayed)},
    {"prosa_live_streams", "Live streams (server-sent events) that are open.", COUNTER_GAUGE,
     AT(streams)},
    {"prosa_live_events_total", "Events handed to live streams.", COUNTER_SUM, AT(stream_events)},
    {"prosa_joins_reported_total", "Joins that FEEDBACK_ACCESS=host would refuse.", COUNTER_SUM,
     AT(joins_reported)},
};

const struct counter_table hosts_counter_table = {counters, ARRAY_LEN(counters)};
