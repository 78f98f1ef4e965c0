#include "net/http_server.h"

#include "base/mem.h"
#include "net/http_conn.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- the end of calls and connections ---- */

static void free_call(struct http_call *call) {
    buf_free(&call->raw_head);
    buf_free(&call->body);
    buf_free(&call->headers);
    mem_free(call->origin);
    mem_free(call);
}

void http_conn_end_call(struct http_conn *conn) {
    struct http_call *call = conn->call;
    conn->call = NULL;
    if (conn->in_callback)
        conn->spent = call;
    else
        free_call(call);
}

static void free_conn(struct http_conn *conn) {
    struct http_server *server = conn->server;
    list_remove(&conn->node);
    server->stats.connections--;
    buf_free(&conn->in);
    outbox_clear(&conn->out);
    mem_free(conn);
    if (server->is_draining && list_is_empty(&server->conns) && server->on_drained)
        timer_start(server->loop, &server->drained, 0, 0, server->on_drained, server->drained_arg);
}

void http_conn_kill(struct http_conn *conn) {
    if (conn->state == HTTP_DEAD)
        return;
    conn->state = HTTP_DEAD;
    timer_stop(&conn->timer);
    watch_close(conn->watch);
    conn->watch = NULL;
    stream_close(conn->stream);
    conn->stream = NULL;
    http_conn_schedule(conn);
}

/* The connection broke, or must go: whoever waits for a request on it is told. */
static void abort_conn(struct http_conn *conn) {
    struct http_call *call = conn->call;
    if (call) {
        conn->server->stats.aborted++;
        conn->call = NULL;
        if (call->request.on_abort)
            call->request.on_abort(&call->request);
        free_call(call);
    }
    http_conn_kill(conn);
}

/* ---- waiting: for events and for time ---- */

static int64_t wait_ms(const struct http_settings *settings, enum http_wait wait) {
    switch (wait) {
    case WAIT_IDLE:
        return settings->idle_timeout_ms;
    case WAIT_HEAD:
        return settings->head_timeout_ms;
    case WAIT_BODY:
        return settings->body_timeout_ms;
    case WAIT_WRITE:
        return settings->write_timeout_ms;
    default:
        return HTTP_LINGER_MS;
    }
}

static void on_timeout(void *arg) {
    struct http_conn *conn = arg;
    struct http_server *server = conn->server;
    enum http_wait wait = conn->wait;
    conn->wait = WAIT_NOTHING;
    if (wait == WAIT_IDLE || wait == WAIT_LINGER || (wait == WAIT_HEAD && conn->in.len == 0)) {
        http_conn_kill(conn);
        return;
    }
    server->stats.timeouts++;
    if (wait == WAIT_WRITE || (conn->call && conn->call->request.on_abort)) {
        abort_conn(conn);
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

/* A wait that goes on keeps its deadline. */
static void set_wait(struct http_conn *conn, enum http_wait wait) {
    if (wait == conn->wait)
        return;
    conn->wait = wait;
    if (wait == WAIT_NOTHING)
        timer_stop(&conn->timer);
    else
        timer_start(conn->server->loop, &conn->timer, wait_ms(&conn->server->settings, wait), 0,
                    on_timeout, conn);
}

static int current_events(const struct http_conn *conn) {
    int events = conn->out.count > 0 ? stream_write_wants(conn->stream) : 0;
    if (conn->is_half_closed || conn->state == HTTP_LAST)
        return events;
    if (conn->out.queued_bytes > HTTP_QUEUE_HIGH && conn->state == HTTP_IN_HEAD)
        return events;
    /* While a request waits for its answer we read on, to notice a client that goes. */
    bool is_full = conn->in.len >= HTTP_HEAD_MAX && conn->state != HTTP_LINGERING;
    return events | (is_full ? WATCH_HANGUP : stream_read_wants(conn->stream));
}

static void update(struct http_conn *conn) {
    if (conn->state == HTTP_DEAD)
        return;
    watch_set(conn->watch, current_events(conn));
    set_wait(conn, current_wait(conn));
}

/* ---- requests ---- */

static void find_peer(struct http_conn *conn, struct http_call *call) {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address;
    socklen_t size = sizeof address;
    call->request.peer = call->peer;
    if (conn->server->settings.trust_proxy) {
        const struct slice *list = http_find_header(&conn->server->head, "x-forwarded-for");
        struct slice rest = list ? *list : SLICE_NONE, entry = SLICE_NONE;
        while (slice_cut(&rest, ',', &entry))
            ;
        entry = slice_trim(entry);
        if (entry.len > 0 && entry.len < sizeof call->peer) {
            memcpy(call->peer, entry.ptr, entry.len);
            return;
        }
    }
    if (getpeername(stream_fd(conn->stream), &address.any, &size) != 0)
        return;
    if (address.any.sa_family == AF_INET)
        inet_ntop(AF_INET, &address.v4.sin_addr, call->peer, sizeof call->peer);
    else if (address.any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&address.v6.sin6_addr))
        inet_ntop(AF_INET, address.v6.sin6_addr.s6_addr + 12, call->peer, sizeof call->peer);
    else if (address.any.sa_family == AF_INET6)
        inet_ntop(AF_INET6, &address.v6.sin6_addr, call->peer, sizeof call->peer);
}

static void show_head(struct http_call *call) {
    const struct http_head *head = &call->conn->server->head;
    call->request.head = head;
    call->request.method = head->method;
    call->request.target = head->target;
    call->request.path = head->path;
    call->request.query = head->query;
}

/* What the request pointed into is gone, or about to be. */
static void forget_head(struct http_call *call) {
    struct http_request *request = &call->request;
    request->head = NULL;
    request->method = request->target = request->path = request->query = SLICE_NONE;
}

/* The body came later than the head: parses that again, from the bytes kept. */
static void recall_head(struct http_call *call) {
    size_t scanned = 0, used;
    enum http_result result =
        http_parse_request(&call->conn->server->head, buf_slice(&call->raw_head), &scanned, &used);
    assert(result == HTTP_DONE);
    (void)result;
    show_head(call);
}

static struct http_call *new_call(struct http_conn *conn) {
    struct http_server *server = conn->server;
    const struct http_head *head = &server->head;
    struct http_call *call = mem_alloc(sizeof *call);
    call->conn = conn;
    call->minor = head->minor;
    call->is_head = slice_is_equal(head->method, SLICE("HEAD"));
    call->is_keep_alive = head->is_keep_alive;
    show_head(call);
    call->request.body_limit_bytes = server->settings.body_limit_bytes;
    const struct slice *origin = http_find_header(head, "origin");
    if (origin)
        call->origin = slice_copy_text(*origin);
    find_peer(conn, call);
    http_body_init(&call->parser, head);
    conn->call = call;
    server->stats.requests++;
    return call;
}

/* Shows a request to a handler. Returns whether it is still open and the connection alive. */
static bool show(struct http_conn *conn, void (*handler)(struct http_request *, void *),
                 struct slice lookahead) {
    struct http_call *call = conn->call;
    conn->in_callback = true;
    conn->lookahead = lookahead;
    handler(&call->request, conn->server->handlers.arg);
    conn->in_callback = false;
    conn->lookahead = SLICE_NONE;
    if (conn->spent) {
        free_call(conn->spent);
        conn->spent = NULL;
    }
    return conn->call == call;
}

/* From here on the request is the handler's. */
static void leave_to_handler(struct http_call *call) {
    forget_head(call);
    call->request.body = SLICE_NONE;
    buf_free(&call->raw_head);
    buf_free(&call->body);
}

static void on_not_found(struct http_request *request, void *arg) {
    http_respond_not_found(request);
}

static void show_upgrade(struct http_conn *conn, struct slice lookahead) {
    struct http_server *server = conn->server;
    struct http_call *call = conn->call;
    struct slice key;
    const char *why;
    int status = ws_check_request(&server->head, &key, &why);
    conn->state = HTTP_WAITING;
    call->is_keep_alive = false; /* whatever it is, nobody knows what the client sends behind it */
    if (status != 0) {
        server->stats.bad_requests++;
        if (status == 426) {
            http_add_header(&call->request, "Sec-WebSocket-Version", SLICE("13"));
            http_add_header(&call->request, "Upgrade", SLICE("websocket"));
        }
        http_respond_error(&call->request, status, why);
        return;
    }
    ws_accept(call->accept, key);
    server->stats.upgrades++;
    if (show(conn, server->handlers.on_upgrade ? server->handlers.on_upgrade : on_not_found,
             lookahead))
        leave_to_handler(call);
}

/* The answer to every OPTIONS: contracts/rest-and-auth.md, A5. */
static void respond_preflight(struct http_call *call) {
    const struct slice *asked =
        http_find_header(call->request.head, "access-control-request-headers");
    http_add_header(&call->request, "Vary", SLICE("Access-Control-Request-Headers"));
    http_add_header(&call->request, "Access-Control-Allow-Methods",
                    SLICE("GET,HEAD,PUT,PATCH,POST,DELETE"));
    if (asked)
        http_add_header(&call->request, "Access-Control-Allow-Headers", *asked);
    http_add_header(&call->request, "Content-Length", SLICE("0"));
    http_respond(&call->request, 204, NULL, SLICE_NONE);
}

static void on_too_large(struct http_conn *conn) {
    struct http_call *call = conn->call;
    struct http_request *request = &call->request;
    conn->server->stats.too_large++;
    if (request->on_overflow)
        request->on_overflow(request);
    else
        http_respond_json(request, 413,
                          SLICE("{\"statusCode\":413,\"message\":\"request entity too large\"}"));
    assert(conn->call != call && "an overflow must be answered at once");
}

/* A head is complete; `lookahead` is what came behind it. */
static void begin_request(struct http_conn *conn, struct slice lookahead) {
    struct http_server *server = conn->server;
    struct http_call *call = new_call(conn);
    const struct http_head *head = &server->head;
    set_wait(conn, WAIT_NOTHING);
    const struct slice *upgrade = head->asks_upgrade ? http_find_header(head, "upgrade") : NULL;
    if (upgrade && http_list_has(*upgrade, "websocket")) {
        show_upgrade(conn, lookahead);
        return;
    }
    conn->state = head->is_chunked || head->content_length > 0 ? HTTP_IN_BODY : HTTP_WAITING;
    if (slice_is_equal(head->method, SLICE("OPTIONS"))) {
        respond_preflight(call);
        return;
    }
    if (server->handlers.on_head && !show(conn, server->handlers.on_head, lookahead))
        return;
    if (head->content_length > 0 &&
        (uint64_t)head->content_length > call->request.body_limit_bytes) {
        on_too_large(conn);
        return;
    }
    if (conn->state == HTTP_IN_BODY) {
        if (head->expects_continue && lookahead.len == 0)
            outbox_add_copy(&conn->out, SLICE("HTTP/1.1 100 Continue\r\n\r\n"));
        return;
    }
    if (show(conn, server->handlers.on_request, lookahead))
        leave_to_handler(call);
}

static void end_body(struct http_conn *conn, struct slice body, struct slice lookahead) {
    struct http_call *call = conn->call;
    conn->state = HTTP_WAITING;
    recall_head(call);
    call->request.body = body;
    if (show(conn, conn->server->handlers.on_request, lookahead))
        leave_to_handler(call);
}

/* ---- parsing ---- */

static size_t parse_head(struct http_conn *conn, struct slice bytes) {
    struct http_server *server = conn->server;
    size_t used = 0;
    switch (http_parse_request(&server->head, bytes, &conn->scanned, &used)) {
    case HTTP_MORE:
        return 0;
    case HTTP_BAD:
        server->stats.bad_requests++;
        server->stats.too_large += server->head.refusal == 431;
        http_conn_refuse(conn, server->head.refusal, server->head.why);
        return bytes.len;
    case HTTP_DONE:
        break;
    }
    conn->scanned = 0;
    begin_request(conn, slice_skip(bytes, used));
    if (conn->state == HTTP_IN_BODY) {
        buf_add_slice(&conn->call->raw_head, slice_take(bytes, used));
        forget_head(conn->call);
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
            abort_conn(conn);
        else
            http_respond_error(&call->request, 400, "malformed chunked body");
        return used;
    }
    if (call->parser.received > call->request.body_limit_bytes) {
        on_too_large(conn);
        return used;
    }
    bool is_whole = result == HTTP_DONE && call->body.len == 0;
    if (!is_whole)
        buf_add_slice(&call->body, piece);
    if (result == HTTP_DONE)
        end_body(conn, is_whole ? piece : buf_slice(&call->body), slice_skip(bytes, used));
    return used;
}

/* Returns how many bytes were used; the rest waits for more, or for an answer. The slices of a
 * request whose body is still to come do not outlive this call. */
static size_t parse(struct http_conn *conn, struct slice bytes) {
    size_t at = 0;
    conn->is_parsing = true;
    while (at < bytes.len) {
        struct slice rest = slice_skip(bytes, at);
        size_t used = 0;
        if (conn->state == HTTP_IN_HEAD && conn->out.queued_bytes <= HTTP_QUEUE_HIGH)
            used = parse_head(conn, rest);
        else if (conn->state == HTTP_IN_BODY)
            used = parse_body(conn, rest);
        else if (conn->state >= HTTP_LAST)
            used = rest.len;
        if (used == 0)
            break;
        at += used;
    }
    conn->is_parsing = false;
    return at;
}

static void take_bytes(struct http_conn *conn, struct slice bytes) {
    conn->server->stats.received_bytes += bytes.len;
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
        set_wait(conn, WAIT_HEAD);
}

/* ---- events ---- */

/* The peer will send nothing more. Who asked to be told of that is told; else an answer that is
 * due still goes out, since `printf ... | nc` ends its sending early. */
static void on_end_of_input(struct http_conn *conn) {
    conn->is_half_closed = true;
    if (conn->state == HTTP_LINGERING)
        http_conn_kill(conn);
    else if (conn->state == HTTP_IN_BODY || (conn->call && conn->call->request.on_abort))
        abort_conn(conn);
    else if (conn->state == HTTP_IN_HEAD && conn->in.len == 0 && conn->out.count == 0)
        http_conn_kill(conn);
    else if (conn->state == HTTP_IN_HEAD)
        conn->state = HTTP_LAST;
    http_conn_schedule(conn);
}

static void on_readable(struct http_conn *conn) {
    uint8_t *scratch = loop_scratch(conn->server->loop);
    do {
        ssize_t got = stream_read(conn->stream, scratch, LOOP_SCRATCH_BYTES);
        if (got > 0) {
            take_bytes(conn, slice_of(scratch, (size_t)got));
        } else if (got == 0) {
            on_end_of_input(conn);
            return;
        } else if (got != -EAGAIN) {
            conn->server->stats.tls_errors += got == -EPROTO;
            abort_conn(conn);
            return;
        } else {
            return;
        }
    } while (conn->state != HTTP_DEAD && stream_has_pending(conn->stream));
}

static void on_written(struct http_conn *conn) {
    struct http_call *call = conn->call;
    if (conn->state == HTTP_REPLYING && call->wants_drain) {
        call->wants_drain = false;
        if (call->request.on_drain)
            call->request.on_drain(&call->request);
    } else if (conn->state == HTTP_LAST) {
        if (conn->is_half_closed || stream_shutdown(conn->stream) != 0) {
            http_conn_kill(conn);
            return;
        }
        conn->state = HTTP_LINGERING;
        buf_free(&conn->in);
    }
}

static void flush(struct http_conn *conn) {
    size_t before = conn->out.queued_bytes;
    int err = outbox_flush(&conn->out, conn->stream);
    conn->server->stats.sent_bytes += before - conn->out.queued_bytes;
    if (conn->out.queued_bytes != before && conn->wait == WAIT_WRITE)
        conn->wait = WAIT_NOTHING; /* progress: the deadline starts anew */
    if (err == 0)
        on_written(conn);
    else if (err != EAGAIN)
        abort_conn(conn);
}

/* The end of a turn: what was answered goes out in one write, and what waited is read on. */
static void on_turn_end(void *arg) {
    struct http_conn *conn = arg;
    if (conn->state == HTTP_DEAD) {
        free_conn(conn);
        return;
    }
    if (conn->state == HTTP_IN_HEAD && conn->in.len > 0) {
        buf_consume(&conn->in, parse(conn, buf_slice(&conn->in)));
        if (conn->is_half_closed && conn->state == HTTP_IN_HEAD)
            conn->state = HTTP_LAST;
    }
    if (conn->state != HTTP_DEAD)
        flush(conn);
    update(conn);
}

void http_conn_schedule(struct http_conn *conn) {
    loop_defer(conn->server->loop, &conn->work, on_turn_end, conn);
}

static void on_events(void *arg, int events) {
    struct http_conn *conn = arg;
    if (conn->state == HTTP_LINGERING) {
        uint8_t *scratch = loop_scratch(conn->server->loop);
        ssize_t got = stream_read(conn->stream, scratch, LOOP_SCRATCH_BYTES);
        if (got <= 0 && got != -EAGAIN)
            http_conn_kill(conn);
        return;
    }
    /* TLS may want to read in order to write, and the reverse: try both. */
    if (!conn->is_half_closed && conn->state != HTTP_LAST)
        on_readable(conn);
    if (conn->state != HTTP_DEAD)
        http_conn_schedule(conn);
}

/* ---- the server ---- */

static const char FULL[] =
    "HTTP/1.1 503 Service Unavailable\r\n"
    "Content-Type: application/json; charset=utf-8\r\n"
    "Content-Length: 81\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
    "{\"message\":\"too many connections\",\"error\":\"Service Unavailable\","
    "\"statusCode\":503}";

static bool is_full(const struct http_server *server) {
    const struct http_settings *settings = &server->settings;
    size_t others = settings->count_others ? settings->count_others(settings->count_arg) : 0;
    return server->stats.connections + others >= settings->max_connections;
}

static void on_accept(void *arg, int fd) {
    struct http_server *server = arg;
    if (is_full(server)) {
        server->stats.refused_full++;
        if (!server->settings.tls && send(fd, FULL, sizeof FULL - 1, MSG_NOSIGNAL) < 0)
            server->stats.aborted++;
        close(fd);
        return;
    }
    struct http_conn *conn = mem_alloc(sizeof *conn);
    conn->server = server;
    conn->stream = stream_new(fd);
    if (watch_open(&conn->watch, server->loop, fd, on_events, conn) != 0) {
        stream_close(conn->stream);
        mem_free(conn);
        return;
    }
    if (server->settings.tls)
        stream_start_tls_server(conn->stream, server->settings.tls);
    list_add(&server->conns, &conn->node);
    server->stats.connections++;
    set_wait(conn, WAIT_HEAD);
    update(conn);
}

static void set_defaults(struct http_settings *s) {
    s->max_connections = s->max_connections ? s->max_connections : 10000;
    s->body_limit_bytes = s->body_limit_bytes ? s->body_limit_bytes : 100 * 1024;
    s->head_timeout_ms = s->head_timeout_ms ? s->head_timeout_ms : 20 * 1000;
    s->body_timeout_ms = s->body_timeout_ms ? s->body_timeout_ms : 60 * 1000;
    s->idle_timeout_ms = s->idle_timeout_ms ? s->idle_timeout_ms : 5 * 1000;
    s->write_timeout_ms = s->write_timeout_ms ? s->write_timeout_ms : 30 * 1000;
}

int http_server_open(struct http_server **out, struct loop *loop,
                     const struct http_settings *settings, const struct http_handlers *handlers) {
    struct http_server *server = mem_alloc(sizeof *server);
    server->loop = loop;
    server->settings = *settings;
    server->handlers = *handlers;
    set_defaults(&server->settings);
    list_init(&server->conns);
    int err =
        listener_open(&server->listener, loop, settings->host, settings->port, on_accept, server);
    if (err) {
        mem_free(server);
        return err;
    }
    *out = server;
    return 0;
}

uint16_t http_server_port(const struct http_server *server) {
    return server->listener ? listener_port(server->listener) : 0;
}

const struct http_stats *http_server_stats(struct http_server *server) {
    if (server->listener) {
        server->stats.accepted = listener_stats(server->listener)->accepted;
        server->stats.accept_errors = listener_stats(server->listener)->errors;
    }
    return &server->stats;
}

void http_server_drain(struct http_server *server, void (*on_drained)(void *arg), void *arg) {
    http_server_stats(server);
    listener_close(server->listener);
    server->listener = NULL;
    server->is_draining = true;
    server->on_drained = on_drained;
    server->drained_arg = arg;
    LIST_EACH(&server->conns, node) {
        struct http_conn *conn = CONTAINER_OF(node, struct http_conn, node);
        if (conn->state == HTTP_IN_HEAD && conn->in.len == 0 && conn->out.count == 0)
            http_conn_kill(conn);
    }
    if (list_is_empty(&server->conns) && on_drained)
        timer_start(server->loop, &server->drained, 0, 0, on_drained, arg);
}

void http_server_close(struct http_server *server) {
    if (!server)
        return;
    listener_close(server->listener);
    server->listener = NULL;
    server->on_drained = NULL;
    LIST_EACH(&server->conns, node) {
        struct http_conn *conn = CONTAINER_OF(node, struct http_conn, node);
        abort_conn(conn);
        loop_undefer(server->loop, &conn->work);
        free_conn(conn);
    }
    timer_stop(&server->drained);
    buf_free(&server->scratch);
    mem_free(server);
}
