#include "base/mem.h"
#include "net/client_address.h"
#include "net/http/http_private.h"

#include <assert.h>
#include <string.h>

void http_call_free(struct http_call *call) {
    http_trail_end(call);
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
        http_call_free(call);
}

/* Sets the client's address: the connection's peer, or the client that a trusted proxy names. */
static void find_peer(struct http_conn *conn, struct http_call *call) {
    const struct networks *proxies = conn->server->settings.proxies;
    const struct http_head *head = &conn->server->head;
    struct slice forwarded[HTTP_HEADERS_MAX];
    size_t count = 0;
    call->request.peer = call->peer;
    memcpy(call->peer, conn->peer, sizeof call->peer);
    if (!proxies)
        return;
    for (size_t i = 0; i < head->header_count; i++)
        if (slice_is_equal_nocase(head->headers[i].name, SLICE("x-forwarded-for")))
            forwarded[count++] = head->headers[i].value;
    struct slice client = client_address(proxies, call->peer, forwarded, count);
    if (client.len < sizeof call->peer && client.ptr != call->peer) {
        memcpy(call->peer, client.ptr, client.len);
        call->peer[client.len] = 0;
    }
    int64_t now_ms = loop_now_ms(conn->server->loop);
    claim_move(&conn->place, client, now_ms);
    claim_move(&conn->memory, client, now_ms);
}

static void show_head(struct http_call *call) {
    const struct http_head *head = &call->conn->server->head;
    call->request.head = head;
    call->request.method = head->method;
    call->request.target = head->target;
    call->request.path = head->path;
    call->request.query = head->query;
}

void http_call_forget_head(struct http_call *call) {
    struct http_request *request = &call->request;
    request->head = NULL;
    request->method = request->target = request->path = request->query = SLICE_NONE;
}

/* For a body that came later than its head: parses the head again, from the bytes kept. */
static void recall_head(struct http_call *call) {
    struct http_server *server = call->conn->server;
    size_t scanned = 0, used;
    enum http_result result = http_parse_request(&server->head, buf_slice(&call->raw_head),
                                                 call->raw_head.len, &scanned, &used);
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
    call->trail = http_trail_new(server);
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
    if (call->trail && call->trail->trace.id[0])
        trace_enter(&call->trail->trace);
    handler(&call->request, conn->server->handlers.arg);
    trace_enter(NULL);
    conn->in_callback = false;
    conn->lookahead = SLICE_NONE;
    if (conn->spent) {
        http_call_free(conn->spent);
        conn->spent = NULL;
    }
    return conn->call == call;
}

/* The handler keeps the request: frees what only the parser needs. */
static void leave_to_handler(struct http_call *call) {
    http_call_forget_head(call);
    call->request.body = SLICE_NONE;
    buf_free(&call->raw_head);
    buf_free(&call->body);
}

static void http_on_not_found(struct http_request *request, void *arg) {
    http_respond_not_found(request);
}

static void show_upgrade(struct http_conn *conn, struct slice lookahead) {
    struct http_server *server = conn->server;
    struct http_call *call = conn->call;
    struct slice key;
    const char *why;
    int status = ws_check_request(&server->head, &key, &why);
    conn->state = HTTP_WAITING;
    call->is_keep_alive = false; /* what a client sends behind a handshake need not be HTTP */
    if (status != 0) {
        server->stats.bad_requests++;
        if (status == 426) {
            http_add_header(&call->request, "Sec-WebSocket-Version", SLICE("13"));
            http_add_header(&call->request, "Upgrade", SLICE("websocket"));
        }
        http_respond_error(&call->request, status, why);
        return;
    }
    if (call->origin && !http_may_upgrade(server, call)) {
        server->stats.bad_requests++;
        http_respond_error(&call->request, 403,
                           "Forbidden: CORS_ORIGINS does not list this origin");
        return;
    }
    ws_accept(call->accept, key);
    server->stats.upgrades++;
    if (show(conn, server->handlers.on_upgrade ? server->handlers.on_upgrade : http_on_not_found,
             lookahead))
        leave_to_handler(call);
}

/* Every OPTIONS is answered as a CORS preflight. */
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

/* Bodies are taken as they are: a compressed one can become a thousand times as long. */
static bool refuse_encoded(struct http_call *call) {
    const struct slice *coding = http_find_header(call->request.head, "content-encoding");
    if (!coding || coding->len == 0 || slice_is_equal_nocase(*coding, SLICE("identity")))
        return false;
    http_respond_unsupported(&call->request, "content encoding", *coding);
    return true;
}

void http_call_overflow(struct http_conn *conn) {
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

void http_call_begin(struct http_conn *conn, struct slice lookahead) {
    struct http_server *server = conn->server;
    struct http_call *call = new_call(conn);
    const struct http_head *head = &server->head;
    http_conn_wait(conn, WAIT_NOTHING);
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
    if (conn->state == HTTP_IN_BODY && refuse_encoded(call))
        return;
    if (server->handlers.on_head && !show(conn, server->handlers.on_head, lookahead))
        return;
    if (head->content_length > 0 &&
        (uint64_t)head->content_length > call->request.body_limit_bytes) {
        http_call_overflow(conn);
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

void http_call_end_body(struct http_conn *conn, struct slice body, struct slice lookahead) {
    struct http_call *call = conn->call;
    conn->state = HTTP_WAITING;
    recall_head(call);
    call->request.body = body;
    if (show(conn, conn->server->handlers.on_request, lookahead)) {
        call->kept_bytes = body.len;
        leave_to_handler(call);
    }
}
