#include "app/rest/errand.h"

#include "app/rest/refusal.h"
#include "base/mem.h"
#include "outside/store/store.h"
#include "wire/web/json_write.h"

#include <errno.h>
#include <openssl/crypto.h>

enum { AGENT_BYTES_MAX = 256 };

static void errand_on_abort(struct http_request *req) {
    struct errand *errand = req->user;
    errand->req = NULL;
    if (errand->call)
        store_cancel(errand->call);
    if (!errand->is_in_worker)
        errand_free(errand);
}

struct errand *errand_new(struct http_request *req, const struct route_match *match, void *user) {
    const struct slice *agent = http_find_header(req->head, "user-agent");
    struct errand *errand = mem_alloc(sizeof *errand);
    errand->user = user;
    errand->req = req;
    for (size_t i = 0; i < match->count; i++)
        errand->params[i] = slice_copy_text(match->params[i]);
    errand->query = slice_copy_text(req->query);
    errand->user_agent = slice_copy_text(agent ? slice_take(*agent, AGENT_BYTES_MAX) : SLICE_NONE);
    req->user = errand;
    req->on_abort = errand_on_abort;
    return errand;
}

struct errand *errand_new_with_body(struct http_request *req, const struct route_match *match,
                                    void *user) {
    json_t *body = body_read(req);
    if (!body)
        return NULL;
    struct errand *errand = errand_new(req, match, user);
    errand->body = body;
    return errand;
}

void errand_free(struct errand *errand) {
    if (errand->job)
        errand->free_job(errand->job);
    json_decref(errand->body);
    for (size_t i = 0; i < ROUTE_PARAMS_MAX; i++)
        mem_free(errand->params[i]);
    mem_free(errand->query);
    mem_free(errand->user_agent);
    if (errand->json.data)
        OPENSSL_cleanse(errand->json.data, errand->json.cap); /* it may hold tokens */
    buf_free(&errand->json);
    mem_free(errand);
}

void errand_set_job(struct errand *errand, void *job, void (*free_job)(void *job)) {
    if (errand->job)
        errand->free_job(errand->job);
    errand->job = job;
    errand->free_job = free_job;
}

bool errand_check_body(struct errand *errand, const struct body_field *fields, size_t count) {
    bool is_valid = body_check(errand->req, errand->body, fields, count);
    if (!is_valid)
        errand_free(errand);
    return is_valid;
}

struct errand *errand_resume(void *user, int err, const char *missing) {
    struct errand *errand = user;
    errand->call = NULL;
    if (!err)
        return errand;
    errand_answer_errno(errand, err, missing);
    return NULL;
}

/* ---- Ends ---- */

void errand_answer_json(struct errand *errand, int status) {
    http_respond_json(errand->req, status, buf_slice(&errand->json));
    errand_free(errand);
}

void errand_open_list(struct errand *errand) {
    json_open(&errand->json, NULL);
    json_open_array(&errand->json, "items");
}

void errand_answer_list(struct errand *errand, struct slice next) {
    json_close_array(&errand->json);
    json_add_text_or_null(&errand->json, "nextCursor", next);
    json_close(&errand->json);
    errand_answer_json(errand, 200);
}

void errand_answer_empty(struct errand *errand, int status) {
    http_respond(errand->req, status, NULL, SLICE_NONE);
    errand_free(errand);
}

void errand_answer_error(struct errand *errand, int status, const char *message) {
    refuse(errand->req, status, message);
    errand_free(errand);
}

void errand_answer_errno(struct errand *errand, int err, const char *missing) {
    switch (err) {
    case EAGAIN:
    case ECANCELED:
        errand_answer_error(errand, 503, "The database does not answer; try again shortly");
        break;
    case ENOENT:
        errand_answer_error(errand, 404, missing);
        break;
    case EINVAL:
        errand_answer_error(errand, 400, "The request holds a value that makes no sense");
        break;
    default:
        http_respond_internal_error(errand->req);
        errand_free(errand);
    }
}

void errand_answer_invalid(struct errand *errand, const char *failure) {
    body_refuse(errand->req, failure);
    errand_free(errand);
}
