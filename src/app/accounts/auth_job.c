/* Work with passwords that a worker thread does, and what an errand remembers meanwhile. */
#include "app/accounts/auth_private.h"
#include "base/mem.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

/* The form an e-mail is stored and looked up in. */
void auth_normalise_email(struct slice email, char out[EMAIL_BYTES]) {
    size_t len = 0;
    email = slice_trim(email);
    for (; len < email.len && len < EMAIL_BYTES - 1; len++) {
        char c = email.ptr[len];
        out[len] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    out[len] = 0;
}

static void wipe(struct slice *password) {
    char *bytes = NULL;
    memcpy(&bytes, &password->ptr, sizeof bytes); /* ours, though a slice only borrows */
    if (bytes)
        OPENSSL_cleanse(bytes, password->len);
    mem_free(bytes);
}

static void free_job(void *arg) {
    struct password_job *job = arg;
    wipe(&job->password);
    wipe(&job->next_password);
    OPENSSL_cleanse(job, sizeof *job);
    mem_free(job);
}

static struct slice copy(struct slice text) {
    return slice_of(mem_copy(text.ptr ? text.ptr : "", text.len), text.len);
}

struct password_job *job_new(struct errand *errand, struct slice password,
                             struct slice next_password) {
    struct password_job *job = mem_alloc(sizeof *job);
    job->password = copy(password);
    job->next_password = copy(next_password);
    job->cost = errand->auth->cost;
    auth_normalise_email(body_text(errand->body, "email"), job->email);
    errand->job = job;
    errand->free_job = free_job;
    return job;
}

void job_make_hash(void *arg) {
    struct password_job *job = arg;
    job->err = password_hash(job->new_hash, job->password, &job->cost);
}

void job_check(void *arg) {
    struct password_job *job = arg;
    job->fits = password_fits(job->old_hash, job->password);
    if (job->fits && password_is_outdated(job->old_hash, &job->cost) &&
        password_hash(job->new_hash, job->password, &job->cost))
        job->new_hash[0] = 0;
}

void job_replace(void *arg) {
    struct password_job *job = arg;
    job->fits = password_fits(job->old_hash, job->password);
    if (job->fits)
        job->err = password_hash(job->new_hash, job->next_password, &job->cost);
}

void job_copy_id(char out[UUID_BYTES + 1], struct slice id) {
    snprintf(out, UUID_BYTES + 1, "%.*s", SLICE_ARG(id));
}
