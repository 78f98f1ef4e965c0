#include "net/ws/ws_conn.h"

#include "base/mem.h"
#include "net/budget.h"
#include "net/ws/ws_conn_private.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

enum { BAD_LINGER_MS = 1000, READS_A_TURN = 4 };

/* ---- the end ---- */

static void set_end(struct ws_conn *conn, uint16_t code, struct slice reason) {
    if (conn->code)
        return;
    conn->code = code;
    conn->reason = slice_copy_text(reason);
}

void ws_conn_end(struct ws_conn *conn, uint16_t code, const char *reason) {
    if (conn->state == WS_DEAD)
        return;
    set_end(conn, code, slice_from(reason));
    conn->state = WS_DEAD;
    conn->settings.memory = NULL; /* its owner may go before this is freed */
    buf_free(&conn->message);     /* what it held may be needed in this turn */
    outbox_clear(&conn->out);
    timer_stop(&conn->timer);
    share_leave(&conn->turn);
    watch_close(conn->watch);
    conn->watch = NULL;
    stream_close(conn->stream);
    conn->stream = NULL;
    ws_dial_cancel(conn->dial);
    conn->dial = NULL;
    ws_conn_schedule(conn);
}

static void free_conn(struct ws_conn *conn) {
    if (!conn->is_silent_end)
        conn->handlers.on_close(conn->code, slice_from(conn->reason), conn->arg);
    outbox_clear(&conn->out);
    buf_free(&conn->message);
    mem_free(conn->reason);
    mem_free(conn);
}

void ws_conn_break(struct ws_conn *conn, int err) {
    const char *tls_error = conn->stream ? stream_error(conn->stream) : "";
    ws_conn_end(conn, WS_CLOSE_ABNORMAL, *tls_error ? tls_error : err ? strerror(err) : "");
}

void ws_conn_weigh(struct ws_conn *conn) {
    struct claim *memory = conn->settings.memory;
    size_t waiting_bytes = conn->message.cap + conn->out.queued_bytes;
    if (memory && !claim_set(memory, waiting_bytes, loop_now_ms(conn->loop)))
        ws_conn_end(conn, WS_CLOSE_ABNORMAL, "no memory is left for what waits");
}

/* ---- output ---- */

static void after_flush(struct ws_conn *conn) {
    bool is_awaited = conn->is_full || conn->is_awaited;
    conn->is_full = conn->is_awaited = false;
    if (conn->state == WS_ENDING) {
        stream_shutdown(conn->stream);
        ws_conn_end(conn, WS_CLOSE_ABNORMAL, "");
    } else if (conn->is_deaf && !conn->is_shut) {
        stream_shutdown(conn->stream);
        conn->is_shut = true;
    } else if (is_awaited && conn->state == WS_OPEN && conn->handlers.on_drain) {
        conn->handlers.on_drain(conn->arg);
    }
}

static void flush(struct ws_conn *conn) {
    size_t before = conn->out.queued_bytes;
    int err = outbox_flush(&conn->out, conn->stream);
    if (conn->settings.memory && conn->out.queued_bytes < before) {
        claim_got_on(conn->settings.memory, loop_now_ms(conn->loop));
        ws_conn_weigh(conn);
    }
    if (err == 0)
        after_flush(conn);
    else if (err == EAGAIN)
        conn->is_full = true;
    else
        ws_conn_break(conn, err);
}

/* ---- input ---- */

static void ws_on_piece(struct ws_conn *conn, const struct ws_event *event) {
    if (event->first && event->last) {
        conn->handlers.on_message(event->opcode, event->payload, conn->arg);
        return;
    }
    buf_add_slice(&conn->message, event->payload);
    ws_conn_weigh(conn);
    if (!event->last || conn->state == WS_DEAD)
        return;
    struct buf message = conn->message;
    conn->message = (struct buf){0};
    ws_conn_weigh(conn);
    conn->handlers.on_message(event->opcode, buf_slice(&message), conn->arg);
    buf_free(&message);
}

static void ws_on_peer_close(struct ws_conn *conn, const struct ws_event *event) {
    if (conn->state == WS_OPEN)
        ws_conn_queue_close(conn, event->code, SLICE_NONE);
    if (conn->state == WS_DEAD)
        return;
    set_end(conn, event->code, event->payload);
    conn->state = WS_ENDING;
    timer_stop(&conn->timer);
    ws_conn_schedule(conn);
}

static void ws_on_bad(struct ws_conn *conn, const struct ws_event *event) {
    if (conn->state != WS_OPEN) {
        ws_conn_end(conn, event->code, event->why);
        return;
    }
    /* Our side ends with the close frame, so that the peer need not wait. Further input is read and
     * ignored for a moment: a socket closed with unread bytes resets the connection, and the peer
     * would never see the code. */
    ws_conn_queue_close(conn, event->code, slice_from(event->why));
    if (conn->state == WS_DEAD)
        return;
    set_end(conn, event->code, slice_from(event->why));
    conn->state = WS_CLOSING;
    conn->is_deaf = true;
    conn->settings.close_ms = BAD_LINGER_MS;
    timer_stop(&conn->timer);
    ws_conn_schedule(conn);
}

static void ws_on_event(struct ws_conn *conn, const struct ws_event *event) {
    switch (event->type) {
    case WS_EVENT_DATA:
        if (conn->state == WS_OPEN)
            ws_on_piece(conn, event);
        break;
    case WS_EVENT_PING:
        if (conn->state == WS_OPEN)
            ws_conn_queue_control(conn, WS_PONG, event->payload);
        break;
    case WS_EVENT_CLOSE:
        ws_on_peer_close(conn, event);
        break;
    case WS_EVENT_BAD:
        ws_on_bad(conn, event);
        break;
    case WS_EVENT_PONG:
    case WS_EVENT_NONE:
        break;
    }
}

/* Returns how many bytes were used: fewer when the owner paused in between. */
static size_t parse(struct ws_conn *conn, uint8_t *bytes, size_t n) {
    size_t at = 0;
    while (at < n && conn->state < WS_ENDING && !(conn->is_paused && conn->state == WS_OPEN)) {
        struct ws_event event;
        at += ws_parse(&conn->parser, bytes + at, n - at, &event);
        ws_on_event(conn, &event);
    }
    return at;
}

static bool reads(const struct ws_conn *conn) {
    return conn->state == WS_CLOSING || (conn->state == WS_OPEN && !conn->is_paused);
}

static void ws_on_end_of_stream(struct ws_conn *conn, ssize_t got) {
    /* After our close frame, an end without the peer's is a regular end. */
    if (conn->state == WS_CLOSING)
        ws_conn_end(conn, WS_CLOSE_ABNORMAL, "");
    else
        ws_conn_break(conn, (int)-got);
}

static void read_times(struct ws_conn *conn, int most) {
    uint8_t *scratch = loop_scratch(conn->loop);
    conn->has_unread = false;
    for (int i = 0; i < most && reads(conn); i++) {
        ssize_t got = stream_read(conn->stream, scratch, LOOP_SCRATCH_BYTES);
        if (got == -EAGAIN)
            return;
        if (got <= 0) {
            ws_on_end_of_stream(conn, got);
            return;
        }
        conn->heard_ms = loop_now_ms(conn->loop);
        size_t used = parse(conn, scratch, (size_t)got);
        if (conn->state >= WS_ENDING)
            return;
        if (used < (size_t)got)
            stream_unread(conn->stream, slice_of(scratch + used, (size_t)got - used));
        if (!stream_has_pending(conn->stream))
            return;
    }
    conn->has_unread = conn->state != WS_DEAD && stream_has_pending(conn->stream);
}

/* ---- events and time ---- */

/* The timer is not restarted for each byte received: when it fires, it finds out how long the peer
 * has been silent. */
static void ws_on_timer(void *arg) {
    struct ws_conn *conn = arg;
    const struct ws_settings *settings = &conn->settings;
    int64_t now_ms = loop_now_ms(conn->loop), silent_ms = now_ms - conn->heard_ms;
    if (conn->state != WS_OPEN) {
        ws_conn_end(conn, WS_CLOSE_ABNORMAL, "");
        return;
    }
    if (settings->silence_ms && silent_ms >= settings->silence_ms) {
        ws_conn_end(conn, WS_CLOSE_ABNORMAL, "silent for too long");
        return;
    }
    int64_t next_ms = settings->silence_ms ? settings->silence_ms - silent_ms : INT64_MAX;
    if (settings->ping_ms) {
        int64_t quiet_since = conn->pinged_ms > conn->heard_ms ? conn->pinged_ms : conn->heard_ms;
        if (now_ms - quiet_since >= settings->ping_ms) {
            ws_conn_queue_control(conn, WS_PING, SLICE_NONE);
            quiet_since = conn->pinged_ms = now_ms;
        }
        if (quiet_since + settings->ping_ms - now_ms < next_ms)
            next_ms = quiet_since + settings->ping_ms - now_ms;
    }
    timer_start(conn->loop, &conn->timer, next_ms, 0, ws_on_timer, conn);
}

static void update(struct ws_conn *conn) {
    if (conn->state == WS_DEAD || !conn->stream)
        return;
    int events = conn->out.count > 0 ? stream_write_wants(conn->stream) : 0;
    if (reads(conn) && !share_is_waiting(&conn->turn))
        events |= stream_read_wants(conn->stream);
    watch_set(conn->watch, events);
    if ((conn->state == WS_CLOSING || conn->state == WS_ENDING) && !timer_is_running(&conn->timer))
        timer_start(conn->loop, &conn->timer, conn->settings.close_ms, 0, ws_on_timer, conn);
}

static void after_input(struct ws_conn *conn) {
    if (conn->out.count > 0 || conn->has_unread)
        ws_conn_schedule(conn);
    else
        update(conn);
}

static void ws_on_turn(void *arg) {
    struct ws_conn *conn = arg;
    if (reads(conn))
        read_times(conn, 1);
    if (conn->state != WS_DEAD)
        after_input(conn);
}

/* Who has shown a right is read at once, as are connections that are not clients'; a stranger once,
 * when it is their turn. */
static void read_some(struct ws_conn *conn) {
    const struct claim *memory = conn->settings.memory;
    if (!memory || memory->rank >= BUDGET_HOST)
        read_times(conn, READS_A_TURN);
    else
        share_run(conn->loop, SHARE_MORE, &conn->turn, ws_on_turn, conn);
}

static void ws_on_turn_end(void *arg) {
    struct ws_conn *conn = arg;
    if (conn->state == WS_DEAD) {
        free_conn(conn);
        return;
    }
    if (conn->has_unread && reads(conn))
        read_some(conn);
    if (conn->state != WS_DEAD && conn->stream)
        flush(conn);
    if (conn->state != WS_DEAD && conn->has_unread && reads(conn) &&
        !share_is_waiting(&conn->turn))
        ws_conn_schedule(conn);
    update(conn);
}

void ws_conn_schedule(struct ws_conn *conn) {
    loop_defer(conn->loop, &conn->work, ws_on_turn_end, conn);
}

static void ws_on_events(int events, void *arg) {
    struct ws_conn *conn = arg;
    if (reads(conn))
        read_some(conn);
    if (conn->state != WS_DEAD)
        after_input(conn);
}

/* ---- public functions ---- */

static struct ws_conn *new_conn(struct loop *loop, enum ws_role role,
                                const struct ws_settings *settings,
                                const struct ws_handlers *handlers, void *arg) {
    struct ws_conn *conn = mem_alloc(sizeof *conn);
    conn->loop = loop;
    conn->handlers = *handlers;
    conn->settings = *settings;
    conn->arg = arg;
    conn->role = (uint8_t)role;
    struct ws_settings *s = &conn->settings;
    s->max_message_bytes = s->max_message_bytes ? s->max_message_bytes : 1 << 20;
    s->max_queue_bytes = s->max_queue_bytes ? s->max_queue_bytes : 1 << 20;
    s->close_ms = s->close_ms ? s->close_ms : 5000;
    ws_parser_init(&conn->parser, role, s->max_message_bytes);
    return conn;
}

static int attach(struct ws_conn *conn, struct stream *stream) {
    int err = watch_open(&conn->watch, conn->loop, stream_fd(stream), ws_on_events, conn);
    if (err)
        return err;
    conn->stream = stream;
    conn->state = WS_OPEN;
    conn->heard_ms = loop_now_ms(conn->loop);
    conn->has_unread = stream_has_pending(stream);
    if (conn->settings.ping_ms || conn->settings.silence_ms)
        ws_on_timer(conn); /* starts itself */
    ws_conn_schedule(conn);
    return 0;
}

int ws_conn_open(struct ws_conn **out, struct loop *loop, struct stream *stream,
                 const struct ws_settings *settings, const struct ws_handlers *handlers,
                 void *arg) {
    assert(stream);
    struct ws_conn *conn = new_conn(loop, WS_SERVER, settings, handlers, arg);
    int err = attach(conn, stream);
    if (err) {
        mem_free(conn);
        stream_close(stream);
        return err;
    }
    *out = conn;
    return 0;
}

static void ws_on_dialled(struct stream *stream, const char *why, int http_status, void *arg) {
    struct ws_conn *conn = arg;
    conn->dial = NULL;
    conn->http_status = (int16_t)http_status;
    if (!stream) {
        ws_conn_end(conn, WS_CLOSE_ABNORMAL, why);
        return;
    }
    int err = attach(conn, stream);
    if (err) {
        stream_close(stream);
        ws_conn_end(conn, WS_CLOSE_ABNORMAL, strerror(err));
        return;
    }
    if (conn->handlers.on_open)
        conn->handlers.on_open(conn->arg);
}

int ws_conn_connect(struct ws_conn **out, struct loop *loop, const struct ws_target *target,
                    const struct ws_settings *settings, const struct ws_handlers *handlers,
                    void *arg) {
    struct ws_conn *conn = new_conn(loop, WS_CLIENT, settings, handlers, arg);
    int err = ws_dial_start(&conn->dial, loop, target, ws_on_dialled, conn);
    if (err) {
        mem_free(conn);
        return err;
    }
    *out = conn;
    return 0;
}

int ws_conn_http_status(const struct ws_conn *conn) {
    return conn->http_status;
}

void ws_conn_peer_address(const struct ws_conn *conn, char out[STREAM_ADDRESS_SIZE]) {
    if (conn->stream)
        stream_peer_address(conn->stream, out);
}

bool ws_conn_is_writable(const struct ws_conn *conn) {
    return conn->state == WS_OPEN && conn->out.count == 0;
}

size_t ws_conn_queued_bytes(struct ws_conn *conn) {
    conn->is_awaited = conn->is_awaited || conn->out.queued_bytes > 0;
    return conn->out.queued_bytes;
}

void ws_conn_flush(struct ws_conn *conn) {
    if (conn->state != WS_OPEN || conn->out.count == 0)
        return;
    flush(conn);
    update(conn);
}

void ws_conn_pause(struct ws_conn *conn) {
    conn->is_paused = true;
    update(conn);
}

void ws_conn_resume(struct ws_conn *conn) {
    if (!conn->is_paused || conn->state == WS_DEAD)
        return;
    conn->is_paused = false;
    conn->has_unread = conn->stream && stream_has_pending(conn->stream);
    ws_conn_schedule(conn);
}

void ws_conn_close(struct ws_conn *conn, uint16_t code, struct slice reason) {
    if (conn->state == WS_DIALLING)
        ws_conn_end(conn, WS_CLOSE_ABNORMAL, "closed before it was open");
    if (conn->state != WS_OPEN)
        return;
    ws_conn_queue_close(conn, code, reason);
    if (conn->state == WS_DEAD)
        return;
    conn->state = WS_CLOSING;
    timer_stop(&conn->timer);
    conn->has_unread = stream_has_pending(conn->stream);
    ws_conn_schedule(conn);
}

void ws_conn_abort(struct ws_conn *conn) {
    if (!conn)
        return;
    conn->is_silent_end = true;
    ws_conn_end(conn, WS_CLOSE_ABNORMAL, "");
}
