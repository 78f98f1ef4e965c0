/*
 * POST /auth/reset-password: a new password for a user who has forgotten theirs, with the link that
 * an operator made (`prosa admin reset-link`). All logins of the user end.
 */
#include "app/accounts/auth_private.h"
#include "app/accounts/reset_token.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"

#include <errno.h>
#include <stdio.h>

static const struct body_field reset_fields[] = {
    {"token", .rules = TOKEN_RULES},
    {"newPassword", .rules = NEW_PASSWORD_RULES},
};

static void log_reset(const struct errand *errand, const char *outcome) {
    const struct password_job *job = errand->job;
    log_limited(LOG_WARN, 10, NULL, "auth", outcome, log_text("userId", job ? job->user_id : ""),
                log_text("peer", errand->req->peer));
}

/* The same answer for whatever is wrong with it. */
static void refuse_reset(struct errand *errand) {
    struct auth *auth = errand->user;
    auth->stats.resets_refused++;
    log_reset(errand, "a link for a new password was refused");
    errand_answer_error(errand, 404, "The link is unknown, used or expired");
}

static void on_reset_stored(int err, void *user) {
    struct errand *errand = user;
    struct auth *auth = errand->user;
    const struct password_job *job = errand->job;
    if (err == ENOENT) {
        refuse_reset(errand);
    } else if (errand_resume(errand, err, NULL)) {
        auth->stats.resets++;
        log_reset(errand, "a password was set by a link; all logins of the user end");
        throttle_forgive(&auth->throttle, slice_from(job->email));
        auth_tell_change(auth, slice_from(job->user_id));
        errand_answer_empty(errand, 204);
    }
}

static void reset_hashed(struct errand *errand) {
    const struct auth *auth = errand->user;
    const struct password_job *job = errand->job;
    errand->call = store_password_set(auth->set.store, slice_from(job->user_id),
                                      slice_from(job->old_hash), slice_from(job->new_hash),
                                      SLICE_NONE, clock_wall_ms(), on_reset_stored, errand);
}

static void on_reset_found(int err, const struct store_account *account, void *user) {
    struct errand *errand = errand_resume(user, err == ENOENT ? 0 : err, NULL);
    if (!errand)
        return;
    const struct auth *auth = errand->user;
    struct password_job *job = errand->job;
    bool fits =
        !err && !account->is_disabled && account->password_hash.len < sizeof job->old_hash &&
        reset_token_fits(body_text(errand->body, "token"), account->password_hash,
                         slice_from(auth->set.config->jwt_refresh_secret), clock_wall_ms() / 1000);
    if (!fits) {
        refuse_reset(errand);
        return;
    }
    snprintf(job->old_hash, sizeof job->old_hash, "%.*s", SLICE_ARG(account->password_hash));
    job_copy_id(job->user_id, account->user_id);
    auth_work(errand, job_make_hash, reset_hashed);
}

void auth_on_reset(struct http_request *req, const struct route_match *match, void *user) {
    struct auth *auth = user;
    struct reset_claim claim;
    if (auth_is_throttled(auth, req, "reset", auth->set.config->logins_per_minute, MINUTE_MS))
        return;
    struct errand *errand = errand_new_with_body(req, match, auth);
    if (!errand || !errand_check_body(errand, reset_fields, ARRAY_LEN(reset_fields)) ||
        auth_is_too_common(errand, body_text(errand->body, "newPassword")))
        return;
    if (!reset_token_read(body_text(errand->body, "token"), &claim)) {
        refuse_reset(errand);
        return;
    }
    struct password_job *job = job_new(errand, body_text(errand->body, "newPassword"), SLICE_NONE);
    email_normalise(slice_from(claim.email), job->email);
    errand->call = store_user_find(auth->set.store, slice_from(job->email), on_reset_found, errand);
}
