#include "app/rest/routes.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "wire/web/url.h"

#include <string.h>

struct route_row {
    struct route route;
    void *user;
};

struct routes {
    struct route_row *rows;
    size_t count;
};

/* The parameters of a path that fits a pattern, still percent-encoded. */
struct route_fit {
    struct slice raw[ROUTE_PARAMS_MAX];
    size_t count;
};

struct routes *routes_new(void) {
    return mem_alloc(sizeof(struct routes));
}

void routes_free(struct routes *routes) {
    if (!routes)
        return;
    mem_free(routes->rows);
    mem_free(routes);
}

void routes_add(struct routes *routes, const struct route *rows, size_t count, void *user) {
    routes->rows = mem_resize(routes->rows, (routes->count + count) * sizeof *routes->rows);
    for (size_t i = 0; i < count; i++)
        routes->rows[routes->count++] = (struct route_row){rows[i], user};
}

void routes_log(const struct routes *routes) {
    for (size_t i = 0; i < routes->count; i++)
        log_debug("server", "route", log_text("method", routes->rows[i].route.method),
                  log_text("path", routes->rows[i].route.path));
}

static struct slice without_last_slash(struct slice path) {
    if (path.len > 1 && path.ptr[path.len - 1] == '/')
        path.len--;
    return path;
}

/* Segment by segment; an empty segment is no parameter. */
static bool path_fits(const struct route *route, struct slice path, struct route_fit *fit) {
    struct slice pattern = slice_from(route->path);
    fit->count = 0;
    if (slice_has_suffix(pattern, SLICE("...")))
        return slice_has_prefix(path, slice_take(pattern, pattern.len - 3));

    pattern = without_last_slash(pattern);
    if (!route->is_exact)
        path = without_last_slash(path);
    for (;;) {
        size_t p = slice_find_byte(pattern, '/'), s = slice_find_byte(path, '/');
        struct slice want = slice_take(pattern, p), have = slice_take(path, s);
        if (want.len && want.ptr[0] == ':') {
            if (!have.len || fit->count == ROUTE_PARAMS_MAX)
                return false;
            fit->raw[fit->count++] = have;
        } else if (!slice_is_equal_nocase(want, have)) {
            return false;
        }
        if (p == pattern.len || s == path.len)
            return p == pattern.len && s == path.len;
        pattern = slice_skip(pattern, p + 1);
        path = slice_skip(path, s + 1);
    }
}

static bool method_fits(const char *want, struct slice method) {
    struct slice name = slice_from(want);
    if (slice_is_equal(name, SLICE("*")))
        return true;
    return slice_is_equal(name, method) ||
           (slice_is_equal(name, SLICE("GET")) && slice_is_equal(method, SLICE("HEAD")));
}

static const struct route_row *find_row(const struct routes *routes, struct slice method,
                                        struct slice path, bool is_upgrade, struct route_fit *fit) {
    for (size_t i = 0; i < routes->count; i++) {
        const struct route_row *row = &routes->rows[i];
        bool wants_upgrade = strcmp(row->route.method, ROUTE_UPGRADE) == 0;
        if (wants_upgrade != is_upgrade || (!is_upgrade && !method_fits(row->route.method, method)))
            continue;
        if (path_fits(&row->route, path, fit))
            return row;
    }
    return NULL;
}

static void refuse_param(struct http_request *req, struct slice raw) {
    struct buf text = {0};
    buf_printf(&text, "Failed to decode param '%.*s'", SLICE_ARG(raw));
    buf_add_byte(&text, 0);
    http_respond_error(req, 400, text.data);
    buf_free(&text);
}

/* Decodes the parameters into one buffer and calls the handler, or answers 400. Nothing has a name
 * with a zero byte, and a text would end there. */
static void run_row(const struct route_row *row, struct http_request *req,
                    const struct route_fit *fit) {
    struct buf decoded = {0};
    struct route_match match = {.count = fit->count};
    size_t ends[ROUTE_PARAMS_MAX];
    size_t from = 0;

    for (size_t i = 0; i < fit->count; i++) {
        if (url_decode(&decoded, fit->raw[i], false)) {
            refuse_param(req, fit->raw[i]);
            goto out;
        }
        ends[i] = decoded.len;
    }
    if (slice_find_byte(buf_slice(&decoded), 0) < decoded.len) {
        http_respond_not_found(req);
        goto out;
    }
    for (size_t i = 0; i < fit->count; i++) {
        match.params[i] = slice_of(decoded.data + from, ends[i] - from);
        from = ends[i];
    }
    row->route.run(req, &match, row->user);
out:
    buf_free(&decoded);
}

static void routes_on_head(struct http_request *req, void *user) {
    struct route_fit fit;
    const struct route_row *row = find_row(user, req->method, req->path, false, &fit);
    if (row && row->route.body_limit_bytes)
        req->body_limit_bytes = row->route.body_limit_bytes;
    if (row && row->route.on_head)
        row->route.on_head(req, &(struct route_match){0}, row->user);
}

static void run_request(struct routes *routes, struct http_request *req, bool is_upgrade) {
    struct route_fit fit;
    const struct route_row *row = find_row(routes, req->method, req->path, is_upgrade, &fit);
    if (row)
        run_row(row, req, &fit);
    else
        http_respond_not_found(req);
}

static void routes_on_request(struct http_request *req, void *user) {
    run_request(user, req, false);
}

static void routes_on_upgrade(struct http_request *req, void *user) {
    run_request(user, req, true);
}

struct http_handlers routes_handlers(struct routes *routes) {
    return (struct http_handlers){
        .on_head = routes_on_head,
        .on_request = routes_on_request,
        .on_upgrade = routes_on_upgrade,
        .arg = routes,
    };
}
