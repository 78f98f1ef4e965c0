#include "app/accounts/access.h"
#include "app/accounts/auth_private.h"
#include "app/rest/bearer.h"
#include "base/clock.h"
#include "base/mem.h"
#include "net/worker.h"

#include <errno.h>

enum { AGENT_BYTES_MAX = 256 };

static void on_abort(struct http_request *req) {
    struct errand *errand = req->user;
    errand->req = NULL;
    if (errand->call)
        store_cancel(errand->call);
    if (!errand->is_in_worker)
        errand_free(errand);
}

struct errand *errand_new(struct auth *auth, struct http_request *req,
                          const struct route_match *match, bool reads_body) {
    json_t *body = reads_body ? body_read(req) : NULL;
    if (reads_body && !body)
        return NULL;
    const struct slice *agent = http_find_header(req->head, "user-agent");
    struct errand *errand = mem_alloc(sizeof *errand);
    errand->auth = auth;
    errand->req = req;
    errand->body = body;
    for (size_t i = 0; i < match->count; i++)
        errand->params[i] = slice_copy_text(match->params[i]);
    errand->query = slice_copy_text(req->query);
    errand->is_head = slice_is_equal(req->method, SLICE("HEAD"));
    const struct slice *range = http_find_header(req->head, "range");
    errand->range = slice_copy_text(range ? *range : SLICE_NONE);
    const struct slice *if_range = http_find_header(req->head, "if-range");
    errand->if_range = slice_copy_text(if_range ? *if_range : SLICE_NONE);
    errand->user_agent = slice_copy_text(agent ? slice_take(*agent, AGENT_BYTES_MAX) : SLICE_NONE);
    req->user = errand;
    req->on_abort = on_abort;
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
    mem_free(errand->range);
    mem_free(errand->if_range);
    mem_free(errand);
}

/* Ends. */

void errand_answer_json(struct errand *errand, int status, struct slice json) {
    if (errand->req)
        http_respond_json(errand->req, status, json);
    errand_free(errand);
}

void errand_answer_error(struct errand *errand, int status, const char *message) {
    if (errand->req && status == 401)
        http_add_header(errand->req, "WWW-Authenticate", SLICE("Bearer"));
    if (errand->req && status == 503)
        http_add_header(errand->req, "Retry-After", SLICE("2"));
    if (errand->req)
        http_respond_error(errand->req, status, message);
    errand_free(errand);
}

void errand_answer_empty(struct errand *errand, int status) {
    if (errand->req)
        http_respond(errand->req, status, NULL, SLICE_NONE);
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
        if (errand->req)
            http_respond_internal_error(errand->req);
        errand_free(errand);
    }
}

/* Workers. */

struct work {
    struct errand *errand;
    void (*run)(void *job);
    void (*done)(struct errand *, int err);
};

static void on_work(void *arg) {
    struct work *work = arg;
    work->run(work->errand->job);
}

static void on_worked(int err, void *arg) {
    struct work work = *(struct work *)arg;
    mem_free(arg);
    work.errand->is_in_worker = false;
    if (!work.errand->req)
        errand_free(work.errand);
    else
        work.done(work.errand, err);
}

void errand_work_on(struct errand *errand, struct worker *worker, void (*run)(void *job),
                    void (*done)(struct errand *, int err)) {
    struct work *work = mem_alloc(sizeof *work);
    *work = (struct work){errand, run, done};
    errand->is_in_worker = true;
    if (worker_run(worker, on_work, on_worked, work) == 0)
        return;
    mem_free(work);
    errand->is_in_worker = false;
    errand->auth->stats.busy++;
    errand_answer_error(errand, 503, "Too many requests of this kind at once; try again shortly");
}

void errand_work(struct errand *errand, void (*run)(void *job),
                 void (*done)(struct errand *, int err)) {
    if (store_is_stalled(errand->auth->store)) /* what comes of it could not be stored now */
        errand_answer_errno(errand, EAGAIN, NULL);
    else
        errand_work_on(errand, errand->auth->worker, run, done);
}

/* Who asks. */

static void on_account(int err, const struct store_account *account, void *arg) {
    struct errand *errand = arg;
    errand->call = NULL;
    if (err == ENOENT)
        errand_answer_error(errand, 401, NULL);
    else if (err)
        errand_answer_errno(errand, err, NULL);
    else
        errand->run(errand, account);
}

void auth_check(struct auth *auth, struct http_request *req, const struct route_match *match,
                bool reads_body, void (*run)(struct errand *, const struct store_account *)) {
    struct slice token = bearer_token(req->head);
    struct errand *errand = errand_new(auth, req, match, reads_body);
    struct access_holder holder;
    json_t *claims = NULL;
    if (!errand)
        return;
    if (token.len == 0 ||
        access_verify(auth->config, token, clock_wall_ms() / 1000, &claims, &holder) != JWT_OK) {
        errand_answer_error(errand, 401, NULL);
        return;
    }
    errand->run = run;
    errand->call = store_user_check(auth->store, holder.user_id, holder.organization_id,
                                    holder.family_id, on_account, errand);
    json_decref(claims);
}
