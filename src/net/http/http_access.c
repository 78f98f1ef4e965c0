/* What is told of a request when it has ended, for the access log, and the trace that it belongs to.
 * Without an access log and a trace nothing is kept. */
#include "base/clock.h"
#include "base/mem.h"
#include "net/http/http_private.h"

static char *copy_header(const struct http_head *head, const char *name) {
    const struct slice *value = http_find_header(head, name);
    return slice_copy_text(value ? *value : SLICE_NONE);
}

struct http_trail *http_trail_new(const struct http_server *server) {
    const struct http_head *head = &server->head;
    const struct slice *header = http_find_header(head, "traceparent");
    struct trace trace = {0};
    bool has_trace = header && trace_parse(&trace, *header);
    if (!has_trace && !server->settings.on_access)
        return NULL;
    struct http_trail *trail = mem_alloc(sizeof *trail);
    trail->trace = trace;
    trail->began_ms = clock_mono_ms();
    if (server->settings.on_access) {
        trail->method = slice_copy_text(head->method);
        trail->target = slice_copy_text(head->target);
        trail->referer = copy_header(head, "referer");
        trail->agent = copy_header(head, "user-agent");
    }
    return trail;
}

void http_trail_begin(struct http_trail *trail, int status, int64_t length) {
    if (!trail)
        return;
    trail->status = status;
    trail->bytes = length > 0 ? (uint64_t)length : 0;
    trail->is_counted = length < 0;
}

void http_trail_add(struct http_trail *trail, size_t bytes) {
    if (trail && trail->is_counted)
        trail->bytes += bytes;
}

void http_trail_end(struct http_call *call) {
    struct http_trail *trail = call->trail;
    if (!trail)
        return;
    const struct http_settings *set = &call->conn->server->settings;
    if (set->on_access) {
        const struct http_access access = {
            .peer = call->request.peer,
            .method = slice_from(trail->method),
            .target = slice_from(trail->target),
            .referer = slice_from(trail->referer),
            .agent = slice_from(trail->agent),
            .minor = call->minor,
            .status = trail->status,
            .bytes = call->is_head ? 0 : trail->bytes,
            .took_ms = clock_mono_ms() - trail->began_ms,
            .trace = trail->trace.id[0] ? &trail->trace : NULL,
        };
        set->on_access(&access, set->access_arg);
    }
    mem_free(trail->method);
    mem_free(trail->target);
    mem_free(trail->referer);
    mem_free(trail->agent);
    mem_free(trail);
    call->trail = NULL;
}

void http_access_refused(const struct http_conn *conn, int status, size_t bytes) {
    const struct http_settings *set = &conn->server->settings;
    const struct http_access access = {
        .peer = conn->peer, .minor = 1, .status = status, .bytes = bytes};
    if (set->on_access)
        set->on_access(&access, set->access_arg);
}
