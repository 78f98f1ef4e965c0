#include "app/sessions/resolver.h"

#include "app/rest/errand.h"
#include "app/sessions/sessions.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "outside/store/store.h"
#include "wire/web/json_write.h"
#include "wire/web/url.h"

#include <errno.h>

static void answer_resolved(struct http_request *req, struct slice meeting_id, struct slice room,
                            bool is_pending) {
    struct buf json = {0};
    json_open(&json, NULL);
    json_add_bool(&json, "ok", true);
    json_add_text(&json, "meetingId", meeting_id);
    json_add_text(&json, "roomName", room);
    if (is_pending)
        json_add_bool(&json, "pending", true);
    json_close(&json);
    http_respond_json(req, 200, buf_slice(&json));
    buf_free(&json);
}

static void resolver_on_stored(int err, const struct store_session *row, void *user) {
    struct errand *errand = user;
    const struct resolver *resolver = errand->user;
    const struct sessions *sessions = resolver->sessions;
    struct slice room = slice_from(errand->job);
    const struct session *session = sessions_find_active(sessions, room);

    if (session)
        answer_resolved(errand->req, slice_from(session->meeting_id), room, false);
    else if (!err && row && !sessions_find(sessions, row->meeting_id))
        answer_resolved(errand->req, row->meeting_id, room, false);
    else if (err && err != ENOENT && !sessions_are_loaded(sessions))
        http_respond_error(errand->req, 503, "The database is away; try again in a moment");
    else
        answer_resolved(errand->req, room, room, true);
    errand_free(errand);
}

/* Every roomName of the query, joined by commas as Express does with a repeated parameter. */
static void read_room_name(struct slice query, struct buf *out) {
    struct slice name, value;
    struct buf decoded = {0};
    bool is_first = true;
    while (query_next(&query, &name, &value)) {
        buf_clear(&decoded);
        if (url_decode(&decoded, name, true) ||
            !slice_is_equal(buf_slice(&decoded), SLICE("roomName")))
            continue;
        if (!is_first)
            buf_add_byte(out, ',');
        if (url_decode(out, value, true))
            buf_add_slice(out, value);
        is_first = false;
    }
    buf_free(&decoded);
}

static void resolver_on_request(struct http_request *req, const struct route_match *match,
                                void *user) {
    const struct resolver *resolver = user;
    const struct sessions *sessions = resolver->sessions;
    struct buf room = {0};

    read_room_name(req->query, &room);
    const struct session *session = sessions_find_active(sessions, buf_slice(&room));
    if (!room.len) {
        http_respond_json(req, 200, SLICE("{\"ok\":false,\"error\":\"roomName is required\"}"));
    } else if (session) {
        answer_resolved(req, slice_from(session->meeting_id), buf_slice(&room), false);
    } else if (!resolver->store || !text_is_identity(buf_slice(&room), 256)) {
        answer_resolved(req, buf_slice(&room), buf_slice(&room), true);
    } else {
        struct errand *errand = errand_new(req, match, user);
        errand_set_job(errand, slice_copy_text(buf_slice(&room)), mem_free);
        errand->call =
            store_session_resolve(resolver->store, buf_slice(&room), resolver_on_stored, errand);
    }
    buf_free(&room);
}

void resolver_add_routes(struct resolver *resolver, struct routes *routes) {
    static const struct route rows[] = {{"GET", "/sessions/resolve", resolver_on_request}};
    routes_add(routes, rows, ARRAY_LEN(rows), resolver);
}
