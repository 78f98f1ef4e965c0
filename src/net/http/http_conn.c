#include "base/mem.h"
#include "net/http/http_private.h"

#include <errno.h>
#include <string.h>

/* ---- the budget ---- */

/* A connection ends to make room for others: at the end of the turn, as its request may be what the
 * turn is about. */
static void http_on_give_place(void *arg) {
    struct http_conn *conn = arg;
    conn->server->stats.gave_way++;
    conn->is_doomed = true;
    http_conn_schedule(conn);
}

/* What waits on a connection is dropped. A client that was sending a body is told, and may try
 * again. */
static void http_on_give_memory(void *arg) {
    struct http_conn *conn = arg;
    struct http_call *call = conn->call;
    bool is_told = !conn->in_callback && conn->state == HTTP_IN_BODY && conn->out.count == 0;
    claim_set(&conn->memory, 0, loop_now_ms(conn->server->loop)); /* it gives way once */
    if (!conn->in_callback) { /* what it held may be needed in this turn */
        buf_free(&conn->in);
        if (call)
            buf_free(&call->body);
    }
    if (!is_told || call->request.on_abort) {
        http_on_give_place(conn);
        return;
    }
    conn->server->stats.gave_way++;
    http_add_header(&call->request, "Retry-After", SLICE("1"));
    http_respond_error(&call->request, 503, "the server is busy");
}

static size_t waiting_bytes(const struct http_conn *conn) {
    const struct http_call *call = conn->call;
    size_t bytes = conn->in.cap + conn->out.queued_bytes;
    if (call)
        bytes += call->raw_head.cap + call->body.cap + call->headers.cap + call->kept_bytes;
    return bytes;
}

static void weigh(struct http_conn *conn) {
    if (conn->state == HTTP_DEAD || conn->is_doomed)
        return;
    if (!claim_set(&conn->memory, waiting_bytes(conn), loop_now_ms(conn->server->loop)))
        http_on_give_memory(conn);
}

void http_vouch(struct http_request *request, enum budget_rank rank) {
    struct http_conn *conn = ((struct http_call *)request)->conn;
    int64_t now_ms = loop_now_ms(conn->server->loop);
    claim_raise(&conn->place, rank, now_ms);
    claim_raise(&conn->memory, rank, now_ms);
}

bool http_peer_is_verified(const struct http_request *request) {
    return stream_peer_is_verified(((const struct http_call *)request)->conn->stream);
}

/* ---- waiting: for events and for time ---- */

static int64_t wait_ms(const struct http_settings *settings, enum http_wait wait) {
    const int64_t waits_ms[] = {
        [WAIT_IDLE] = settings->idle_timeout_ms, [WAIT_HEAD] = settings->head_timeout_ms,
        [WAIT_BODY] = settings->body_timeout_ms, [WAIT_WRITE] = settings->write_timeout_ms,
        [WAIT_LINGER] = HTTP_LINGER_MS,
    };
    return waits_ms[wait];
}

static uint64_t taken_bytes(const struct http_conn *conn) {
    size_t unsent = stream_unsent_bytes(conn->stream);
    return unsent < conn->sent_bytes ? conn->sent_bytes - unsent : 0;
}

/* A client that takes an answer byte by byte holds it for as long as it likes, so what counts is
 * its pace over the whole wait. */
static bool is_too_slow(const struct http_conn *conn) {
    const struct http_settings *settings = &conn->server->settings;
    uint64_t least = settings->least_bytes_a_s * (uint64_t)settings->write_timeout_ms / 1000;
    return taken_bytes(conn) < conn->taken_bytes + least;
}

static void http_on_timeout(void *arg) {
    struct http_conn *conn = arg;
    struct http_server *server = conn->server;
    enum http_wait wait = conn->wait;
    conn->wait = WAIT_NOTHING;
    if (wait == WAIT_WRITE) {
        if (!is_too_slow(conn)) {
            http_conn_wait(conn, WAIT_WRITE);
            return;
        }
        server->stats.slow_readers++;
        http_conn_abort(conn);
        return;
    }
    if (wait == WAIT_IDLE || wait == WAIT_LINGER || (wait == WAIT_HEAD && conn->in.len == 0)) {
        http_conn_kill(conn);
        return;
    }
    server->stats.timeouts++;
    if (conn->call && conn->call->request.on_abort) {
        http_conn_abort(conn);
        return;
    }
    if (conn->call)
        http_respond_error(&conn->call->request, 408, "the body took too long");
    else
        http_conn_refuse(conn, 408, "the request took too long");
}

static enum http_wait current_wait(const struct http_conn *conn) {
    if (conn->state == HTTP_LINGERING)
        return WAIT_LINGER;
    if (conn->out.count > 0)
        return WAIT_WRITE;
    if (conn->state == HTTP_IN_BODY)
        return WAIT_BODY;
    if (conn->state == HTTP_IN_HEAD)
        return conn->in.len == 0 && conn->wait != WAIT_HEAD ? WAIT_IDLE : WAIT_HEAD;
    return WAIT_NOTHING;
}

void http_conn_wait(struct http_conn *conn, enum http_wait wait) {
    if (wait == conn->wait)
        return;
    conn->wait = wait;
    if (wait == WAIT_WRITE)
        conn->taken_bytes = taken_bytes(conn);
    if (wait == WAIT_NOTHING)
        timer_stop(&conn->timer);
    else
        timer_start(conn->server->loop, &conn->timer, wait_ms(&conn->server->settings, wait), 0,
                    http_on_timeout, conn);
}

static int current_events(const struct http_conn *conn) {
    int events = conn->out.count > 0 ? stream_write_wants(conn->stream) : 0;
    if (conn->is_half_closed || conn->state == HTTP_LAST || share_is_waiting(&conn->turn))
        return events;
    if (conn->out.queued_bytes > HTTP_QUEUE_HIGH && conn->state == HTTP_IN_HEAD)
        return events;
    /* Reads on while a request waits for its answer, to notice a client that leaves. */
    bool is_full =
        conn->in.len > conn->server->settings.head_limit_bytes && conn->state != HTTP_LINGERING;
    return events | (is_full ? WATCH_HANGUP : stream_read_wants(conn->stream));
}

static void update(struct http_conn *conn) {
    if (conn->state == HTTP_DEAD)
        return;
    weigh(conn);
    if (conn->state == HTTP_DEAD)
        return;
    watch_set(conn->watch, current_events(conn));
    http_conn_wait(conn, current_wait(conn));
}

/* ---- parsing ---- */

/* Nothing but empty lines has come since the last request: the connection is still idle. */
static size_t skip_empty_lines(struct http_conn *conn, struct slice bytes) {
    for (size_t i = 0; i < bytes.len; i++)
        if (bytes.ptr[i] != "\r\n"[i % 2])
            return 0;
    if (bytes.len % 2 != 0)
        return 0;
    conn->scanned = 0;
    return bytes.len;
}

static size_t parse_head(struct http_conn *conn, struct slice bytes) {
    struct http_server *server = conn->server;
    size_t used = 0;
    switch (http_parse_request(&server->head, bytes, server->settings.head_limit_bytes,
                               &conn->scanned, &used)) {
    case HTTP_MORE:
        return skip_empty_lines(conn, bytes);
    case HTTP_BAD:
        server->stats.bad_requests++;
        server->stats.too_large += server->head.refusal == 431;
        http_conn_refuse(conn, server->head.refusal, server->head.why);
        return bytes.len;
    case HTTP_DONE:
        break;
    }
    conn->scanned = 0;
    conn->requests++;
    http_call_begin(conn, slice_skip(bytes, used));
    if (conn->state == HTTP_IN_BODY) {
        buf_add_slice(&conn->call->raw_head, slice_take(bytes, used));
        http_call_forget_head(conn->call);
    }
    return used;
}

static size_t parse_body(struct http_conn *conn, struct slice bytes) {
    struct http_call *call = conn->call;
    struct slice piece;
    size_t used;
    enum http_result result = http_body_parse(&call->parser, bytes, &used, &piece);
    if (result == HTTP_BAD) {
        conn->server->stats.bad_requests++;
        if (call->request.on_abort)
            http_conn_abort(conn);
        else
            http_respond_error(&call->request, 400, "malformed chunked body");
        return used;
    }
    if (call->parser.received > call->request.body_limit_bytes) {
        http_call_overflow(conn);
        return used;
    }
    bool is_whole = result == HTTP_DONE && call->body.len == 0;
    if (!is_whole)
        buf_add_slice(&call->body, piece);
    if (result == HTTP_DONE)
        http_call_end_body(conn, is_whole ? piece : buf_slice(&call->body),
                           slice_skip(bytes, used));
    return used;
}

/* Returns how many bytes were used; the rest waits for more input, or for an answer. The slices of
 * a request whose body is incomplete do not outlive this call. */
static size_t parse(struct http_conn *conn, struct slice bytes) {
    size_t at = 0;
    conn->requests = 0;
    while (at < bytes.len) {
        struct slice rest = slice_skip(bytes, at);
        size_t used = 0;
        if (conn->state == HTTP_IN_HEAD && conn->requests == HTTP_REQUESTS_MAX)
            http_conn_schedule(conn);
        else if (conn->state == HTTP_IN_HEAD && conn->out.queued_bytes <= HTTP_QUEUE_HIGH)
            used = parse_head(conn, rest);
        else if (conn->state == HTTP_IN_BODY)
            used = parse_body(conn, rest);
        else if (conn->state >= HTTP_LAST)
            used = rest.len;
        if (used == 0)
            break;
        at += used;
    }
    return at;
}

static void take_bytes(struct http_conn *conn, struct slice bytes) {
    conn->server->stats.received_bytes += bytes.len;
    if (conn->is_doomed)
        return;
    if (conn->in.len == 0) {
        size_t used = parse(conn, bytes);
        buf_add_slice(&conn->in, slice_skip(bytes, used));
    } else {
        buf_add_slice(&conn->in, bytes);
        buf_consume(&conn->in, parse(conn, buf_slice(&conn->in)));
    }
    if (conn->in.len == 0)
        buf_free(&conn->in);
    if (conn->state == HTTP_IN_HEAD && conn->in.len > 0 && conn->wait == WAIT_IDLE)
        http_conn_wait(conn, WAIT_HEAD);
    weigh(conn);
}

/* ---- events ---- */

/* The peer has ended its side. A request with an on_abort is aborted. Otherwise an answer that is
 * due is still sent, because `printf ... | nc` ends its side before it reads. */
static void http_on_end_of_input(struct http_conn *conn) {
    conn->is_half_closed = true;
    if (conn->state == HTTP_LINGERING)
        http_conn_kill(conn);
    else if (conn->state == HTTP_IN_BODY || (conn->call && conn->call->request.on_abort))
        http_conn_abort(conn);
    else if (conn->state == HTTP_IN_HEAD && conn->in.len == 0 && conn->out.count == 0)
        http_conn_kill(conn);
    else if (conn->state == HTTP_IN_HEAD)
        conn->state = HTTP_LAST;
    http_conn_schedule(conn);
}

static void read_some(struct http_conn *conn) {
    uint8_t *scratch = loop_scratch(conn->server->loop);
    size_t most = conn->has_read ? LOOP_SCRATCH_BYTES : HTTP_FIRST_READ_BYTES;
    do {
        ssize_t got = stream_read(conn->stream, scratch, most);
        if (got > 0) {
            conn->has_read = true;
            take_bytes(conn, slice_of(scratch, (size_t)got));
        } else if (got == 0) {
            http_on_end_of_input(conn);
            return;
        } else if (got != -EAGAIN) {
            conn->server->stats.tls_errors += got == -EPROTO;
            http_conn_abort(conn);
            return;
        } else {
            return;
        }
    } while (conn->state != HTTP_DEAD && stream_has_pending(conn->stream));
}

/* More requests wait in the buffer than one connection may begin in one go. */
static bool has_more_requests(const struct http_conn *conn) {
    return conn->state == HTTP_IN_HEAD && conn->requests == HTTP_REQUESTS_MAX;
}

static void parse_waiting(struct http_conn *conn) {
    buf_consume(&conn->in, parse(conn, buf_slice(&conn->in)));
    if (conn->is_half_closed && conn->state == HTTP_IN_HEAD && !has_more_requests(conn))
        conn->state = HTTP_LAST;
}

static void http_on_turn(void *arg) {
    struct http_conn *conn = arg;
    if (conn->state == HTTP_LINGERING)
        http_conn_discard(conn);
    else if (has_more_requests(conn))
        parse_waiting(conn);
    else if (!conn->is_half_closed && conn->state != HTTP_LAST)
        read_some(conn);
    if (conn->state != HTTP_DEAD)
        http_conn_schedule(conn);
}

/* Reads on, or begins more of the requests that were read: at once for who is known. */
static void take_turn(struct http_conn *conn) {
    if (conn->place.rank >= BUDGET_HOST)
        http_on_turn(conn);
    else
        share_run(conn->server->loop, conn->has_read ? SHARE_MORE : SHARE_FIRST, &conn->turn,
                  http_on_turn, conn);
}

/* A keep-alive answer went out after draining began: no request will follow it. */
static bool is_left_idle(const struct http_conn *conn) {
    return conn->server->is_draining && conn->state == HTTP_IN_HEAD && conn->in.len == 0;
}

static void http_on_written(struct http_conn *conn) {
    struct http_call *call = conn->call;
    if (conn->state == HTTP_REPLYING && call->wants_drain) {
        call->wants_drain = false;
        if (call->request.on_drain)
            call->request.on_drain(&call->request);
    } else if (conn->state == HTTP_LAST || is_left_idle(conn)) {
        http_conn_linger(conn);
    }
}

static void flush(struct http_conn *conn) {
    size_t before = conn->out.queued_bytes;
    int err = outbox_flush(&conn->out, conn->stream);
    conn->server->stats.sent_bytes += before - conn->out.queued_bytes;
    conn->sent_bytes += before - conn->out.queued_bytes;
    if (conn->out.queued_bytes != before)
        claim_got_on(&conn->memory, loop_now_ms(conn->server->loop));
    if (err == 0)
        http_on_written(conn);
    else if (err != EAGAIN)
        http_conn_abort(conn);
}

/* At the end of a turn: writes all answers of the turn at once, then parses input that waited. */
static void http_on_turn_end(void *arg) {
    struct http_conn *conn = arg;
    if (conn->state == HTTP_DEAD) {
        http_conn_free(conn);
        return;
    }
    if (conn->is_doomed) {
        outbox_flush(&conn->out, conn->stream); /* what it was told in this turn */
        http_conn_abort(conn);
        return;
    }
    if (has_more_requests(conn))
        take_turn(conn);
    else if (conn->state == HTTP_IN_HEAD && conn->in.len > 0)
        parse_waiting(conn);
    if (conn->state != HTTP_DEAD)
        flush(conn);
    update(conn);
}

void http_conn_schedule(struct http_conn *conn) {
    loop_defer(conn->server->loop, &conn->work, http_on_turn_end, conn);
}

static void http_on_events(int events, void *arg) {
    struct http_conn *conn = arg;
    /* TLS may need to read in order to write, and the reverse: try both. */
    if (!conn->is_half_closed && conn->state != HTTP_LAST)
        take_turn(conn);
    if (conn->state != HTTP_DEAD)
        http_conn_schedule(conn);
}

/* False: all connections are of those who do not give way to a stranger. */
static bool take_place(struct http_conn *conn) {
    struct http_server *server = conn->server;
    struct budget *budget = server->settings.budget;
    struct slice peer = slice_from(conn->peer);
    claim_open(&conn->place, budget ? &budget->connections : NULL, BUDGET_NEW, peer,
               http_on_give_place, conn);
    claim_open(&conn->memory, budget ? &budget->memory : NULL, BUDGET_NEW, peer,
               http_on_give_memory, conn);
    if (claim_set(&conn->place, 1, loop_now_ms(server->loop)))
        return true;
    claim_close(&conn->place);
    http_conn_tell_full(conn);
    return false;
}

void http_conn_open(struct http_server *server, int fd) {
    struct http_conn *conn = mem_alloc(sizeof *conn);
    conn->server = server;
    conn->stream = stream_new(fd);
    stream_limit_unsent(conn->stream, HTTP_UNSENT_MAX);
    stream_peer_address(conn->stream, conn->peer);
    if (!take_place(conn) ||
        watch_open(&conn->watch, server->loop, fd, http_on_events, conn) != 0) {
        claim_close(&conn->place);
        stream_close(conn->stream);
        mem_free(conn);
        return;
    }
    if (server->settings.tls)
        stream_start_tls_server(conn->stream, server->settings.tls);
    list_add(&server->conns, &conn->node);
    server->stats.connections++;
    http_conn_wait(conn, WAIT_HEAD);
    update(conn);
}
