#include "app/hosts/feedback_api.h"

#include "app/sessions/directory.h"
#include "app/hosts/hosts.h"
#include "app/rest/routes.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "meeting/feedback.h"
#include "net/http/http_server.h"

/* A request that waits for its right, then for a shard. Those answers come exactly once, so it outlives an abort. */
struct question {
    struct feedback_api *api;
    struct http_request *req; /* NULL once the client is gone */
    char *meeting_id;
    void (*answer)(struct question *);
};

static void question_free(struct question *question) {
    mem_free(question->meeting_id);
    mem_free(question);
}

static void on_abort(struct http_request *req) {
    struct question *question = req->user;
    question->req = NULL;
}

static void on_described(void *arg, struct slice json) {
    struct question *question = arg;
    if (question->req)
        http_respond_json(question->req, 200,
                          json.len ? json : SLICE("{\"meetingId\":\"none\",\"participants\":[]}"));
    question_free(question);
}

static void describe(struct question *question) {
    struct slice id, room;
    if (!directory_find(question->api->directory, slice_from(question->meeting_id), &id, &room))
        on_described(question, SLICE_NONE);
    else
        directory_describe(question->api->directory, slice_from(question->meeting_id), on_described,
                           question);
}

static void write_counts(struct buf *json, const uint64_t counts[FEEDBACK_TYPES]) {
    const char *comma = "";
    buf_add_text(json, "\"counts\":{");
    for (int type = 0; type < FEEDBACK_TYPES; type++) {
        if (!counts[type])
            continue;
        buf_printf(json, "%s\"%s\":%llu", comma, feedback_type_name((enum feedback_type)type),
                   (unsigned long long)counts[type]);
        comma = ",";
    }
    buf_add_byte(json, '}');
}

static void count(struct question *question) {
    uint64_t counts[FEEDBACK_TYPES] = {0};
    struct slice name = slice_from(question->meeting_id), id, room;
    struct buf json = {0};
    unsigned samples = 0, latency_ms = 0;
    bool is_known = directory_find(question->api->directory, name, &id, &room) &&
                    directory_counts(question->api->directory, name, counts);

    if (is_known)
        latency_ms = hosts_latency_avg_ms(question->api->hosts, id, &samples);
    buf_add_text(&json, "{\"meetingId\":");
    text_add_json(&json, is_known ? name : SLICE("none"));
    buf_add_byte(&json, ',');
    write_counts(&json, counts);
    if (samples)
        buf_printf(&json, ",\"latencyAvgMs\":%u", latency_ms);
    buf_printf(&json, ",\"samples\":%u}", samples);
    http_respond_json(question->req, 200, buf_slice(&json));
    buf_free(&json);
    question_free(question);
}

static void on_right(void *arg, int status) {
    struct question *question = arg;
    if (!question->req) {
        question_free(question);
    } else if (status != 200) {
        http_respond_error(question->req, status, status == 404 ? "Meeting not found" : NULL);
        question_free(question);
    } else {
        question->answer(question);
    }
}

static struct slice bearer(const struct http_request *req) {
    const struct slice *value = http_find_header(req->head, "authorization");
    if (!value || !slice_has_prefix_nocase(*value, SLICE("Bearer ")))
        return SLICE_NONE;
    return slice_trim(slice_skip(*value, 7));
}

static void ask(struct feedback_api *api, struct http_request *req, const struct route_match *match,
                void (*answer)(struct question *)) {
    struct question *question = mem_alloc(sizeof *question);
    *question = (struct question){api, req, slice_copy_text(match->params[0]), answer};
    req->user = question;
    req->on_abort = on_abort;
    hosts_check_bearer(api->hosts, bearer(req), slice_from(question->meeting_id), on_right,
                       question);
}

static void on_debug(void *owner, struct http_request *req, const struct route_match *match) {
    ask(owner, req, match, describe);
}

static void on_metrics(void *owner, struct http_request *req, const struct route_match *match) {
    ask(owner, req, match, count);
}

void feedback_api_add_routes(struct feedback_api *api, struct routes *routes) {
    static const struct route rows[] = {
        {"GET", "/feedback/debug/:meetingId", on_debug},
        {"GET", "/feedback/metrics/:meetingId", on_metrics},
    };
    routes_add(routes, rows, ARRAY_LEN(rows), api);
}
