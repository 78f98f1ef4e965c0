/* How connections end. Bytes that were sent and not read when a socket is closed make the kernel
 * reset it, and a reset discards answers that the client has not read. So whoever was answered has
 * until they have heard it: our side is closed for writing, and what they still send is read and
 * dropped, with bounds of time and bytes. */
#include "base/mem.h"
#include "net/http/http_private.h"

#include <errno.h>

enum {
    LINGER_MOST_MS = 5000,
    LINGER_BYTES = 16 * 1024 * 1024, /* more than is on the way when somebody stops at an answer */
};

static const char FULL[] =
    "HTTP/1.1 503 Service Unavailable\r\n"
    "Content-Type: application/json; charset=utf-8\r\n"
    "Content-Length: 81\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
    "{\"message\":\"too many connections\",\"error\":\"Service Unavailable\","
    "\"statusCode\":503}";

void http_conn_free(struct http_conn *conn) {
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
    claim_close(&conn->place);
    claim_close(&conn->memory);
    timer_stop(&conn->timer);
    share_leave(&conn->turn);
    watch_close(conn->watch);
    conn->watch = NULL;
    stream_close(conn->stream);
    conn->stream = NULL;
    http_conn_schedule(conn);
}

void http_conn_abort(struct http_conn *conn) {
    struct http_call *call = conn->call;
    if (call) {
        conn->server->stats.aborted++;
        conn->call = NULL;
        if (call->request.on_abort)
            call->request.on_abort(&call->request);
        http_call_free(call);
    }
    http_conn_kill(conn);
}

/* ---- with an answer ---- */

void http_conn_linger(struct http_conn *conn) {
    if (conn->is_half_closed || stream_shutdown(conn->stream) != 0) {
        http_conn_kill(conn);
        return;
    }
    conn->state = HTTP_LINGERING;
    conn->lingers_until_ms = loop_now_ms(conn->server->loop) + LINGER_MOST_MS;
    buf_free(&conn->in);
}

/* Each read begins the wait anew, but not while the server leaves. */
void http_conn_discard(struct http_conn *conn) {
    struct http_server *server = conn->server;
    ssize_t got = stream_read(conn->stream, loop_scratch(server->loop), LOOP_SCRATCH_BYTES);
    if (got == -EAGAIN)
        return;
    conn->discarded_bytes += got > 0 ? (size_t)got : 0;
    if (got <= 0 || conn->discarded_bytes > LINGER_BYTES ||
        loop_now_ms(server->loop) >= conn->lingers_until_ms) {
        http_conn_kill(conn);
        return;
    }
    server->stats.received_bytes += (size_t)got;
    if (!server->is_draining) {
        http_conn_wait(conn, WAIT_NOTHING);
        http_conn_wait(conn, WAIT_LINGER);
    }
}

/* It has no place to linger in, so what has come is read, and no more. */
void http_conn_tell_full(struct http_conn *conn) {
    struct http_server *server = conn->server;
    server->stats.refused_full++;
    if (server->settings.tls)
        return;
    if (stream_write(conn->stream, FULL, sizeof FULL - 1) < 0)
        server->stats.aborted++;
    stream_shutdown(conn->stream);
    stream_read(conn->stream, loop_scratch(server->loop), LOOP_SCRATCH_BYTES);
}
