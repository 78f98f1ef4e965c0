#include "app/reports/verdicts.h"

#include "app/config/config.h"
#include "app/hosts/hosts.h"
#include "app/hosts/hosts_token.h"
#include "app/rest/bearer.h"
#include "app/rest/refusal.h"
#include "app/rest/routes.h"
#include "app/sessions/directory.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/counter.h"
#include "base/macros.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "meeting/feedback.h"
#include "net/http/http_server.h"
#include "outside/store/store_verdict.h"
#include "wire/web/json_read.h"
#include "wire/web/json_write.h"
#include "wire/web/jwt.h"

#include <errno.h>
#include <string.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)

enum verdict_word { WORD_TOLD, WORD_WRONG, WORD_QUIET, WORD_MARK, WORDS };

static const char *const words[WORDS] = {"told", "wrong", "quiet", "mark"};
static const char *const marks[] = {"presents", "interview", "class"};

/* A request whose bearer is checked, and then the store asked. */
struct verdict_job {
    struct verdicts *owner;
    struct http_request *req; /* NULL: it has gone */
    void (*run)(struct verdict_job *);
    char *meeting_id, *id; /* id: of the verdict */
    json_t *body;
    char *by;
    enum verdict_word word;
    int type; /* of feedback; -1: of a mark */
    struct buf json;
};

static void job_free(struct verdict_job *job) {
    json_decref(job->body);
    buf_free(&job->json);
    mem_free(job->meeting_id);
    mem_free(job->id);
    mem_free(job->by);
    mem_free(job);
}

static void verdicts_on_abort(struct http_request *req) {
    struct verdict_job *job = req->user;
    job->req = NULL;
}

static void job_refuse(struct verdict_job *job, int status, const char *message) {
    if (job->req)
        refuse(job->req, status, message);
    job_free(job);
}

static void verdicts_on_right(int status, void *arg) {
    struct verdict_job *job = arg;
    struct slice id, room;
    if (!job->req) {
        job_free(job);
    } else if (status != 200) {
        job_refuse(job, status, status == 404 ? "Meeting not found" : NULL);
    } else {
        if (directory_find(job->owner->directory, slice_from(job->meeting_id), &id, &room))
            slice_replace_text(&job->meeting_id, id);
        job->run(job);
    }
}

/* Who says so: an identity of LiveKit, or a user's id; empty: a page's right, or nobody. */
static char *subject_of(const struct verdicts *owner, struct slice text) {
    struct host_token token;
    if (text.len == 0 || hosts_is_page_token(text) ||
        host_token_read(&token, owner->config, text, clock_wall_ms() / 1000))
        return mem_copy_text("");
    char *subject =
        slice_copy_text(token.is_livekit ? jwt_text(token.claims, "sub") : token.user_id);
    host_token_free(&token);
    return subject;
}

static struct verdict_job *job_new(struct verdicts *owner, struct http_request *req,
                                   const struct route_match *match,
                                   void (*run)(struct verdict_job *)) {
    struct verdict_job *job = mem_alloc(sizeof *job);
    job->owner = owner;
    job->req = req;
    job->run = run;
    job->meeting_id = slice_copy_text(match->params[0]);
    if (match->count > 1)
        job->id = slice_copy_text(match->params[1]);
    req->user = job;
    req->on_abort = verdicts_on_abort;
    return job;
}

static void job_start(struct verdict_job *job) {
    hosts_check_bearer(job->owner->hosts, bearer_token(job->req->head), slice_from(job->meeting_id),
                       verdicts_on_right, job);
}

/* ---- GET /feedback/:meetingId/verdicts ---- */

void verdict_write(struct buf *json, const struct store_verdict *row) {
    json_open(json, NULL);
    json_add_text(json, "id", row->id);
    json_add_text(json, "verdict", row->verdict);
    json_add_text(json, "type", row->type);
    json_add_text_or_null(json, "participantId", row->participant_id);
    json_add_text_or_null(json, "feedbackId", row->feedback_id);
    if (row->until_ms)
        json_add_int(json, "until", row->until_ms);
    else
        json_add_null(json, "until");
    json_add_text_or_null(json, "by", row->by);
    json_add_int(json, "ts", row->said_ms);
    json_close(json);
}

static void verdicts_on_listed(int err, const struct store_verdict_list *list, void *arg) {
    struct verdict_job *job = arg;
    if (err) {
        job_refuse(job, 503, NULL);
        return;
    }
    json_open(&job->json, NULL);
    json_open_array(&job->json, "items");
    for (size_t i = 0; i < list->count; i++)
        verdict_write(&job->json, &list->verdicts[i]);
    json_close_array(&job->json);
    json_close(&job->json);
    if (job->req)
        http_respond_json(job->req, 200, buf_slice(&job->json));
    job_free(job);
}

static void list_run(struct verdict_job *job) {
    store_verdict_list(job->owner->store, slice_from(job->meeting_id), verdicts_on_listed, job);
}

static void verdicts_on_get(struct http_request *req, const struct route_match *match,
                            void *owner) {
    job_start(job_new(owner, req, match, list_run));
}

/* ---- POST ---- */

static void verdicts_on_added(int err, void *arg) {
    struct verdict_job *job = arg;
    struct verdicts *owner = job->owner;
    if (err) {
        job_refuse(job, err == EBUSY ? 409 : 503,
                   err == EBUSY ? "The meeting has too many verdicts" : NULL);
        return;
    }
    if (job->type >= 0)
        (job->word == WORD_TOLD    ? owner->told
         : job->word == WORD_WRONG ? owner->wrong
                                   : owner->quiet)[job->type]++;
    if (job->req)
        http_respond_json(job->req, 201, buf_slice(&job->json));
    job_free(job);
}

static struct slice text_of(const struct verdict_job *job, const char *name) {
    const json_t *value = json_object_get(job->body, name);
    return slice_of(json_string_value(value), json_string_length(value));
}

static void add_run(struct verdict_job *job) {
    char id[RAND_UUID_SIZE];
    int64_t now_ms = clock_wall_ms();
    rand_uuid(id);
    const struct store_verdict row = {
        .id = slice_from(id),
        .meeting_id = slice_from(job->meeting_id),
        .verdict = slice_from(words[job->word]),
        .type = text_of(job, "type"),
        .participant_id = text_of(job, "participantId"),
        .feedback_id = text_of(job, "feedbackId"),
        .by = slice_from(job->by),
        .until_ms = job->word == WORD_QUIET
                        ? (int64_t)json_number_value(json_object_get(job->body, "until"))
                        : 0,
        .said_ms = now_ms,
        .expires_ms = now_ms + job->owner->config->report_ttl_days * DAY_MS,
    };
    verdict_write(&job->json, &row);
    store_verdict_add(job->owner->store, &row, verdicts_on_added, job);
}

static int find_text(struct slice text, const char *const *texts, int count) {
    for (int i = 0; i < count; i++)
        if (slice_is_equal(text, slice_from(texts[i])))
            return i;
    return -1;
}

static int find_type(struct slice text) {
    for (int i = 0; i < FEEDBACK_TYPES; i++)
        if (slice_is_equal(text, slice_from(feedback_type_name((enum feedback_type)i))))
            return i;
    return -1;
}

static bool is_text_or_none(const struct verdict_job *job, const char *name) {
    const json_t *value = json_object_get(job->body, name);
    return !value || json_is_null(value) ||
           (json_is_string(value) && text_is_identity(text_of(job, name), FEEDBACK_NAME_MAX));
}

/* NULL, or a sentence about the first field that is wrong. */
static const char *read_body(struct verdict_job *job) {
    const json_t *until = json_object_get(job->body, "until");
    int word = find_text(text_of(job, "verdict"), words, WORDS);
    if (word < 0)
        return "verdict must be one of the following values: told, wrong, quiet, mark";
    job->word = (enum verdict_word)word;
    job->type = word == WORD_MARK ? -1 : find_type(text_of(job, "type"));
    if (word == WORD_MARK && find_text(text_of(job, "type"), marks, ARRAY_LEN(marks)) < 0)
        return "type must be one of the following values: presents, interview, class";
    if (word != WORD_MARK && job->type < 0)
        return "type must be a type of feedback";
    if (!is_text_or_none(job, "participantId") || !is_text_or_none(job, "feedbackId"))
        return "participantId and feedbackId must be texts of 1 to 256 bytes";
    if (until && !json_is_null(until) &&
        !(json_is_number(until) && json_number_value(until) > 0 &&
          json_number_value(until) < 253402300799999.0))
        return "until must be a time in Unix milliseconds";
    return NULL;
}

static void verdicts_on_post(struct http_request *req, const struct route_match *match,
                             void *owner) {
    struct verdict_job *job = job_new(owner, req, match, add_run);
    job->body = json_read(req->body);
    const char *wrong =
        json_is_object(job->body) ? read_body(job) : "The body must be a JSON object";
    if (wrong) {
        job_refuse(job, 400, wrong);
        return;
    }
    job->by = subject_of(owner, bearer_token(req->head));
    job_start(job);
}

/* ---- DELETE ---- */

static void verdicts_on_removed(int err, void *arg) {
    struct verdict_job *job = arg;
    if (err) {
        job_refuse(job, err == ENOENT ? 404 : 503, err == ENOENT ? "Verdict not found" : NULL);
        return;
    }
    if (job->req)
        http_respond(job->req, 204, NULL, SLICE_NONE);
    job_free(job);
}

static void remove_run(struct verdict_job *job) {
    store_verdict_remove(job->owner->store, slice_from(job->meeting_id), slice_from(job->id),
                         verdicts_on_removed, job);
}

static void verdicts_on_delete(struct http_request *req, const struct route_match *match,
                               void *owner) {
    job_start(job_new(owner, req, match, remove_run));
}

void verdicts_add_routes(struct verdicts *verdicts, struct routes *routes) {
    static const struct route rows[] = {
        {"GET", "/feedback/:meetingId/verdicts", verdicts_on_get},
        {"POST", "/feedback/:meetingId/verdicts", verdicts_on_post},
        {"DELETE", "/feedback/:meetingId/verdicts/:id", verdicts_on_delete},
    };
    routes_add(routes, rows, ARRAY_LEN(rows), verdicts);
}

/* ---- Metrics ---- */

static const char *type_name(unsigned type) {
    return feedback_type_name((enum feedback_type)type);
}

#define AT(member) offsetof(struct verdicts, member)
#define BY_TYPE    .label = "type", .count = FEEDBACK_TYPES, .value_of = type_name

static const struct counter counters[] = {
    {"prosa_feedback_told_total", "Feedback that hosts say they have passed on.", COUNTER_SUM,
     AT(told), BY_TYPE},
    {"prosa_feedback_wrong_total", "Feedback that hosts say is wrong.", COUNTER_SUM, AT(wrong),
     BY_TYPE},
    {"prosa_feedback_quiet_total", "How often hosts wanted to hear no more of a type.", COUNTER_SUM,
     AT(quiet), BY_TYPE},
};

const struct counter_table verdicts_counters = {counters, ARRAY_LEN(counters)};
