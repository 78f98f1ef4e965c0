/* Clients, namespaces and the packets between them. */
#include "net/socketio/sio_server.h"

#include "base/blob.h"
#include "base/counter.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "net/socketio/sio_private.h"
#include "wire/web/json.h"

#include <string.h>

struct sio_route {
    sio_event_fn *fn;
};

/* A binary packet: its text, and the attachments that have come so far. */
struct sio_pending {
    struct list node; /* of the server's */
    struct sio_client *client;
    struct buf text;
    struct sio_packet packet; /* slices into text */
    struct buf bytes;         /* the attachments, one behind the other */
    size_t ends[SIO_ATTACHMENTS_MAX];
    unsigned count;
};

static size_t pending_size(const struct sio_pending *pending) {
    return sizeof *pending + pending->text.len + pending->bytes.len;
}

static struct sio_pending *pending_take(struct sio_client *client) {
    struct sio_pending *pending = client->pending;

    if (!pending)
        return NULL;
    client->pending = NULL;
    client->server->pending_bytes -= pending_size(pending);
    list_remove(&pending->node);
    return pending;
}

static void pending_free(struct sio_pending *pending) {
    if (!pending)
        return;
    buf_free(&pending->text);
    buf_free(&pending->bytes);
    mem_free(pending);
}

struct sio_namespace *sio_namespace_find(struct sio_server *server, struct slice name) {
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
    struct map_cursor at = {0};
    struct slice key;
    void *route;

    while (map_next(&ns->events, &at, &key, &route))
        mem_free(route);
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

/* Packets that are not whole yet share a bounded room: who has been at it longest makes place. */
static void bound_pending(struct sio_server *server) {
    while (server->pending_bytes > server->config.pending_bytes) {
        struct sio_pending *oldest = CONTAINER_OF(server->pendings.next, struct sio_pending, node);
        struct sio_client *client = oldest->client;

        server->stats.incomplete_dropped++;
        pending_free(pending_take(client));
        eio_close(client->session, EIO_CLOSED_PROTOCOL);
    }
}

static void pending_begin(struct sio_client *client, struct slice text) {
    struct sio_pending *pending = mem_alloc(sizeof *pending);

    pending->client = client;
    list_init(&pending->node);
    list_add(&client->server->pendings, &pending->node);
    buf_add_slice(&pending->text, text);
    sio_parse(buf_slice(&pending->text), &pending->packet);
    client->pending = pending;
    client->server->pending_bytes += pending_size(pending);
    bound_pending(client->server);
}

static void refuse(struct sio_client *client, struct slice nsp, const char *message) {
    struct buf text = {0};
    struct blob *frame;

    client->server->stats.refused++;
    sio_write_head(&text, SIO_CONNECT_ERROR, 0, nsp, NULL);
    buf_add_slice(&text, SLICE("{\"message\":"));
    text_add_json(&text, slice_from(message));
    buf_add_byte(&text, '}');
    frame = eio_frame_text(buf_slice(&text));
    eio_send(client->session, frame);
    blob_unref(frame);
    buf_free(&text);
}

static void take_connect(struct sio_client *client, const struct sio_packet *packet) {
    struct sio_namespace *ns = sio_namespace_find(client->server, packet->nsp);
    struct sio_socket *socket;
    const char *refusal;
    bool is_back;

    if (!ns) {
        refuse(client, packet->nsp, "Invalid namespace");
        return;
    }
    if (find_socket(client, ns)) {
        fail(client);
        return;
    }
    refusal = ns->handlers.on_admit ? ns->handlers.on_admit(ns->arg, packet->json) : NULL;
    if (refusal) {
        refuse(client, packet->nsp, refusal);
        return;
    }
    timer_stop(&client->limit);
    socket = sio_socket_new(client, ns);
    is_back = client->server->config.recovery_ms > 0 && sio_recover(socket, packet->json);
    sio_socket_welcome(socket, packet->json, is_back);
}

static void dispatch(struct sio_client *client, const struct sio_packet *packet,
                     const struct slice *attachments) {
    struct sio_namespace *ns = sio_namespace_find(client->server, packet->nsp);
    struct sio_socket *socket = ns ? find_socket(client, ns) : NULL;

    if (packet->type == SIO_CONNECT) {
        take_connect(client, packet);
        return;
    }
    if (!socket) {
        fail(client);
        return;
    }
    switch (packet->type) {
    case SIO_DISCONNECT:
        sio_socket_gone(socket, false);
        break;
    case SIO_EVENT:
    case SIO_BINARY_EVENT:
        if (packet->name.len > 0)
            sio_socket_event(socket, packet, attachments);
        break;
    default:
        if (packet->has_id)
            sio_socket_answer(socket, packet, attachments);
    }
}

static void on_text(void *arg, struct eio_session *session, struct slice text) {
    struct sio_client *client = eio_data(session);
    struct sio_packet packet;

    if (client->pending || !sio_parse(text, &packet)) {
        fail(client);
        return;
    }
    if (packet.attachments == 0) {
        dispatch(client, &packet, NULL);
        return;
    }
    pending_begin(client, text);
}

static void on_binary(void *arg, struct eio_session *session, struct slice bytes) {
    struct sio_client *client = eio_data(session);
    struct sio_pending *pending = client->pending;
    struct slice attachments[SIO_ATTACHMENTS_MAX];
    size_t start = 0, limit = (size_t)client->server->config.eio.max_payload_bytes * PENDING_FACTOR;

    if (!pending || pending->bytes.len + bytes.len > limit) {
        fail(client);
        return;
    }
    buf_add_slice(&pending->bytes, bytes);
    client->server->pending_bytes += bytes.len;
    pending->ends[pending->count++] = pending->bytes.len;
    if (pending->count < pending->packet.attachments) {
        bound_pending(client->server);
        return;
    }
    for (unsigned i = 0; i < pending->count; i++) {
        attachments[i] = slice_of(pending->bytes.data + start, pending->ends[i] - start);
        start = pending->ends[i];
    }
    pending_take(client);
    dispatch(client, &pending->packet, attachments);
    pending_free(pending);
}

static void on_limit(void *arg) {
    struct sio_client *client = arg;

    client->server->stats.connect_timeouts++;
    eio_close(client->session, EIO_CLOSED_BY_SERVER);
}

static void on_open(void *arg, struct eio_session *session) {
    struct sio_server *server = arg;
    struct sio_client *client = mem_alloc(sizeof *client);

    client->server = server;
    client->session = session;
    eio_set_data(session, client);
    timer_start(server->loop, &client->limit, server->config.connect_timeout_ms, 0, on_limit,
                client);
}

/* What is on its way must leave before the ping, or its pong would vouch for it. */
static void on_ping(void *arg, struct eio_session *session) {
    struct sio_client *client = eio_data(session);

    for (struct sio_socket *socket = client->sockets; socket; socket = socket->next)
        sio_settle(socket);
    client->pinged_seq = client->server->seq;
}

static void on_pong(void *arg, struct eio_session *session) {
    struct sio_client *client = eio_data(session);

    client->arrived_seq = client->pinged_seq;
}

static void on_close(void *arg, struct eio_session *session, enum eio_close_reason reason) {
    struct sio_client *client = eio_data(session);
    bool may_return = client->server->config.recovery_ms > 0 && !client->server->is_closing &&
                      reason != EIO_CLOSED_PROTOCOL;

    while (client->sockets)
        sio_socket_gone(client->sockets, may_return);
    timer_stop(&client->limit);
    pending_free(pending_take(client));
    mem_free(client);
}

int sio_server_open(struct sio_server **out, struct loop *loop, const struct sio_config *config) {
    static const struct eio_handlers handlers = {.on_open = on_open,
                                                 .on_text = on_text,
                                                 .on_binary = on_binary,
                                                 .on_ping = on_ping,
                                                 .on_pong = on_pong,
                                                 .on_close = on_close};
    struct sio_server *server = mem_alloc(sizeof *server);
    int err;

    server->loop = loop;
    server->config = *config;
    if (!server->config.connect_timeout_ms)
        server->config.connect_timeout_ms = 45000;
    if (!server->config.max_rooms)
        server->config.max_rooms = 256;
    if (!server->config.pending_bytes)
        server->config.pending_bytes = 64 << 20;
    if (!server->config.recovery_bytes)
        server->config.recovery_bytes = 64 << 20;
    if (!server->config.eio.max_payload_bytes)
        server->config.eio.max_payload_bytes = 1000000;
    if (!server->config.eio.ping_interval_ms)
        server->config.eio.ping_interval_ms = 25000;
    if (!server->config.eio.ping_timeout_ms)
        server->config.eio.ping_timeout_ms = 20000;
    if (!server->config.eio.max_sessions)
        server->config.eio.max_sessions = 10000;
    server->budget = SIO_SLICE;
    list_init(&server->pendings);
    list_init(&server->jobs);
    list_init(&server->history);
    list_init(&server->kept);
    err = eio_server_open(&server->eio, loop, &server->config.eio, &handlers, server);
    if (err) {
        mem_free(server);
        return err;
    }
    *out = server;
    return 0;
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
    sio_recovery_free(server);
    for (unsigned i = 0; i < server->namespace_count; i++)
        namespace_free(server->namespaces[i]);
    mem_free(server);
}

void sio_socket_event(struct sio_socket *socket, const struct sio_packet *packet,
                      const struct slice *attachments) {
    struct sio_namespace *ns = socket->ns;
    struct slice name = json_inside(packet->name);
    struct sio_event event = {
        .name = packet->name,
        .args = packet->args,
        .argc = packet->argc,
        .attachments = attachments,
        .attachment_count = packet->attachments,
        .wants_ack = packet->has_id,
        .ack_id = packet->id,
    };
    struct buf plain = {0};
    struct sio_route *route;

    ns->server->stats.events_in++;
    if (packet->name.len > SIO_EVENT_NAME_MAX)
        return; /* nobody has registered such a name */
    if (json_kind(packet->name) == JSON_KIND_NUMBER) {
        name = packet->name;
    } else if (memchr(name.ptr, '\\', name.len)) {
        json_unquote(&plain, packet->name);
        name = buf_slice(&plain);
    }
    route = map_find(&ns->events, name);
    buf_free(&plain);
    if (route)
        route->fn(ns->arg, socket, &event);
}

#define AT(member) offsetof(struct sio_stats, member)

static const struct counter counters[] = {
    {"prosa_socket_clients", "Socket.IO clients connected.", COUNTER_GAUGE, AT(sockets)},
    {"prosa_socket_rooms", "Rooms with somebody in them.", COUNTER_GAUGE, AT(rooms)},
    {"prosa_socket_events_in_total", "Events from clients.", COUNTER_SUM, AT(events_in)},
    {"prosa_socket_events_out_total", "Events to clients.", COUNTER_SUM, AT(events_out)},
    {"prosa_socket_refused_total", NULL, COUNTER_SUM, AT(bad_packets), .label = "cause",
     .value = "bad_packet"},
    {"prosa_socket_refused_total", NULL, COUNTER_SUM, AT(incomplete_dropped), .label = "cause",
     .value = "incomplete_packet"},
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
