/* Clients, namespaces, and the packets that clients send. */
#include "net/socketio/sio_server.h"

#include "base/blob.h"
#include "base/counter.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/socketio/sio_private.h"
#include "wire/web/json.h"
#include "wire/web/json_write.h"

#include <string.h>

enum { PENDING_FACTOR = 4 }; /* all attachments of an event together: this many payloads */

struct sio_route {
    sio_event_fn *fn;
};

/* A binary packet: its text, and the attachments that have come so far. */
struct sio_pending {
    struct buf text;
    struct sio_packet packet; /* slices into text */
    struct buf bytes;         /* the attachments, one behind the other */
    size_t ends[SIO_ATTACHMENTS_MAX];
    unsigned count;
    size_t held_bytes; /* in the client's part of the budget */
};

/* ---- namespaces ---- */

static struct sio_namespace *find_namespace(struct sio_server *server, struct slice name) {
    for (unsigned i = 0; i < server->namespace_count; i++) {
        if (slice_is_equal(server->namespaces[i]->name, name))
            return server->namespaces[i];
    }
    return NULL;
}

struct sio_namespace *sio_namespace_add(struct sio_server *server, const char *name,
                                        const struct sio_handlers *handlers, void *arg) {
    struct sio_namespace *ns = mem_alloc(sizeof *ns);
    ns->server = server;
    ns->name = slice_from(mem_copy_text(name));
    ns->handlers = *handlers;
    ns->arg = arg;
    ns->everyone.ns = ns;
    map_init(&ns->events, rand_u64());
    map_init(&ns->ids, rand_u64());
    map_init(&ns->rooms, rand_u64());
    map_init(&ns->pids, rand_u64());
    map_init(&ns->kept_pids, rand_u64());
    map_init(&ns->kept_ids, rand_u64());
    server->namespaces[server->namespace_count++] = ns;
    return ns;
}

void sio_on(struct sio_namespace *ns, const char *event, sio_event_fn *fn) {
    struct sio_route *route = mem_alloc(sizeof *route);
    route->fn = fn;
    mem_free(map_set(&ns->events, slice_from(event), route));
}

static void namespace_free(struct sio_namespace *ns) {
    MAP_EACH(&ns->events, at)
        mem_free(at.value);
    map_free(&ns->events);
    map_free(&ns->ids);
    map_free(&ns->rooms);
    map_free(&ns->pids);
    map_free(&ns->kept_pids);
    map_free(&ns->kept_ids);
    mem_free(ns->everyone.members);
    mem_free((void *)(uintptr_t)ns->name.ptr);
    mem_free(ns);
}

static struct sio_socket *find_socket(struct sio_client *client, const struct sio_namespace *ns) {
    struct sio_socket *socket = client->sockets;
    while (socket && socket->ns != ns)
        socket = socket->next;
    return socket;
}

/* Ends the session of a client that broke the protocol. */
static void fail(struct sio_client *client) {
    client->server->stats.bad_packets++;
    eio_close(client->session, EIO_CLOSED_PROTOCOL);
}

/* ---- incomplete binary packets ---- */

static void pending_hold(struct sio_client *client, size_t bytes) {
    client->pending->held_bytes += bytes;
    eio_hold(client->session, (ptrdiff_t)bytes);
}

static struct sio_pending *pending_take(struct sio_client *client) {
    struct sio_pending *pending = client->pending;
    if (!pending)
        return NULL;
    client->pending = NULL;
    eio_hold(client->session, -(ptrdiff_t)pending->held_bytes);
    return pending;
}

static void pending_free(struct sio_pending *pending) {
    if (!pending)
        return;
    buf_free(&pending->text);
    buf_free(&pending->bytes);
    mem_free(pending);
}

static void pending_begin(struct sio_client *client, struct slice text) {
    struct sio_pending *pending = mem_alloc(sizeof *pending);
    buf_add_slice(&pending->text, text);
    sio_parse(buf_slice(&pending->text), &pending->packet);
    client->pending = pending;
    pending_hold(client, sizeof *pending + text.len);
}

/* ---- packets ---- */

static void refuse(struct sio_client *client, struct slice nsp, const char *message) {
    struct buf text = {0};
    sio_write_head(&text, SIO_CONNECT_ERROR, 0, nsp, NULL);
    buf_add_byte(&text, '{');
    json_add_text(&text, "message", slice_from(message));
    json_close(&text);
    struct blob *frame = eio_frame_text(buf_slice(&text));
    eio_send(client->session, frame);
    blob_unref(frame);
    buf_free(&text);
}

static void take_connect(struct sio_client *client, const struct sio_packet *packet) {
    struct sio_namespace *ns = find_namespace(client->server, packet->nsp);
    if (!ns) {
        refuse(client, packet->nsp, "Invalid namespace");
        return;
    }
    if (find_socket(client, ns)) {
        fail(client);
        return;
    }
    timer_stop(&client->limit);
    eio_vouch(client->session, BUDGET_STRANGER);
    struct sio_socket *socket =
        sio_socket_new(client, ns, sio_can_recover(client->server, packet->json));
    bool is_back = client->server->settings.recovery_ms > 0 && sio_recover(socket, packet->json);
    sio_socket_welcome(socket, packet->json, is_back);
}

static struct sio_route *find_route(const struct sio_namespace *ns, struct slice token) {
    if (json_kind(token) == JSON_KIND_NUMBER)
        return map_find(&ns->events, token);
    struct slice name = json_inside(token);
    if (!memchr(name.ptr, '\\', name.len))
        return map_find(&ns->events, name);
    struct buf plain = {0};
    json_unquote(&plain, token);
    struct sio_route *route = map_find(&ns->events, buf_slice(&plain));
    buf_free(&plain);
    return route;
}

static void take_event(struct sio_socket *socket, const struct sio_packet *packet,
                       const struct slice *attachments) {
    struct sio_namespace *ns = socket->ns;
    ns->server->stats.events_in++;
    if (packet->name.len > SIO_EVENT_NAME_MAX)
        return;
    struct sio_route *route = find_route(ns, packet->name);
    if (!route)
        return;
    const struct sio_event event = {
        .name = packet->name,
        .args = packet->args,
        .argc = packet->argc,
        .attachments = attachments,
        .attachment_count = packet->attachments,
        .wants_ack = packet->has_id,
        .ack_id = packet->id,
    };
    route->fn(socket, &event, ns->arg);
}

static void take_deep_event(struct sio_socket *socket, const struct sio_packet *packet) {
    struct sio_namespace *ns = socket->ns;
    if (ns->handlers.on_too_deep)
        ns->handlers.on_too_deep(socket, packet->name, ns->arg);
    else
        fail(socket->client);
}

static void take_packet(struct sio_client *client, const struct sio_packet *packet,
                        const struct slice *attachments) {
    if (packet->type == SIO_CONNECT) {
        take_connect(client, packet);
        return;
    }
    struct sio_namespace *ns = find_namespace(client->server, packet->nsp);
    struct sio_socket *socket = ns ? find_socket(client, ns) : NULL;
    if (!socket)
        fail(client);
    else if (packet->type == SIO_DISCONNECT)
        sio_socket_gone(socket, false);
    else if (packet->is_too_deep && packet->name.len > 0)
        take_deep_event(socket, packet);
    else if ((packet->type == SIO_EVENT || packet->type == SIO_BINARY_EVENT) &&
             packet->name.len > 0)
        take_event(socket, packet, attachments);
    else if ((packet->type == SIO_ACK || packet->type == SIO_BINARY_ACK) && !packet->is_too_deep)
        sio_take_ack(socket, packet, attachments);
}

static void dispatch(struct sio_client *client, const struct sio_packet *packet,
                     const struct slice *attachments) {
    client->server->acting = client;
    take_packet(client, packet, attachments);
    client->server->acting = NULL;
}

/* ---- what Engine.IO reports ---- */

static void sio_on_text(struct eio_session *session, struct slice text, void *arg) {
    struct sio_client *client = eio_data(session);
    struct sio_packet packet;
    if (client->pending || !sio_parse(text, &packet))
        fail(client);
    else if (packet.attachments > 0)
        pending_begin(client, text);
    else
        dispatch(client, &packet, NULL);
}

static void sio_on_binary(struct eio_session *session, struct slice bytes, void *arg) {
    struct sio_client *client = eio_data(session);
    struct sio_server *server = client->server;
    struct sio_pending *pending = client->pending;
    size_t limit_bytes = (size_t)server->settings.eio.max_payload_bytes * PENDING_FACTOR;
    if (!pending || pending->bytes.len + bytes.len > limit_bytes) {
        fail(client);
        return;
    }
    buf_add_slice(&pending->bytes, bytes);
    pending->ends[pending->count++] = pending->bytes.len;
    if (pending->count < pending->packet.attachments) {
        pending_hold(client, bytes.len);
        return;
    }
    struct slice attachments[SIO_ATTACHMENTS_MAX];
    size_t start = 0;
    for (unsigned i = 0; i < pending->count; i++) {
        attachments[i] = slice_of(pending->bytes.data + start, pending->ends[i] - start);
        start = pending->ends[i];
    }
    pending_take(client);
    dispatch(client, &pending->packet, attachments);
    pending_free(pending);
}

static void sio_on_limit(void *arg) {
    struct sio_client *client = arg;
    eio_close(client->session, EIO_CLOSED_BY_SERVER);
}

static void sio_on_open(struct eio_session *session, void *arg) {
    struct sio_server *server = arg;
    struct sio_client *client = mem_alloc(sizeof *client);
    client->server = server;
    client->session = session;
    eio_set_data(session, client);
    timer_start(server->loop, &client->limit, server->settings.connect_timeout_ms, 0, sio_on_limit,
                client);
}

/* Broadcasts that are still due are sent before the ping, because its pong confirms them too. */
static void sio_on_ping(struct eio_session *session, void *arg) {
    struct sio_client *client = eio_data(session);
    for (struct sio_socket *socket = client->sockets; socket; socket = socket->next)
        sio_settle(socket);
    client->pinged_seq = client->server->seq;
}

static void sio_on_pong(struct eio_session *session, void *arg) {
    struct sio_client *client = eio_data(session);
    client->arrived_seq = client->pinged_seq;
}

static void sio_on_close(struct eio_session *session, enum eio_close_reason reason, void *arg) {
    struct sio_client *client = eio_data(session);
    bool may_return = client->server->settings.recovery_ms > 0 && !client->server->is_closing &&
                      reason != EIO_CLOSED_PROTOCOL;
    while (client->sockets)
        sio_socket_gone(client->sockets, may_return);
    timer_stop(&client->limit);
    pending_free(pending_take(client));
    sio_history_leave(client);
    mem_free(client);
}

/* ---- the server ---- */

static void set_defaults(struct sio_settings *settings) {
    if (!settings->connect_timeout_ms)
        settings->connect_timeout_ms = 45000;
    if (!settings->max_rooms)
        settings->max_rooms = 256;
    if (!settings->recovery_bytes)
        settings->recovery_bytes = 64 << 20;
    eio_settings_complete(&settings->eio);
}

struct sio_server *sio_server_new(struct loop *loop, const struct sio_settings *settings) {
    static const struct eio_handlers handlers = {.on_open = sio_on_open,
                                                 .on_text = sio_on_text,
                                                 .on_binary = sio_on_binary,
                                                 .on_ping = sio_on_ping,
                                                 .on_pong = sio_on_pong,
                                                 .on_close = sio_on_close};
    struct sio_server *server = mem_alloc(sizeof *server);
    server->loop = loop;
    server->settings = *settings;
    set_defaults(&server->settings);
    server->budget = SIO_SLICE;
    list_init(&server->jobs);
    list_init(&server->kept);
    map_init(&server->asks, rand_u64());
    sio_history_open(server);
    server->eio = eio_server_new(loop, &server->settings.eio, &handlers, server);
    return server;
}

struct eio_server *sio_server_eio(struct sio_server *server) {
    return server->eio;
}

uint64_t sio_seq(const struct sio_server *server) {
    return server->seq;
}

const struct sio_stats *sio_server_stats(const struct sio_server *server) {
    return &server->stats;
}

void sio_server_close(struct sio_server *server) {
    if (!server)
        return;
    server->is_closing = true;
    eio_server_close(server->eio);
    sio_jobs_free(server);
    sio_asks_free(server);
    sio_recovery_free(server);
    for (unsigned i = 0; i < server->namespace_count; i++)
        namespace_free(server->namespaces[i]);
    mem_free(server);
}

#define AT(member) offsetof(struct sio_stats, member)

static const struct counter counters[] = {
    {"prosa_socket_clients", "Socket.IO clients connected.", COUNTER_GAUGE, AT(sockets)},
    {"prosa_socket_rooms", "Rooms with somebody in them.", COUNTER_GAUGE, AT(rooms)},
    {"prosa_socket_events_in_total", "Events from clients.", COUNTER_SUM, AT(events_in)},
    {"prosa_socket_events_out_total", "Events to clients.", COUNTER_SUM, AT(events_out)},
    {"prosa_socket_refused_total", NULL, COUNTER_SUM, AT(bad_packets), .label = "cause",
     .value = "bad_packet"},
    {"prosa_socket_refused_total", NULL, COUNTER_SUM, AT(rooms_refused), .label = "cause",
     .value = "rooms"},
    {"prosa_socket_deliveries_total", "Events of broadcasts handed to sockets.", COUNTER_SUM,
     AT(deliveries)},
    {"prosa_socket_volatile_dropped_total", "Volatile events a client was too busy for.",
     COUNTER_SUM, AT(volatile_dropped)},
    {"prosa_socket_kept", "Lost clients that may still come back.", COUNTER_GAUGE, AT(kept)},
    {"prosa_socket_recovered_total", "Clients that came back.", COUNTER_SUM, AT(recovered)},
    {"prosa_socket_recovery_missed_total", "Clients that came back too late for what they missed.",
     COUNTER_SUM, AT(recovery_missed)},
};

const struct counter_table sio_counters = {counters, ARRAY_LEN(counters)};
