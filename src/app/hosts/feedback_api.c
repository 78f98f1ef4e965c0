#include "app/hosts/feedback_api.h"

#include "app/hosts/hosts.h"
#include "app/rest/bearer.h"
#include "app/rest/routes.h"
#include "app/sessions/directory.h"
#include "base/buf.h"
#include "base/macros.h"
#include "base/mem.h"
#include "meeting/feedback.h"
#include "net/http/http_server.h"
#include "wire/web/json_write.h"

/* A request that waits to hear whether its bearer may read, then for a shard. Both answer exactly
 * once, so the question outlives an aborted request. */
struct feedback_question {
    struct feedback_api *api;
    struct http_request *req; /* NULL once the client is gone */
    char *meeting_id;
    void (*answer)(struct feedback_question *);
};

static void feedback_question_free(struct feedback_question *question) {
    mem_free(question->meeting_id);
    mem_free(question);
}

static void feedback_api_on_abort(struct http_request *req) {
    struct feedback_question *question = req->user;
    question->req = NULL;
}

static void feedback_api_on_described(struct slice json, void *user) {
    struct feedback_question *question = user;
    const struct feedback_api *api = question->api;
    struct buf all = {0};
    if (!json.len)
        json = SLICE("{\"meetingId\":\"none\",\"participants\":[]}");
    if (question->req) {
        buf_add(&all, json.ptr, json.len - 1); /* without the brace that closes it */
        if (api->add_members)
            api->add_members(&all, slice_from(question->meeting_id), api->user);
        json_close(&all);
        http_respond_json(question->req, 200, buf_slice(&all));
    }
    buf_free(&all);
    feedback_question_free(question);
}

static void feedback_api_describe(struct feedback_question *question) {
    struct slice id, room;
    if (!directory_find(question->api->directory, slice_from(question->meeting_id), &id, &room))
        feedback_api_on_described(SLICE_NONE, question);
    else
        directory_describe(question->api->directory, slice_from(question->meeting_id),
                           feedback_api_on_described, question);
}

static void write_counts(struct buf *json, const uint64_t counts[FEEDBACK_TYPES]) {
    json_open(json, "counts");
    for (int type = 0; type < FEEDBACK_TYPES; type++) {
        if (counts[type])
            json_add_uint(json, feedback_type_name((enum feedback_type)type), counts[type]);
    }
    json_close(json);
}

static void feedback_api_count(struct feedback_question *question) {
    struct feedback_api *api = question->api;
    uint64_t counts[FEEDBACK_TYPES] = {0};
    struct slice name = slice_from(question->meeting_id), id, room;
    unsigned samples = 0, latency_ms = 0;
    bool is_known = directory_find(api->directory, name, &id, &room) &&
                    directory_counts(api->directory, name, counts);
    if (is_known)
        latency_ms = hosts_latency_avg_ms(api->hosts, id, &samples);

    struct buf json = {0};
    json_open(&json, NULL);
    json_add_text(&json, "meetingId", is_known ? name : SLICE("none"));
    write_counts(&json, counts);
    if (samples)
        json_add_uint(&json, "latencyAvgMs", latency_ms);
    json_add_uint(&json, "samples", samples);
    json_close(&json);
    http_respond_json(question->req, 200, buf_slice(&json));
    buf_free(&json);
    feedback_question_free(question);
}

static void feedback_api_on_right(int status, void *user) {
    struct feedback_question *question = user;
    if (!question->req) {
        feedback_question_free(question);
    } else if (status != 200) {
        http_respond_error(question->req, status, status == 404 ? "Meeting not found" : NULL);
        feedback_question_free(question);
    } else {
        question->answer(question);
    }
}

static void feedback_api_ask(struct feedback_api *api, struct http_request *req,
                             const struct route_match *match,
                             void (*answer)(struct feedback_question *)) {
    struct feedback_question *question = mem_alloc(sizeof *question);
    *question = (struct feedback_question){api, req, slice_copy_text(match->params[0]), answer};
    req->user = question;
    req->on_abort = feedback_api_on_abort;
    hosts_check_bearer(api->hosts, bearer_token(req->head), slice_from(question->meeting_id),
                       feedback_api_on_right, question);
}

static void feedback_api_on_debug(struct http_request *req, const struct route_match *match,
                                  void *owner) {
    feedback_api_ask(owner, req, match, feedback_api_describe);
}

static void feedback_api_on_metrics(struct http_request *req, const struct route_match *match,
                                    void *owner) {
    feedback_api_ask(owner, req, match, feedback_api_count);
}

void feedback_api_add_routes(struct feedback_api *api, struct routes *routes) {
    static const struct route rows[] = {
        {"GET", "/feedback/debug/:meetingId", feedback_api_on_debug},
        {"GET", "/feedback/metrics/:meetingId", feedback_api_on_metrics},
    };
    routes_add(routes, rows, ARRAY_LEN(rows), api);
}
