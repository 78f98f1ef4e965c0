#include "app/recordings/recording_api.h"

#include "app/accounts/auth.h"
#include "app/objects/objects.h"
#include "app/recordings/download.h"
#include "app/recordings/erasure.h"
#include "app/recordings/ownership.h"
#include "app/recordings/recordings.h"
#include "base/clock.h"
#include "base/macros.h"
#include "base/mem.h"
#include "base/rand.h"
#include "outside/files/recording_info.h"
#include "outside/store/store_object.h"
#include "outside/store/store_recording.h"
#include "wire/web/json_write.h"
#include "wire/web/url.h"

#include <errno.h>

/* What the errand of a recording remembers. */
struct recording_job {
    struct ownership own;
    ownership_session_fn *run;
    struct recording_info row; /* owns its texts */
    char *range, *if_range;    /* headers of the request, "" without one */
    bool is_head;
};

static void recording_job_free(void *user) {
    struct recording_job *job = user;
    ownership_close(&job->own);
    recording_info_free(&job->row);
    mem_free(job->range);
    mem_free(job->if_range);
    mem_free(job);
}

static char *copy_header(const struct http_request *req, const char *name) {
    const struct slice *value = http_find_header(req->head, name);
    return slice_copy_text(value ? *value : SLICE_NONE);
}

static struct errand *new_errand(struct http_request *req, const struct route_match *match,
                                 struct recording_api *api) {
    struct errand *errand = errand_new(req, match, api);
    struct recording_job *job = mem_alloc(sizeof *job);
    job->range = copy_header(req, "range");
    job->if_range = copy_header(req, "if-range");
    job->is_head = slice_is_equal(req->method, SLICE("HEAD"));
    errand_set_job(errand, job, recording_job_free);
    return errand;
}

/* The errand whose call found the recording. NULL: it did not, and the errand is answered. */
static struct errand *keep_row(int err, const struct recording_info *row, void *user) {
    struct errand *errand = errand_resume(user, err, "Recording not found");
    if (!errand)
        return NULL;
    struct recording_job *job = errand->job;
    job->row = *row;
    recording_info_own(&job->row);
    return errand;
}

/* ---- A recording of one of the account's organizations ---- */

static void on_recording(int err, const struct recording_info *row, void *user) {
    struct errand *errand = keep_row(err, row, user);
    if (!errand)
        return;
    const struct recording_api *api = errand->user;
    struct recording_job *job = errand->job;
    ownership_find_session(&job->own, errand, api->store, row->meeting, "Recording not found",
                           job->run);
}

static void find_own_recording(struct errand *errand, const struct store_account *account,
                               ownership_session_fn *run) {
    struct recording_api *api = errand->user;
    struct recording_job *job = errand->job;
    ownership_init(&job->own, account, ROLE_ADMIN);
    job->run = run;
    errand->call =
        store_recording_get(api->store, slice_from(errand->params[0]), on_recording, errand);
}

/* ---- GET /recordings/:id ---- */

static void send_file(struct errand *errand) {
    const struct recording_api *api = errand->user;
    const struct recording_job *job = errand->job;
    const struct download_file file = {
        .storage = recordings_storage(api->recordings),
        .is_head = job->is_head,
        .path = job->row.path,
        .format = job->row.format,
        .range = slice_from(job->range),
        .if_range = slice_from(job->if_range),
    };
    download_start(recordings_reader(api->recordings), errand->req, &file);
    errand_free(errand);
}

static void send_to_store(struct errand *errand, const struct store_object *object) {
    const struct recording_api *api = errand->user;
    const struct recording_job *job = errand->job;
    struct buf url = {0};
    objects_link(api->objects, job->is_head ? "HEAD" : "GET", object, &url);
    http_add_header(errand->req, "Location", buf_slice(&url));
    http_add_header(errand->req, "Cache-Control", SLICE("private, no-store"));
    errand_answer_empty(errand, 307);
    buf_free(&url);
}

static void on_object(int err, const struct store_object *object, void *user) {
    struct errand *errand = errand_resume(user, err == ENOENT ? 0 : err, NULL);
    if (!errand)
        return;
    if (!err && object->is_local_gone)
        send_to_store(errand, object);
    else
        send_file(errand);
}

/* From this disk as long as it lies there, else from the object store. */
static void send_recording(struct errand *errand) {
    const struct recording_api *api = errand->user;
    const struct recording_job *job = errand->job;
    if (api->objects)
        errand->call = store_object_get(api->store, job->row.id, on_object, errand);
    else
        send_file(errand);
}

static void send_own_recording(struct errand *errand, const struct store_session *session) {
    send_recording(errand);
}

static void get_recording(struct errand *errand, const struct store_account *account) {
    find_own_recording(errand, account, send_own_recording);
}

static void on_linked_recording(int err, const struct recording_info *row, void *user) {
    struct errand *errand = keep_row(err, row, user);
    if (errand)
        send_recording(errand);
}

static void on_get(struct http_request *req, const struct route_match *match, void *user) {
    struct recording_api *api = user;
    struct errand *errand = new_errand(req, match, api);
    struct slice id = match->params[0];
    struct buf ticket = {0};
    if (query_get(&ticket, req->query, "ticket") == ENOENT) {
        auth_check(api->auth, errand, get_recording);
    } else if (download_link_is_good(&api->link_key, id, buf_slice(&ticket),
                                     clock_wall_ms() / 1000)) {
        http_vouch(req, BUDGET_HOST);
        errand->call = store_recording_get(api->store, id, on_linked_recording, errand);
    } else {
        errand_answer_error(errand, 401, NULL);
    }
    buf_free(&ticket);
}

/* ---- POST /recordings/:id/ticket ---- */

static void answer_link(struct errand *errand, const struct store_session *session) {
    const struct recording_api *api = errand->user;
    struct buf url = {0};
    download_link_write(&api->link_key, slice_from(errand->params[0]), clock_wall_ms() / 1000,
                        &url);
    json_open(&errand->json, NULL);
    json_add_text(&errand->json, "url", buf_slice(&url));
    json_add_int(&errand->json, "expiresIn", DOWNLOAD_LINK_S);
    json_close(&errand->json);
    errand_answer_json(errand, 201);
    buf_free(&url);
}

static void give_link(struct errand *errand, const struct store_account *account) {
    find_own_recording(errand, account, answer_link);
}

static void on_post_ticket(struct http_request *req, const struct route_match *match, void *user) {
    struct recording_api *api = user;
    auth_check(api->auth, new_errand(req, match, api), give_link);
}

/* ---- DELETE /sessions/:meetingId ---- */

static void erase_own_session(struct errand *errand, const struct store_session *session) {
    const struct recording_api *api = errand->user;
    const struct ownership *own = errand->job;
    if (session->status == SESSION_ACTIVE)
        errand_answer_error(errand, 409, "The meeting is active; it can be erased when it ended");
    else
        erasure_start(api->erasures, errand, slice_from(errand->params[0]),
                      slice_from(own->user_id));
}

static void erase_session(struct errand *errand, const struct store_account *account) {
    const struct recording_api *api = errand->user;
    ownership_find_session(ownership_new(errand, account, ROLE_OWNER), errand, api->store,
                           slice_from(errand->params[0]), "Session not found", erase_own_session);
}

static void on_delete(struct http_request *req, const struct route_match *match, void *user) {
    struct recording_api *api = user;
    auth_check(api->auth, errand_new(req, match, api), erase_session);
}

void recording_api_init(struct recording_api *api, struct auth *auth, struct store *store,
                        struct recordings *recordings, struct erasures *erasures,
                        struct objects *objects) {
    *api = (struct recording_api){auth, store, recordings, erasures, objects, {{0}}};
    rand_bytes(api->link_key.bytes, sizeof api->link_key.bytes);
}

void recording_api_add_routes(struct recording_api *api, struct routes *routes) {
    static const struct route rows[] = {
        {"GET", "/recordings/:id", on_get, .is_exact = true},
        {"POST", "/recordings/:id/ticket", on_post_ticket, .is_exact = true},
        {"DELETE", "/sessions/:meetingId", on_delete},
    };
    routes_add(routes, rows, ARRAY_LEN(rows), api);
}
