/* A session's life: heartbeat, packets, sending, and its end. */
#include "base/blob.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/http/http_server.h"
#include "net/socketio/eio_private.h"
#include "wire/web/base64.h"

/* A ping sent this little after its time counts as in time: the pong's deadline is not moved. */
enum { PUNCTUAL_MS = 50 };

static void eio_on_give_way(void *arg) {
    struct eio_session *session = arg;
    if (session->state == EIO_STATE_LINGERING)
        eio_session_forget(session);
    else
        eio_close(session, EIO_CLOSED_GAVE_WAY);
}

struct eio_session *eio_session_new(struct eio_server *server, const struct http_request *request) {
    struct eio_session *session = mem_alloc(sizeof *session);
    struct budget *budget = server->settings.budget;
    struct slice peer = slice_from(request->peer);
    session->server = server;
    claim_open(&session->place, budget ? &budget->sessions : NULL, BUDGET_NEW, peer,
               eio_on_give_way, session);
    claim_open(&session->memory, budget ? &budget->memory : NULL, BUDGET_NEW, peer, eio_on_give_way,
               session);
    if (!claim_set(&session->place, 1, loop_now_ms(server->loop))) {
        claim_close(&session->place);
        mem_free(session);
        return NULL;
    }
    rand_token(session->sid, EIO_SID_LEN);
    list_add(&server->all, &session->node);
    map_set(&server->sessions, slice_of(session->sid, EIO_SID_LEN), session);
    server->stats.sessions++;
    return session;
}

/* ---- the end ---- */

void eio_session_free(struct eio_session *session) {
    claim_close(&session->place);
    claim_close(&session->memory);
    timer_stop(&session->beat);
    timer_stop(&session->limit);
    timer_stop(&session->debt);
    loop_undefer(session->server->loop, &session->later);
    outbox_clear(&session->queue);
    list_remove(&session->node);
    mem_free(session);
}

void eio_session_unmake(struct eio_session *session) {
    map_remove(&session->server->sessions, slice_of(session->sid, EIO_SID_LEN));
    session->server->stats.sessions--;
    eio_session_free(session);
}

/* At the end of the turn: the end is reported first, the memory is freed last. */
static void eio_on_later(void *arg) {
    struct eio_session *session = arg;
    struct eio_server *server = session->server;
    if (session->state == EIO_STATE_OPEN) {
        eio_polling_flush(session);
        return;
    }
    if (!session->is_reported) {
        session->is_reported = true;
        server->handlers.on_close(session, (enum eio_close_reason)session->reason, server->arg);
    }
    if (session->state == EIO_STATE_ENDED)
        eio_session_free(session);
}

void eio_session_later(struct eio_session *session) {
    loop_defer(session->server->loop, &session->later, eio_on_later, session);
}

void eio_session_forget(struct eio_session *session) {
    map_remove(&session->server->sessions, slice_of(session->sid, EIO_SID_LEN));
    timer_stop(&session->limit);
    claim_close(&session->place);
    claim_close(&session->memory);
    session->state = EIO_STATE_ENDED;
    eio_session_later(session);
}

static void eio_on_linger(void *arg) {
    eio_session_forget(arg);
}

void eio_close(struct eio_session *session, enum eio_close_reason reason) {
    struct eio_server *server = session->server;
    if (session->state != EIO_STATE_OPEN)
        return;
    bool was_polling = !session->link;
    session->state = EIO_STATE_ENDED;
    session->reason = (uint8_t)reason;
    server->stats.closed[reason]++;
    server->stats.sessions--;
    timer_stop(&session->beat);
    timer_stop(&session->limit);
    if (session->candidate)
        eio_link_close(session->candidate);
    if (session->link && (reason == EIO_CLOSED_SLOW || reason == EIO_CLOSED_GAVE_WAY))
        eio_link_abort(session->link);
    else if (session->link)
        eio_link_close(session->link);
    eio_session_pay(session);
    bool is_told = session->poll || reason != EIO_CLOSED_BY_SERVER;
    eio_polling_end(session);
    if (was_polling && !is_told) {
        session->state = EIO_STATE_LINGERING;
        timer_start(server->loop, &session->limit, server->settings.linger_ms, 0, eio_on_linger,
                    session);
        eio_session_later(session);
    } else {
        eio_session_forget(session);
    }
    if (reason == EIO_CLOSED_GAVE_WAY) /* what it held may be needed in this turn */
        outbox_clear(&session->queue);
}

/* ---- the budget ---- */

void eio_session_weigh(struct eio_session *session) {
    size_t waiting_bytes = session->held_bytes + session->queue.queued_bytes;
    if (!claim_set(&session->memory, waiting_bytes, loop_now_ms(session->server->loop)))
        eio_close(session, EIO_CLOSED_GAVE_WAY);
}

void eio_hold(struct eio_session *session, ptrdiff_t bytes) {
    session->held_bytes += (size_t)bytes;
    eio_session_weigh(session);
}

void eio_vouch(struct eio_session *session, enum budget_rank rank) {
    int64_t now_ms = loop_now_ms(session->server->loop);
    claim_raise(&session->place, rank, now_ms);
    claim_raise(&session->memory, rank, now_ms);
    if (session->link)
        claim_raise(&session->link->place, rank, now_ms);
    if (session->link)
        claim_raise(&session->link->memory, rank, now_ms);
}

const struct claim *eio_place(const struct eio_session *session) {
    return &session->place;
}

/* ---- heartbeat ---- */

static void eio_on_beat(void *arg) {
    struct eio_session *session = arg;
    struct eio_server *server = session->server;
    if (session->awaits_pong) {
        eio_close(session, EIO_CLOSED_PING);
        return;
    }
    if (server->handlers.on_ping)
        server->handlers.on_ping(session, server->arg);
    if (session->state != EIO_STATE_OPEN)
        return;
    session->awaits_pong = true;
    session->is_extended = false;
    int64_t now_ms = loop_now_ms(server->loop);
    if (now_ms - session->due_ms > PUNCTUAL_MS)
        session->due_ms = now_ms;
    session->due_ms += server->settings.ping_timeout_ms;
    timer_start(server->loop, &session->beat, session->due_ms - now_ms, 0, eio_on_beat, session);
    eio_send(session, server->ping);
}

static void start_beat(struct eio_session *session, unsigned after_ms) {
    struct loop *loop = session->server->loop;
    session->due_ms = loop_now_ms(loop) + after_ms;
    timer_start(loop, &session->beat, after_ms, 0, eio_on_beat, session);
}

void eio_session_open_done(struct eio_session *session) {
    struct eio_server *server = session->server;
    start_beat(session, server->settings.ping_interval_ms);
    server->handlers.on_open(session, server->arg);
}

bool eio_session_is_late(struct eio_session *session) {
    if (session->state != EIO_STATE_OPEN || !session->awaits_pong ||
        loop_now_ms(session->server->loop) < session->due_ms)
        return false;
    eio_close(session, EIO_CLOSED_PING);
    return true;
}

void eio_session_heard(struct eio_session *session) {
    if (!session->awaits_pong || session->is_extended)
        return;
    start_beat(session, session->server->settings.ping_timeout_ms);
    session->is_extended = true;
}

/* ---- the budget of bytes ---- */

/* A client may send so much at once. */
enum { BURST_S = 4 };

void eio_session_pay(struct eio_session *session) {
    struct http_request *request = session->unpaid;
    timer_stop(&session->debt);
    session->unpaid = NULL;
    if (session->ws)
        ws_conn_resume(session->ws);
    if (request)
        eio_respond(request, 200, "text/html", SLICE("ok"));
}

static void eio_on_paid(void *arg) {
    eio_session_pay(arg);
}

int64_t eio_session_charge(struct eio_session *session, size_t bytes) {
    struct loop *loop = session->server->loop;
    int64_t rate = (int64_t)session->server->settings.max_bytes_per_second;
    if (rate == 0)
        return 0;
    int64_t now_us = loop_now_ms(loop) * 1000, least_us = now_us - BURST_S * INT64_C(1000000);
    if (session->paid_us < least_us)
        session->paid_us = least_us;
    session->paid_us += (int64_t)bytes * 1000000 / rate;
    int64_t owed_ms = (session->paid_us - now_us + 999) / 1000;
    if (owed_ms <= 0)
        return 0;
    timer_start(loop, &session->debt, owed_ms, 0, eio_on_paid, session);
    return owed_ms;
}

/* ---- packets ---- */

static void take_message(struct eio_session *session, const struct eio_packet *packet) {
    struct eio_server *server = session->server;
    if (!packet->is_base64) {
        server->handlers.on_text(session, packet->data, server->arg);
        return;
    }
    struct buf bytes = {0};
    if (base64_parse_leniently(&bytes, packet->data))
        server->handlers.on_binary(session, buf_slice(&bytes), server->arg);
    else
        eio_close(session, EIO_CLOSED_PROTOCOL);
    buf_free(&bytes);
}

bool eio_session_take(struct eio_session *session, const struct eio_packet *packet) {
    struct eio_server *server = session->server;
    server->stats.packets_in++;
    claim_got_on(&session->place, loop_now_ms(server->loop));
    if (packet->type != EIO_PONG)
        eio_session_heard(session);
    switch (packet->type) {
    case EIO_MESSAGE:
        take_message(session, packet);
        break;
    case EIO_PONG:
        if (!session->awaits_pong)
            break;
        session->awaits_pong = false;
        start_beat(session, server->settings.ping_interval_ms);
        if (server->handlers.on_pong)
            server->handlers.on_pong(session, server->arg);
        break;
    case EIO_PING: /* only the server pings */
        eio_close(session, EIO_CLOSED_PROTOCOL);
        break;
    case EIO_CLOSE:
        eio_close(session, EIO_CLOSED_BY_CLIENT);
        break;
    case EIO_OPEN:
    case EIO_UPGRADE:
    case EIO_NOOP:
        break;
    }
    return session->state == EIO_STATE_OPEN;
}

/* ---- sending ---- */

struct blob *eio_frame_text(struct slice text) {
    return ws_frame2(WS_TEXT, SLICE("4"), text);
}

struct blob *eio_frame_binary(struct slice bytes) {
    return ws_frame(WS_BINARY, bytes);
}

struct slice eio_frame_payload(const struct blob *frame, bool *is_text) {
    size_t head = frame->data[1] < 126 ? 2 : frame->data[1] == 126 ? 4 : 10;
    *is_text = (frame->data[0] & 0x0f) == WS_TEXT;
    return slice_of(frame->data + head, frame->len - head);
}

struct slice eio_frame_message(const struct blob *frame) {
    bool is_text;
    return slice_skip(eio_frame_payload(frame, &is_text), 1);
}

void eio_set_data(struct eio_session *session, void *data) {
    session->data = data;
}

void *eio_data(const struct eio_session *session) {
    return session->data;
}

bool eio_is_polling(const struct eio_session *session) {
    return !session->link;
}

size_t eio_queued_bytes(const struct eio_session *session) {
    return session->ws ? ws_conn_queued_bytes(session->ws) : session->queue.queued_bytes;
}

bool eio_is_writable(const struct eio_session *session) {
    if (session->state != EIO_STATE_OPEN)
        return false;
    if (session->ws)
        return ws_conn_is_writable(session->ws);
    return session->poll && session->queue.count == 0;
}

static void send_frame(struct eio_session *session, struct blob *frame, bool now) {
    struct eio_server *server = session->server;
    if (session->state != EIO_STATE_OPEN)
        return;
    struct ws_conn *ws = session->ws;
    /* What may be sent fits an empty queue, however small that is. */
    size_t waiting = eio_queued_bytes(session);
    if (waiting > 0 && waiting + frame->len > server->settings.max_queue_bytes) {
        eio_close(session, EIO_CLOSED_SLOW);
    } else if (ws && now) {
        ws_conn_send_frame_now(ws, frame);
    } else if (ws) {
        ws_conn_send_frame(ws, frame);
    } else {
        outbox_add(&session->queue, frame);
        eio_session_weigh(session);
        if (session->poll)
            eio_session_later(session);
    }
}

void eio_send(struct eio_session *session, struct blob *frame) {
    send_frame(session, frame, false);
}

void eio_send_now(struct eio_session *session, struct blob *frame) {
    send_frame(session, frame, true);
}

void eio_prefetch(const struct eio_session *session, enum eio_prefetch step) {
    if (step == EIO_PREFETCH_SESSION)
        __builtin_prefetch(session);
    else if (session->ws && step == EIO_PREFETCH_LINK)
        ws_conn_prefetch(session->ws);
    else if (session->ws)
        ws_conn_prefetch_stream(session->ws);
}
