#include "app/server/access_log.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/trace.h"
#include "net/http/http_server.h"
#include "wire/web/json_write.h"
#include "wire/web/url.h"

#include <inttypes.h>
#include <time.h>

enum { TARGET_MAX = 2048, TEXT_MAX = 512 };

/* Parameters that give rights to whoever has them. */
static bool is_secret(struct slice name) {
    static const char *const names[] = {"ticket", "sig", "nonce", "token", "access_token", "sid"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (query_name_is(name, names[i]))
            return true;
    return false;
}

/* The target as it was sent, but for the values of secrets. */
static void write_target(struct buf *out, struct slice target) {
    struct slice path, query, part, name, value;
    if (!slice_split(slice_take(target, TARGET_MAX), '?', &path, &query)) {
        buf_add_slice(out, slice_take(target, TARGET_MAX));
        return;
    }
    buf_add_slice(out, path);
    char mark = '?';
    while (slice_cut(&query, '&', &part)) {
        buf_add_byte(out, mark);
        mark = '&';
        if (slice_split(part, '=', &name, &value) && is_secret(name))
            buf_printf(out, "%.*s=-", SLICE_ARG(name));
        else
            buf_add_slice(out, part);
    }
}

/* ---- The combined log format ---- */

/* As Apache escapes: what could end the field or forge a line becomes \xHH. */
static void add_quoted(struct buf *out, struct slice text) {
    buf_add_byte(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", c);
        else if (c < ' ' || c >= 0x7f)
            buf_printf(out, "\\x%02x", c);
        else
            buf_add_byte(out, c);
    }
    buf_add_byte(out, '"');
}

static struct slice or_dash(struct slice text) {
    return text.len > 0 ? slice_take(text, TEXT_MAX) : SLICE("-");
}

void access_write_clf(struct buf *line, const struct http_access *access, int64_t now_ms) {
    char when[40];
    struct tm utc;
    struct buf request = {0};
    time_t now_s = (time_t)(now_ms / 1000);
    gmtime_r(&now_s, &utc);
    strftime(when, sizeof when, "%d/%b/%Y:%H:%M:%S +0000", &utc);
    if (access->method.len > 0) {
        buf_printf(&request, "%.*s ", SLICE_ARG(slice_take(access->method, TEXT_MAX)));
        write_target(&request, access->target);
        buf_printf(&request, " HTTP/1.%d", access->minor);
    }
    buf_printf(line, "%s - - [%s] ", access->peer, when);
    add_quoted(line, request.len > 0 ? buf_slice(&request) : SLICE("-"));
    buf_printf(line, " %d %" PRIu64 " ", access->status, access->bytes);
    add_quoted(line, or_dash(access->referer));
    buf_add_byte(line, ' ');
    add_quoted(line, or_dash(access->agent));
    buf_add_byte(line, '\n');
    buf_free(&request);
}

/* ---- JSON ---- */

void access_write_json(struct buf *line, const struct http_access *access, int64_t now_ms) {
    struct buf target = {0};
    write_target(&target, access->target);
    json_open(line, NULL);
    json_add_time(line, "time", now_ms);
    json_add_text(line, "level", SLICE("info"));
    json_add_text(line, "area", SLICE("access"));
    json_add_text(line, "message", SLICE("request"));
    json_add_text(line, "peer", slice_from(access->peer));
    json_add_text_or_null(line, "method", slice_take(access->method, TEXT_MAX));
    json_add_text_or_null(line, "target", buf_slice(&target));
    json_add_int(line, "status", access->status);
    json_add_uint(line, "bytes", access->bytes);
    json_add_int(line, "tookMs", access->took_ms);
    json_add_text_or_null(line, "referer", slice_take(access->referer, TEXT_MAX));
    json_add_text_or_null(line, "agent", slice_take(access->agent, TEXT_MAX));
    if (access->trace) {
        json_add_text(line, "traceId", slice_from(access->trace->id));
        json_add_text(line, "parentId", slice_from(access->trace->span));
    }
    json_close(line);
    buf_add_byte(line, '\n');
    buf_free(&target);
}

/* ---- Into the log ---- */

static void access_log_clf(const struct http_access *access, void *arg) {
    struct buf line = {0};
    access_write_clf(&line, access, clock_wall_ms());
    log_raw(buf_slice(&line));
    buf_free(&line);
}

static void access_log_json(const struct http_access *access, void *arg) {
    struct buf line = {0};
    access_write_json(&line, access, clock_wall_ms());
    log_raw(buf_slice(&line));
    buf_free(&line);
}

http_access_fn *access_log_of(enum access_log log) {
    return log == ACCESS_LOG_CLF ? access_log_clf : log == ACCESS_LOG_JSON ? access_log_json : NULL;
}
