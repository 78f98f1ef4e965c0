#include "app/hosts/hosts.h"

#include "app/config/config.h"
#include "app/hosts/hosts_private.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "net/socketio/eio_server.h"
#include "wire/web/json.h"
#include "wire/web/sio.h"

#include <string.h>

enum { CAUSE_MAX = 1024 }; /* bytes of arguments that an exception repeats */

void hosts_exception(struct hosts *hosts, struct sio_socket *socket, const char *message,
                     const char *pattern, const struct sio_event *event) {
    struct buf json = {0};

    hosts->counters.exceptions++;
    buf_add_text(&json, "{\"status\":\"error\",\"message\":");
    text_add_json(&json, slice_from(message));
    if (pattern) {
        buf_add_text(&json, ",\"cause\":{\"pattern\":");
        text_add_json(&json, slice_from(pattern));
        if (event && event->argc > 0 && event->args.len <= CAUSE_MAX) {
            buf_printf(&json, event->argc == 1 ? ",\"data\":" : ",\"data\":[");
            buf_add_slice(&json, event->args);
            if (event->argc > 1)
                buf_add_byte(&json, ']');
        }
        buf_add_byte(&json, '}');
    }
    buf_add_byte(&json, '}');
    sio_emit(socket, "exception", buf_slice(&json));
    buf_free(&json);
}

struct buf hosts_text(struct slice json) {
    struct buf text = {0};

    if (json_kind(json) == JSON_KIND_STRING)
        json_unquote(&text, json);
    return text;
}

/* True when one more is within the limit. */
static bool limit_allows(struct host_limit *limit, int64_t now_ms, unsigned per_second,
                         unsigned burst) {
    int64_t refilled = (now_ms - limit->at_ms) * per_second;

    limit->used_milli = refilled >= limit->used_milli ? 0 : limit->used_milli - (unsigned)refilled;
    limit->at_ms = now_ms;
    if (limit->used_milli + 1000 > burst * 1000)
        return false;
    limit->used_milli += 1000;
    return true;
}

bool hosts_may_join_more(struct host_client *client) {
    const struct config *config = client->hosts->world.config;

    /* All its rooms at once, and then at the pace of messages. */
    return limit_allows(&client->joins, loop_now_ms(client->hosts->world.loop),
                        (unsigned)config->messages_per_second,
                        (unsigned)config->rooms_per_client + 16);
}

/* {"clientId":...,"message":...}: without an argument the key is left out, several become an array. */
static void write_message(struct buf *out, const struct sio_socket *socket,
                          const struct sio_event *event) {
    buf_add_text(out, "{\"clientId\":");
    text_add_json(out, sio_id(socket));
    if (event->argc > 0) {
        buf_add_text(out, event->argc > 1 ? ",\"message\":[" : ",\"message\":");
        if (event->attachment_count > 0)
            sio_write_buffers(out, event->args, event->attachments, event->attachment_count);
        else
            buf_add_slice(out, event->args);
        if (event->argc > 1)
            buf_add_byte(out, ']');
    }
    buf_add_byte(out, '}');
}

static size_t event_bytes(const struct sio_event *event) {
    size_t bytes = event->args.len;

    for (unsigned i = 0; i < event->attachment_count; i++)
        bytes += event->attachments[i].len;
    return bytes;
}

/* Those who share a room with the sender, himself included. */
static void send_to_neighbours(struct hosts *hosts, struct sio_socket *socket, struct slice json) {
    struct slice *rooms;
    struct sio_target target = {0};
    unsigned count = 0;

    while (sio_room_at(socket, count, &(struct slice){0}))
        count++;
    rooms = mem_alloc_array(count + 1, sizeof *rooms);
    for (unsigned i = 0; i < count; i++)
        sio_room_at(socket, i, &rooms[i]);
    rooms[count] = sio_id(socket);
    target.rooms = rooms;
    target.room_count = count + 1;
    sio_broadcast(hosts->ns, &target, "message", json);
    mem_free(rooms);
}

static void on_message(void *arg, struct sio_socket *socket, const struct sio_event *event) {
    struct hosts *hosts = arg;
    struct host_client *client = sio_data(socket);
    const struct config *config = hosts->world.config;
    struct buf json = {0};

    if (event_bytes(event) > (size_t)config->message_bytes) {
        hosts->counters.limited++;
        hosts_exception(hosts, socket, "Message too large", "message", NULL);
        return;
    }
    if (!limit_allows(&client->messages, loop_now_ms(hosts->world.loop),
                      (unsigned)config->messages_per_second,
                      (unsigned)config->messages_per_second)) {
        hosts->counters.limited++;
        hosts_exception(hosts, socket, "Too many messages", "message", NULL);
        return;
    }
    hosts->counters.messages++;
    write_message(&json, socket, event);
    if (config->message_scope == MESSAGE_ALL)
        sio_broadcast(hosts->ns, &(struct sio_target){0}, "message", buf_slice(&json));
    else
        send_to_neighbours(hosts, socket, buf_slice(&json));
    buf_free(&json);
    sio_ack(socket, event, SLICE("\"Message received\""));
}

/* A token may come with the handshake, as well as with `authenticate`. */
static void take_auth(struct host_client *client, struct slice auth) {
    struct buf token = hosts_text(json_member(auth, "token"));
    const char *fault = token.len > 0 ? hosts_take_token(client, buf_slice(&token)) : NULL;

    if (fault)
        hosts_exception(client->hosts, client->socket, fault, "authenticate", NULL);
    else if (token.len > 0)
        hosts_come_back(client);
    buf_free(&token);
}

static void on_connect(void *arg, struct sio_socket *socket, struct slice auth) {
    struct hosts *hosts = arg;
    struct host_client *client = mem_alloc(sizeof *client);

    client->hosts = hosts;
    client->socket = socket;
    client->locale = (uint8_t)hosts->world.config->feedback_locale;
    list_init(&client->rights);
    list_init(&client->tickets);
    list_init(&client->rechecks);
    list_add(&hosts->clients, &client->node);
    sio_set_data(socket, client);
    take_auth(client, auth);
}

static void rejoin(struct host_client *client) {
    struct buf rooms = client->rejoin;
    struct slice rest = buf_slice(&rooms), room, name;
    uint64_t seq = sio_returned_seq(client->socket);

    client->rejoin = (struct buf){0};
    while (slice_cut(&rest, 0, &room)) {
        if (hosts_is_feedback_room(room, &name)) {
            uint64_t after = hosts_seq_at(client->hosts, name, seq);

            hosts_ticket_return(client, room, &after, hosts_had_stats(&rooms, name));
        }
    }
    buf_free(&rooms);
}

static void on_return(void *arg, struct sio_socket *socket, struct slice auth) {
    struct host_client *client = sio_data(socket);

    client->socket = socket;
    take_auth(client, auth);
    rejoin(client);
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

static void on_disconnect(void *arg, struct sio_socket *socket, bool may_return) {
    struct host_client *client = sio_data(socket);

    hosts_tickets_end(client);
    hosts_rechecks_end(client);
    client->socket = NULL;
    if (!may_return)
        client_free(client);
}

static void on_forget(void *arg, void *data) {
    client_free(data);
}

/* Coming back is a door like any other. What no right opens now may be opened by the token that the client brings. */
static bool may_rejoin(void *arg, void *data, struct slice room) {
    struct hosts *hosts = arg;
    struct host_client *client = data;
    struct slice name;

    if (hosts->world.config->feedback_access != ACCESS_HOST ||
        (!hosts_is_feedback_room(room, &name) && !hosts_is_stats_room(room, &name)))
        return true;
    if (hosts_judge(client, name) == HOST_YES)
        return true;
    buf_add_slice(&client->rejoin, room); /* see on_return */
    buf_add_byte(&client->rejoin, 0);
    return false;
}

struct hosts *hosts_open(const struct hosts_world *world) {
    static const struct sio_handlers handlers = {.on_connect = on_connect,
                                                 .on_disconnect = on_disconnect,
                                                 .may_rejoin = may_rejoin,
                                                 .on_return = on_return,
                                                 .on_forget = on_forget};
    const struct config *config = world->config;
    struct sio_config settings = {
        .eio = {.max_payload_bytes = (unsigned)config->socket_packet_bytes,
                .max_queue_bytes = (size_t)config->client_queue_bytes,
                .max_sessions = (size_t)config->max_connections},
        .recovery_ms = config->socket_recovery ? 120 * 1000 : 0,
        .max_rooms = (unsigned)config->rooms_per_client,
    };
    struct hosts *hosts = mem_alloc(sizeof *hosts);

    hosts->world = *world;
    map_init(&hosts->meetings, rand_u64());
    list_init(&hosts->clients);
    list_init(&hosts->checks);
    sio_server_open(&hosts->sio, world->loop, &settings);
    hosts->ns = sio_namespace_add(hosts->sio, "/", &handlers, hosts);
    sio_on(hosts->ns, "message", on_message);
    sio_on(hosts->ns, "join-room", hosts_on_join);
    sio_on(hosts->ns, "leave-room", hosts_on_leave);
    sio_on(hosts->ns, "authenticate", hosts_on_authenticate);
    hosts_start_sweep(hosts);
    hosts_start_rechecks(hosts);
    return hosts;
}

struct sio_server *hosts_sio(struct hosts *hosts) {
    return hosts->sio;
}

const struct hosts_counters *hosts_counters(const struct hosts *hosts) {
    return &hosts->counters;
}

void hosts_drain(struct hosts *hosts) {
    eio_server_drain(sio_server_eio(hosts->sio));
}

void hosts_close(struct hosts *hosts) {
    if (!hosts)
        return;
    hosts->is_closing = true;
    timer_stop(&hosts->sweep);
    timer_stop(&hosts->rechecks);
    hosts_checks_end(hosts);
    sio_server_close(hosts->sio);
    hosts_meetings_free(hosts);
    mem_free(hosts);
}

static void on_head(void *owner, struct http_request *request, const struct route_match *match) {
    struct hosts *hosts = owner;

    eio_server_head(sio_server_eio(hosts->sio), request);
}

static void on_request(void *owner, struct http_request *request, const struct route_match *match) {
    struct hosts *hosts = owner;

    eio_server_request(sio_server_eio(hosts->sio), request);
}

static void on_upgrade(void *owner, struct http_request *request, const struct route_match *match) {
    struct hosts *hosts = owner;

    eio_server_upgrade(sio_server_eio(hosts->sio), request);
}

const struct route hosts_routes[] = {
    {"*", "/socket.io/...", on_request, .on_head = on_head},
    {ROUTE_UPGRADE, "/socket.io/...", on_upgrade},
};
const size_t hosts_route_count = ARRAY_LEN(hosts_routes);
