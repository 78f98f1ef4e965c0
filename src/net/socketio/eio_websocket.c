/* The WebSocket transport, and the upgrade to it. */
#include "base/mem.h"
#include "net/http/http_server.h"
#include "net/socketio/eio_private.h"

#include <errno.h>

static void link_free(struct eio_link *link) {
    list_remove(&link->node);
    claim_close(&link->place);
    claim_close(&link->memory);
    mem_free(link);
}

/* Takes the WebSocket away from its session, if it has one. */
static void detach(struct eio_link *link) {
    struct eio_session *session = link->session;
    link->session = NULL;
    if (!session)
        return;
    if (session->link == link) {
        session->link = NULL;
        session->ws = NULL;
    }
    if (session->candidate == link) {
        session->candidate = NULL;
        session->is_probed = false;
        timer_stop(&session->limit);
    }
}

void eio_link_close(struct eio_link *link) {
    detach(link);
    ws_conn_close(link->ws, 0, SLICE_NONE);
}

void eio_link_abort(struct eio_link *link) {
    detach(link);
    ws_conn_abort(link->ws);
    link_free(link);
}

/* Its session ends with it, unless that can still be polled. */
static void eio_on_link_gives_way(void *arg) {
    struct eio_link *link = arg;
    struct eio_session *session = link->session;
    if (session && session->link == link && session->state == EIO_STATE_OPEN)
        eio_close(session, EIO_CLOSED_GAVE_WAY);
    else
        eio_link_abort(link);
}

/* The candidate becomes the transport and sends what polls have not fetched. */
static void finish_upgrade(struct eio_link *link) {
    struct eio_session *session = link->session;
    struct outbox queue = session->queue;
    timer_stop(&session->limit);
    session->is_probed = true;
    session->queue = (struct outbox){0};
    eio_polling_flush(session);
    session->candidate = NULL;
    session->is_probed = false;
    session->link = link;
    session->ws = link->ws;
    eio_session_weigh(session);
    eio_vouch(session, session->place.rank); /* and with it its connection */
    for (size_t i = 0; i < queue.count && session->link; i++)
        eio_send(session, outbox_at(&queue, i));
    outbox_clear(&queue);
}

static void on_candidate_message(struct eio_link *link, enum ws_opcode opcode, struct slice text) {
    struct eio_session *session = link->session;
    if (opcode == WS_TEXT && slice_is_equal(text, SLICE("2probe"))) {
        ws_conn_send_frame(link->ws, link->server->probe_answer);
        session->is_probed = true;
        eio_polling_flush(session);
    } else if (opcode == WS_TEXT && slice_is_equal(text, SLICE("5"))) {
        finish_upgrade(link);
    } else {
        eio_link_close(link);
    }
}

static void eio_on_ws_message(enum ws_opcode opcode, struct slice message, void *arg) {
    struct eio_link *link = arg;
    struct eio_session *session = link->session;
    if (!session || eio_session_is_late(session))
        return;
    claim_got_on(&link->place, loop_now_ms(link->server->loop));
    if (session->candidate == link) {
        on_candidate_message(link, opcode, message);
        return;
    }
    if (eio_session_charge(session, message.len) > 0)
        ws_conn_pause(link->ws);
    struct eio_packet packet;
    if (opcode == WS_BINARY) {
        link->server->stats.packets_in++;
        claim_got_on(&session->place, loop_now_ms(link->server->loop));
        eio_session_heard(session);
        link->server->handlers.on_binary(session, message, link->server->arg);
    } else if (eio_parse(message, &packet)) {
        eio_session_take(session, &packet);
    } else {
        eio_close(session, EIO_CLOSED_PROTOCOL);
    }
}

static enum eio_close_reason close_reason(uint16_t code) {
    switch (code) {
    case WS_CLOSE_ABNORMAL:
        return EIO_CLOSED_TRANSPORT;
    case WS_CLOSE_PROTOCOL:
    case WS_CLOSE_BAD_DATA:
    case WS_CLOSE_TOO_BIG:
        return EIO_CLOSED_PROTOCOL;
    default:
        return EIO_CLOSED_BY_CLIENT;
    }
}

static void eio_on_ws_close(uint16_t code, struct slice reason, void *arg) {
    struct eio_link *link = arg;
    struct eio_session *session = link->session;
    bool is_transport = session && session->link == link;
    if (code == WS_CLOSE_TOO_BIG)
        link->server->stats.too_large++;
    detach(link);
    link_free(link);
    if (is_transport)
        eio_close(session, close_reason(code));
}

static void eio_on_upgrade_timeout(void *arg) {
    struct eio_session *session = arg;
    if (session->candidate)
        eio_link_close(session->candidate);
}

int eio_link_open(struct eio_link **out, struct eio_server *server, struct http_request *request,
                  struct eio_session *session) {
    static const struct ws_handlers handlers = {.on_message = eio_on_ws_message,
                                                .on_close = eio_on_ws_close};
    struct ws_settings settings = {
        .max_message_bytes = server->settings.max_payload_bytes,
        /* eio_send checks max_queue_bytes before each send; this limit must not strike first. */
        .max_queue_bytes = server->settings.max_queue_bytes + server->settings.max_payload_bytes,
    };
    struct budget *budget = server->settings.budget;
    struct eio_link *link = mem_alloc(sizeof *link);
    link->server = server;
    list_init(&link->node);
    claim_open(&link->place, budget ? &budget->connections : NULL, BUDGET_NEW,
               slice_from(request->peer), eio_on_link_gives_way, link);
    claim_open_as(&link->memory, budget ? &budget->memory : NULL, &link->place,
                  eio_on_link_gives_way, link);
    settings.memory = &link->memory;
    /* The place of the HTTP connection becomes the link's. */
    struct stream *stream = http_accept_websocket(request);
    int err = stream ? ws_conn_open(&link->ws, server->loop, stream, &settings, &handlers, link)
                     : ECONNRESET;
    if (err) {
        link_free(link);
        return err;
    }
    if (!claim_set(&link->place, 1, loop_now_ms(server->loop))) {
        eio_link_abort(link);
        return EBUSY;
    }
    list_add(&server->links, &link->node);
    link->session = session;
    if (session) {
        session->candidate = link;
        timer_start(server->loop, &session->limit, server->settings.upgrade_timeout_ms, 0,
                    eio_on_upgrade_timeout, session);
    }
    *out = link;
    return 0;
}
