#include "net/http/http_server.h"

#include "base/counter.h"
#include "base/mem.h"
#include "net/http/http_private.h"

static void http_on_accept(int fd, void *arg) {
    http_conn_open(arg, fd);
}

static void set_defaults(struct http_settings *s) {
    s->head_limit_bytes = s->head_limit_bytes ? s->head_limit_bytes : HTTP_HEAD_MAX;
    s->body_limit_bytes = s->body_limit_bytes ? s->body_limit_bytes : 100 * 1024;
    s->head_timeout_ms = s->head_timeout_ms ? s->head_timeout_ms : 20 * 1000;
    s->body_timeout_ms = s->body_timeout_ms ? s->body_timeout_ms : 60 * 1000;
    s->idle_timeout_ms = s->idle_timeout_ms ? s->idle_timeout_ms : 7 * 1000;
    s->write_timeout_ms = s->write_timeout_ms ? s->write_timeout_ms : 30 * 1000;
    s->least_bytes_a_s = s->least_bytes_a_s ? s->least_bytes_a_s : 1024;
}

int http_server_open(struct http_server **out, struct loop *loop,
                     const struct http_settings *settings, const struct http_handlers *handlers) {
    struct http_server *server = mem_alloc(sizeof *server);
    server->loop = loop;
    server->settings = *settings;
    server->handlers = *handlers;
    set_defaults(&server->settings);
    list_init(&server->conns);
    int err = settings->socket_count > 0
                  ? listener_adopt(&server->listener, loop, settings->sockets,
                                   settings->socket_count, http_on_accept, server)
                  : listener_open(&server->listener, loop, settings->host, settings->port,
                                  http_on_accept, server);
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
        http_conn_abort(conn);
        loop_undefer(server->loop, &conn->work);
        http_conn_free(conn);
    }
    timer_stop(&server->drained);
    buf_free(&server->scratch);
    mem_free(server);
}

static const char *class_name(unsigned index) {
    static const char *const names[] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
    return names[index];
}

#define AT(member) offsetof(struct http_stats, member)

static const struct counter counters[] = {
    {"prosa_connections", "HTTP connections open now.", COUNTER_GAUGE, AT(connections)},
    {"prosa_connections_accepted_total", "TCP connections taken.", COUNTER_SUM, AT(accepted)},
    {"prosa_http_requests_total", "Requests.", COUNTER_SUM, AT(requests)},
    {"prosa_http_upgrades_total", "WebSocket handshakes.", COUNTER_SUM, AT(upgrades)},
    {"prosa_http_responses_total", "Answers by class.", COUNTER_SUM, AT(responses[1]),
     .label = "class", .count = 5, .value_of = class_name},
    {"prosa_http_refused_total", "Connections and requests turned away, by cause.", COUNTER_SUM,
     AT(refused_full), .label = "cause", .value = "full"},
    {"prosa_http_refused_total", NULL, COUNTER_SUM, AT(bad_requests), .label = "cause",
     .value = "bad_request"},
    {"prosa_http_refused_total", NULL, COUNTER_SUM, AT(too_large), .label = "cause",
     .value = "too_large"},
    {"prosa_http_refused_total", NULL, COUNTER_SUM, AT(timeouts), .label = "cause",
     .value = "timeout"},
    {"prosa_http_refused_total", NULL, COUNTER_SUM, AT(slow_readers), .label = "cause",
     .value = "slow_reader"},
    {"prosa_http_refused_total", NULL, COUNTER_SUM, AT(gave_way), .label = "cause",
     .value = "gave_way"},
    {"prosa_http_refused_total", NULL, COUNTER_SUM, AT(tls_errors), .label = "cause",
     .value = "tls"},
    {"prosa_http_refused_total", NULL, COUNTER_SUM, AT(accept_errors), .label = "cause",
     .value = "accept_error"},
    {"prosa_http_aborted_total", "Requests whose client went first.", COUNTER_SUM, AT(aborted)},
    {"prosa_http_received_bytes_total", "Bytes read from HTTP clients.", COUNTER_SUM,
     AT(received_bytes)},
    {"prosa_http_sent_bytes_total", "Bytes written to HTTP clients.", COUNTER_SUM, AT(sent_bytes)},
};

const struct counter_table http_counters = {counters, ARRAY_LEN(counters)};
