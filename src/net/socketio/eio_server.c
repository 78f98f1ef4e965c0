/* Incoming requests: which session they belong to, and what is refused. */
#include "net/socketio/eio_server.h"

#include "base/blob.h"
#include "base/buf.h"
#include "base/counter.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/http/http_server.h"
#include "net/socketio/eio_private.h"
#include "wire/web/url.h"

void eio_settings_complete(struct eio_settings *settings) {
#define DEFAULT(field, value) settings->field = settings->field ? settings->field : (value)
    DEFAULT(ping_interval_ms, 25000);
    DEFAULT(ping_timeout_ms, 20000);
    DEFAULT(upgrade_timeout_ms, 10000);
    DEFAULT(linger_ms, 30000);
    DEFAULT(max_payload_bytes, 1000000);
    DEFAULT(max_queue_bytes, 1 << 20);
#undef DEFAULT
}

struct eio_server *eio_server_new(struct loop *loop, const struct eio_settings *settings,
                                  const struct eio_handlers *handlers, void *arg) {
    struct eio_server *server = mem_alloc(sizeof *server);
    server->loop = loop;
    server->settings = *settings;
    eio_settings_complete(&server->settings);
    server->handlers = *handlers;
    server->arg = arg;
    map_init(&server->sessions, rand_u64());
    list_init(&server->all);
    list_init(&server->links);
    server->ping = ws_frame(WS_TEXT, SLICE("2"));
    server->probe_answer = ws_frame(WS_TEXT, SLICE("3probe"));
    return server;
}

const struct eio_stats *eio_server_stats(const struct eio_server *server) {
    return &server->stats;
}

void eio_server_drain(struct eio_server *server) {
    server->is_draining = true;
    LIST_EACH(&server->all, node)
        eio_close(CONTAINER_OF(node, struct eio_session, node), EIO_CLOSED_BY_SERVER);
}

void eio_server_close(struct eio_server *server) {
    if (!server)
        return;
    server->is_draining = true;
    LIST_EACH(&server->links, node)
        eio_link_abort(CONTAINER_OF(node, struct eio_link, node));
    while (!list_is_empty(&server->all)) {
        struct eio_session *session = CONTAINER_OF(server->all.next, struct eio_session, node);
        eio_close(session, EIO_CLOSED_BY_SERVER);
        if (!session->is_reported) {
            session->is_reported = true;
            server->handlers.on_close(session, (enum eio_close_reason)session->reason, server->arg);
        }
        eio_session_free(session);
    }
    map_free(&server->sessions);
    blob_unref(server->ping);
    blob_unref(server->probe_answer);
    mem_free(server);
}

/* What a request asks for, after the checks that all requests share. */
struct eio_asked {
    bool has_sid;
    bool is_websocket;
    struct eio_session *session;
};

/* The checks, in the same order as the reference implementation. -1: fine, else the error to answer
 * with. */
static int check_request(struct eio_server *server, const struct http_request *request,
                         bool is_upgrade, struct eio_asked *asked) {
    struct slice transport = SLICE_NONE, sid = SLICE_NONE, version = SLICE_NONE;
    query_find(request->query, "transport", &transport);
    query_find(request->query, "sid", &sid);
    query_find(request->query, "EIO", &version);
    bool is_version_4 = slice_is_equal(version, SLICE("4"));
    *asked = (struct eio_asked){
        .has_sid = sid.len > 0,
        .is_websocket = slice_is_equal(transport, SLICE("websocket")),
    };
    if (!asked->is_websocket && !slice_is_equal(transport, SLICE("polling")))
        return EIO_ERROR_TRANSPORT;
    bool is_get = slice_is_equal(request->method, SLICE("GET"));
    if (asked->has_sid) {
        asked->session = map_find(&server->sessions, sid);
        if (!asked->session || eio_session_is_late(asked->session))
            return EIO_ERROR_SID;
        if (asked->session->state != EIO_STATE_OPEN && !is_get)
            return EIO_ERROR_SID;
        if (!is_upgrade && asked->is_websocket != !!asked->session->link)
            return EIO_ERROR_REQUEST;
        return is_version_4 ? -1 : EIO_ERROR_REQUEST;
    }
    if (!is_get)
        return EIO_ERROR_METHOD;
    if (asked->is_websocket != is_upgrade)
        return EIO_ERROR_REQUEST;
    return is_version_4 ? -1 : EIO_ERROR_VERSION;
}

static void refuse(struct http_request *request, int error) {
    struct buf body = {0};
    eio_write_error(&body, (enum eio_error)error);
    eio_respond(request, 400, "application/json", buf_slice(&body));
    buf_free(&body);
}

/* NULL: the request has been refused. */
static struct eio_session *admit(struct eio_server *server, struct http_request *request) {
    struct eio_session *session = server->is_draining ? NULL : eio_session_new(server, request);
    if (session)
        return session;
    server->stats.refused_full++;
    http_respond_error(request, 503, "Too many sessions");
    return NULL;
}

static void write_open(const struct eio_session *session, bool can_upgrade, struct buf *out) {
    const struct eio_settings *settings = &session->server->settings;
    const struct eio_open open = {
        .sid = slice_of(session->sid, EIO_SID_LEN),
        .can_upgrade = can_upgrade,
        .ping_interval_ms = settings->ping_interval_ms,
        .ping_timeout_ms = settings->ping_timeout_ms,
        .max_payload_bytes = settings->max_payload_bytes,
    };
    eio_write_open(out, &open);
}

static void open_polling(struct eio_server *server, struct http_request *request) {
    struct eio_session *session = admit(server, request);
    if (!session)
        return;
    struct buf body = {0};
    write_open(session, true, &body);
    eio_respond(request, 200, "text/plain; charset=UTF-8", buf_slice(&body));
    buf_free(&body);
    eio_session_open_done(session);
}

void eio_server_head(struct eio_server *server, struct http_request *request) {
    if (!slice_is_equal(request->method, SLICE("POST")))
        return;
    struct eio_asked asked;
    int error = check_request(server, request, false, &asked);
    if (error >= 0)
        refuse(request, error);
    else
        eio_polling_head(asked.session, request);
}

void eio_server_request(struct eio_server *server, struct http_request *request) {
    if (slice_is_equal(request->method, SLICE("POST"))) {
        /* Checked at its head, but its session may have ended while the body arrived. */
        struct eio_session *session = request->user;
        if (session && !eio_session_is_late(session))
            eio_polling_post(session, request);
        else
            refuse(request, EIO_ERROR_SID);
        return;
    }
    struct eio_asked asked;
    int error = check_request(server, request, false, &asked);
    if (error >= 0)
        refuse(request, error);
    else if (!asked.has_sid)
        open_polling(server, request);
    else if (slice_is_equal(request->method, SLICE("GET")))
        eio_polling_get(asked.session, request);
    else
        eio_respond(request, 500, NULL, SLICE_NONE);
}

static void open_websocket(struct eio_server *server, struct http_request *request) {
    struct eio_session *session = admit(server, request);
    struct eio_link *link;
    if (!session)
        return;
    if (eio_link_open(&link, server, request, NULL) != 0) {
        eio_session_unmake(session);
        return;
    }
    session->link = link;
    session->ws = link->ws;
    link->session = session;
    struct buf text = {0};
    write_open(session, false, &text);
    ws_conn_send(link->ws, WS_TEXT, buf_slice(&text));
    buf_free(&text);
    eio_session_open_done(session);
}

void eio_server_upgrade(struct eio_server *server, struct http_request *request) {
    struct eio_asked asked;
    int error = check_request(server, request, true, &asked);
    if (error < 0 && !asked.is_websocket)
        error = EIO_ERROR_REQUEST;
    if (error >= 0) {
        /* The reference implementation answers with 400 and the bare text, whatever the error. */
        http_respond(request, 400, "text/html", slice_from(eio_error_text((enum eio_error)error)));
        return;
    }
    if (!asked.has_sid) {
        open_websocket(server, request);
        return;
    }
    struct eio_session *session = asked.session;
    bool may_upgrade =
        session->state == EIO_STATE_OPEN && !session->link && !session->candidate; /* only once */
    struct eio_link *link;
    if (eio_link_open(&link, server, request, may_upgrade ? session : NULL) == 0 && !may_upgrade)
        eio_link_close(link);
}

static const char *close_name(unsigned reason) {
    static const char *const names[EIO_CLOSED_REASONS] = {
        [EIO_CLOSED_BY_SERVER] = "server",      [EIO_CLOSED_BY_CLIENT] = "client",
        [EIO_CLOSED_TRANSPORT] = "transport",   [EIO_CLOSED_PING] = "ping timeout",
        [EIO_CLOSED_PROTOCOL] = "bad protocol", [EIO_CLOSED_SLOW] = "slow",
        [EIO_CLOSED_GAVE_WAY] = "gave way",
    };
    return names[reason];
}

#define AT(member) offsetof(struct eio_stats, member)

static const struct counter counters[] = {
    {"prosa_socket_sessions", "Engine.IO sessions open.", COUNTER_GAUGE, AT(sessions)},
    {"prosa_socket_closed_total", "Sessions closed, by cause.", COUNTER_SUM, AT(closed),
     .label = "cause", .count = EIO_CLOSED_REASONS, .value_of = close_name},
    {"prosa_socket_refused_total", "What clients were refused, by cause.", COUNTER_SUM,
     AT(refused_full), .label = "cause", .value = "full"},
    {"prosa_socket_refused_total", NULL, COUNTER_SUM, AT(too_large), .label = "cause",
     .value = "too_large"},
};

const struct counter_table eio_counters = {counters, ARRAY_LEN(counters)};
