#include "base/blob.h"
#include "base/clock.h"
#include "base/macros.h"
#include "net/http/http_private.h"
#include "wire/web/json_write.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

static const char JSON_TYPE[] = "application/json; charset=utf-8";

static struct http_call *call_of(struct http_request *request) {
    return CONTAINER_OF(request, struct http_call, request);
}

/* ---- heads ---- */

static const char *date_of(struct http_server *server) {
    time_t now = (time_t)(clock_wall_ms() / 1000);
    if (now != server->date_s) {
        struct tm utc;
        gmtime_r(&now, &utc);
        strftime(server->date, sizeof server->date, "%a, %d %b %Y %H:%M:%S GMT", &utc);
        server->date_s = now;
    }
    return server->date;
}

static void add_status(struct buf *out, int status) {
    buf_printf(out, "HTTP/1.1 %d %s\r\n", status, http_status_text(status));
}

static bool is_allowed_origin(const struct http_settings *settings, struct slice origin) {
    if (!settings->cors_origins)
        return true;
    struct slice list = slice_from(settings->cors_origins), entry;
    while (slice_cut(&list, ',', &entry))
        if (slice_is_equal(slice_trim(entry), origin))
            return true;
    return false;
}

/* A browser asks no preflight before a WebSocket, so the handshake is the place to refuse. A page of
 * this very server may open one, as it may send any other request; so may clients that are no
 * browsers and name the server itself as their origin. */
bool http_may_upgrade(const struct http_server *server, const struct http_call *call) {
    struct slice origin = slice_from(call->origin), scheme;
    if (is_allowed_origin(&server->settings, origin))
        return true;
    const struct slice *host = http_find_header(call->request.head, "host");
    return slice_cut(&origin, ':', &scheme) && slice_has_prefix(origin, SLICE("//")) && host &&
           slice_is_equal_nocase(slice_skip(origin, 2), *host);
}

static void add_cors(struct buf *out, const struct http_server *server,
                     const struct http_call *call) {
    if (call && call->origin && is_allowed_origin(&server->settings, slice_from(call->origin)))
        buf_printf(out, "Access-Control-Allow-Origin: %s\r\n", call->origin);
    buf_add_text(out, "Vary: Origin\r\nAccess-Control-Allow-Credentials: true\r\n");
}

/* length -1: no Content-Length. */
static void write_head(struct buf *out, struct http_conn *conn, const struct http_call *call,
                       int status, const char *type, int64_t length, bool is_keep_alive) {
    struct http_server *server = conn->server;
    buf_clear(out);
    add_status(out, status);
    add_cors(out, server, call);
    buf_add_text(out, "X-Content-Type-Options: nosniff\r\n");
    if (call)
        buf_add(out, call->headers.data, call->headers.len);
    if (type)
        buf_printf(out, "Content-Type: %s\r\n", type);
    if (length >= 0)
        buf_printf(out, "Content-Length: %lld\r\n", (long long)length);
    if (call && call->is_chunked_reply)
        buf_add_text(out, "Transfer-Encoding: chunked\r\n");
    buf_printf(out, "Date: %s\r\n", date_of(server));
    if (is_keep_alive)
        /* Less than the real timeout, so that a client that reuses the connection at the last
         * moment still finds it open. */
        buf_printf(out, "Connection: keep-alive\r\nKeep-Alive: timeout=%lld\r\n\r\n",
                   (long long)(server->settings.idle_timeout_ms / 1000 * 5 / 7));
    else
        buf_add_text(out, "Connection: close\r\n\r\n");
    server->stats.responses[status / 100]++;
    if (call)
        http_trail_begin(call->trail, status, length);
}

/* Whether another request may follow this answer on the connection. */
static bool may_keep_alive(const struct http_call *call) {
    struct http_conn *conn = call->conn;
    int64_t now_ms = loop_now_ms(conn->server->loop);
    claim_got_on(&conn->place, now_ms);
    /* With its first answer a connection is no newcomer any more. It ends where the known ones
     * leave it no place. */
    return call->is_keep_alive && !conn->server->is_draining && !conn->is_half_closed &&
           conn->state != HTTP_IN_BODY && claim_raise(&conn->place, BUDGET_STRANGER, now_ms);
}

static void finish(struct http_call *call, bool is_keep_alive) {
    struct http_conn *conn = call->conn;
    conn->state = is_keep_alive ? HTTP_IN_HEAD : HTTP_LAST;
    http_conn_end_call(conn);
    http_conn_schedule(conn);
}

/* ---- whole answers ---- */

void http_respond(struct http_request *request, int status, const char *content_type,
                  struct slice body) {
    struct http_call *call = call_of(request);
    struct http_conn *conn = call->conn;
    assert(conn->call == call && conn->state != HTTP_REPLYING);
    struct buf *out = &conn->server->scratch;
    bool is_keep_alive = may_keep_alive(call);
    bool has_body = status != 204 && status != 304;
    write_head(out, conn, call, status, content_type, has_body ? (int64_t)body.len : -1,
               is_keep_alive);
    if (has_body && !call->is_head)
        buf_add_slice(out, body);
    outbox_add_copy(&conn->out, buf_slice(out));
    finish(call, is_keep_alive);
}

void http_respond_json(struct http_request *request, int status, struct slice json) {
    http_respond(request, status, JSON_TYPE, json);
}

void http_add_header(struct http_request *request, const char *name, struct slice value) {
    struct buf *headers = &call_of(request)->headers;
    buf_printf(headers, "%s: ", name);
    /* A value from outside must not begin a header of its own. */
    for (size_t i = 0; i < value.len; i++)
        buf_add_byte(headers, (uint8_t)value.ptr[i] < ' ' ? ' ' : value.ptr[i]);
    buf_add_text(headers, "\r\n");
}

/* ---- errors ---- */

/* Without a message, that is the status text, and there is no "error". */
static void write_error(struct buf *json, int status, struct slice message) {
    struct slice text = slice_from(http_status_text(status));
    json_open(json, NULL);
    json_add_text(json, "message", message.ptr ? message : text);
    if (message.ptr)
        json_add_text(json, "error", text);
    json_add_int(json, "statusCode", status);
    json_close(json);
}

void http_respond_error(struct http_request *request, int status, const char *message) {
    struct buf json = {0};
    write_error(&json, status, slice_from(message));
    http_respond_json(request, status, buf_slice(&json));
    buf_free(&json);
}

void http_respond_unsupported(struct http_request *request, const char *what, struct slice value) {
    struct buf message = {0}, json = {0};
    buf_printf(&message, "unsupported %s \"%.*s\"", what, SLICE_ARG(value));
    json_open(&json, NULL);
    json_add_int(&json, "statusCode", 415);
    json_add_text(&json, "message", buf_slice(&message));
    json_close(&json);
    http_respond_json(request, 415, buf_slice(&json));
    buf_free(&message);
    buf_free(&json);
}

void http_respond_not_found(struct http_request *request) {
    struct buf message = {0}, json = {0};
    buf_printf(&message, "Cannot %.*s ", SLICE_ARG(request->method));
    buf_add_slice(&message, request->target);
    write_error(&json, 404, buf_slice(&message));
    http_respond_json(request, 404, buf_slice(&json));
    buf_free(&message);
    buf_free(&json);
}

void http_respond_internal_error(struct http_request *request) {
    http_respond_json(request, 500,
                      SLICE("{\"statusCode\":500,\"message\":\"Internal server error\"}"));
}

void http_conn_refuse(struct http_conn *conn, int status, const char *message) {
    struct buf json = {0};
    write_error(&json, status, slice_from(message));
    write_head(&conn->server->scratch, conn, NULL, status, JSON_TYPE, (int64_t)json.len, false);
    buf_add_slice(&conn->server->scratch, buf_slice(&json));
    outbox_add_copy(&conn->out, buf_slice(&conn->server->scratch));
    http_access_refused(conn, status, json.len);
    buf_free(&json);
    conn->state = HTTP_LAST;
    http_conn_schedule(conn);
}

/* ---- answers in pieces ---- */

void http_respond_start(struct http_request *request, int status, const char *content_type,
                        int64_t length) {
    struct http_call *call = call_of(request);
    struct http_conn *conn = call->conn;
    assert(conn->call == call && conn->state != HTTP_REPLYING);
    call->is_keep_alive = may_keep_alive(call) && (length >= 0 || call->minor == 1);
    call->is_chunked_reply = length < 0 && call->minor == 1;
    write_head(&conn->server->scratch, conn, call, status, content_type, length,
               call->is_keep_alive);
    outbox_add_copy(&conn->out, buf_slice(&conn->server->scratch));
    conn->state = HTTP_REPLYING;
    http_conn_schedule(conn);
}

bool http_body_write(struct http_request *request, struct slice piece) {
    struct http_call *call = call_of(request);
    struct http_conn *conn = call->conn;
    assert(conn->state == HTTP_REPLYING);
    if (call->is_head || piece.len == 0)
        return true;
    struct buf *out = &conn->server->scratch;
    http_trail_add(call->trail, piece.len);
    buf_clear(out);
    if (call->is_chunked_reply)
        buf_printf(out, "%zx\r\n", piece.len);
    buf_add_slice(out, piece);
    if (call->is_chunked_reply)
        buf_add_text(out, "\r\n");
    outbox_add_copy(&conn->out, buf_slice(out));
    http_conn_schedule(conn);
    call->wants_drain = conn->out.queued_bytes > HTTP_QUEUE_HIGH;
    return !call->wants_drain;
}

/* As a chunk, which is what nearly all clients can read. */
struct blob *http_piece_new(struct slice piece) {
    char size[20];
    int len = snprintf(size, sizeof size, "%zx\r\n", piece.len);
    struct blob *blob = blob_new((size_t)len + piece.len + 2);
    blob_append(blob, size, (size_t)len);
    blob_append(blob, piece.ptr, piece.len);
    blob_append(blob, "\r\n", 2);
    return blob;
}

static struct slice inside_piece(const struct blob *piece) {
    struct slice all = slice_of(piece->data, piece->len), size, rest;
    slice_split(all, '\n', &size, &rest);
    return slice_take(rest, rest.len - 2);
}

void http_body_write_piece(struct http_request *request, struct blob *piece) {
    struct http_call *call = call_of(request);
    struct http_conn *conn = call->conn;
    assert(conn->state == HTTP_REPLYING);
    if (call->is_head)
        return;
    http_trail_add(call->trail, inside_piece(piece).len);
    if (call->is_chunked_reply)
        outbox_add(&conn->out, piece);
    else
        outbox_add_copy(&conn->out, inside_piece(piece));
    http_conn_schedule(conn);
}

size_t http_body_waiting(const struct http_request *request) {
    const struct http_call *call = (const struct http_call *)request;
    return call->conn->out.queued_bytes;
}

void http_body_end(struct http_request *request) {
    struct http_call *call = call_of(request);
    assert(call->conn->state == HTTP_REPLYING);
    if (call->is_chunked_reply && !call->is_head)
        outbox_add_copy(&call->conn->out, SLICE("0\r\n\r\n"));
    finish(call, call->is_keep_alive);
}

/* ---- dropping and upgrading ---- */

void http_drop(struct http_request *request) {
    struct http_conn *conn = call_of(request)->conn;
    http_conn_end_call(conn);
    http_conn_kill(conn);
}

const char *http_websocket_accept(const struct http_request *request) {
    return ((const struct http_call *)request)->accept;
}

struct stream *http_take_stream(struct http_request *request) {
    struct http_conn *conn = call_of(request)->conn;
    struct stream *stream = conn->stream;
    bool is_sent = outbox_flush(&conn->out, stream) == 0;
    http_conn_end_call(conn);
    if (is_sent) {
        stream_unread(stream, conn->in_callback ? conn->lookahead : buf_slice(&conn->in));
        watch_close(conn->watch);
        conn->watch = NULL;
        conn->stream = NULL;
    }
    http_conn_kill(conn);
    return is_sent ? stream : NULL;
}

struct stream *http_accept_websocket(struct http_request *request) {
    struct http_call *call = call_of(request);
    struct http_server *server = call->conn->server;
    struct buf *out = &server->scratch;
    buf_clear(out);
    add_status(out, 101);
    buf_printf(out, "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n",
               call->accept);
    add_cors(out, server, call);
    buf_add(out, call->headers.data, call->headers.len);
    buf_add_text(out, "\r\n");
    outbox_add_copy(&call->conn->out, buf_slice(out));
    server->stats.responses[1]++;
    http_trail_begin(call->trail, 101, 0);
    return http_take_stream(request);
}
