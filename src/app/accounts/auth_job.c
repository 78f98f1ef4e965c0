/* Work with passwords: what a worker thread does for an errand. */
#include "app/accounts/auth_private.h"
#include "base/mem.h"
#include "net/worker.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

static void wipe(struct slice *password) {
    char *bytes = NULL;
    memcpy(&bytes, &password->ptr, sizeof bytes); /* ours, though a slice only borrows */
    if (bytes)
        OPENSSL_cleanse(bytes, password->len);
    mem_free(bytes);
}

static void password_job_free(void *user) {
    struct password_job *job = user;
    wipe(&job->password);
    wipe(&job->next_password);
    OPENSSL_cleanse(job, sizeof *job);
    mem_free(job);
}

static struct slice job_copy(struct slice text) {
    return slice_of(mem_copy(text.ptr ? text.ptr : "", text.len), text.len);
}

struct password_job *job_new(struct errand *errand, struct slice password,
                             struct slice next_password) {
    const struct auth *auth = errand->user;
    struct password_job *job = mem_alloc(sizeof *job);
    job->password = job_copy(password);
    job->next_password = job_copy(next_password);
    job->cost = auth->cost;
    email_normalise(body_text(errand->body, "email"), job->email);
    errand_set_job(errand, job, password_job_free);
    return job;
}

void job_copy_id(char out[UUID_BYTES + 1], struct slice id) {
    snprintf(out, UUID_BYTES + 1, "%.*s", SLICE_ARG(id));
}

/* ---- On a worker thread ---- */

void job_make_hash(struct password_job *job) {
    job->err = password_hash_anew(job->new_hash, job->password,
                                  job->old_hash[0] ? job->old_hash : NULL, &job->cost);
}

void job_check(struct password_job *job) {
    job->fits = password_fits(job->old_hash, job->password);
    if (job->other_hash[0])
        (void)password_fits(job->other_hash, job->password);
    if (job->fits && password_is_outdated(job->old_hash, &job->cost) &&
        password_hash_anew(job->new_hash, job->password, job->old_hash, &job->cost))
        job->new_hash[0] = 0;
}

void job_replace(struct password_job *job) {
    job->fits = password_fits(job->old_hash, job->password);
    if (job->fits)
        job->err = password_hash_anew(job->new_hash, job->next_password, job->old_hash, &job->cost);
}

/* ---- There and back ---- */

static void auth_on_work(void *user) {
    const struct errand *errand = user;
    struct password_job *job = errand->job;
    job->work(job);
}

static void auth_on_worked(int err, void *user) {
    struct errand *errand = user;
    const struct password_job *job = errand->job;
    errand->is_in_worker = false;
    if (!errand->req)
        errand_free(errand);
    else if (err || job->err)
        errand_answer_errno(errand, err ? err : job->err, NULL);
    else
        job->done(errand);
}

void auth_work(struct errand *errand, void (*work)(struct password_job *),
               void (*done)(struct errand *)) {
    struct auth *auth = errand->user;
    struct password_job *job = errand->job;
    if (store_is_stalled(auth->set.store)) {
        errand_answer_errno(errand, EAGAIN, NULL);
        return;
    }
    job->work = work;
    job->done = done;
    errand->is_in_worker = worker_run(auth->worker, auth_on_work, auth_on_worked, errand) == 0;
    if (errand->is_in_worker)
        return;
    auth->stats.busy++;
    errand_answer_error(errand, 503, "Too many requests of this kind at once; try again shortly");
}
