/*
 * Logging in with a password, and changing it. Every refusal gets the same answer and takes as long
 * as a success, so that it does not tell whether the user exists.
 */
#include "app/accounts/auth_private.h"
#include "base/clock.h"
#include "base/macros.h"

#include <errno.h>
#include <stdio.h>

static const struct body_field login_fields[] = {
    EMAIL_FIELD,
    {"password", .rules = {{RULE_STRING}, {RULE_NOT_EMPTY}, {RULE_MAX_LENGTH, 1024}}},
    {"organizationSlug", .is_optional = true, .rules = {{RULE_STRING}, {RULE_MAX_LENGTH, 128}}},
};

/* ---- Limits on the attempts at one account ---- */

/* The key of an account is its e-mail, which has no space; those of client addresses have one. */
static struct slice account_key(const struct errand *errand) {
    const struct password_job *job = errand->job;
    return slice_from(job->email);
}

/* Answers 429, and returns true, while earlier failures make this account wait. */
static bool must_wait(struct errand *errand) {
    struct auth *auth = errand->user;
    unsigned wait_s = throttle_wait(&auth->throttle, account_key(errand), clock_mono_ms());
    if (wait_s > 0)
        auth_answer_too_many(auth, errand, wait_s);
    return wait_s > 0;
}

static void refuse_login(struct errand *errand) {
    struct auth *auth = errand->user;
    throttle_fail(&auth->throttle, account_key(errand), clock_mono_ms());
    auth->stats.logins_failed++;
    errand_answer_error(errand, 401, "Invalid credentials");
}

/* ---- POST /auth/login: found, checked, stored, answered ---- */

/* The account again, as it is now that the login is stored. */
static void on_logged_in(int err, const struct store_account *account, void *user) {
    struct errand *errand = user;
    struct auth *auth = errand->user;
    const struct password_job *job = errand->job;
    if (err == ENOENT) {
        refuse_login(errand);
    } else if (errand_resume(errand, err, NULL)) {
        throttle_forgive(&auth->throttle, account_key(errand));
        auth->stats.logins++;
        login_answer(errand, 200, account, job->login.token);
    }
}

static void on_login_stored(int err, void *user) {
    struct errand *errand = errand_resume(user, err == EINVAL ? EAGAIN : err, NULL);
    if (!errand)
        return;
    const struct auth *auth = errand->user;
    const struct password_job *job = errand->job;
    errand->call = store_user_check(auth->set.store, slice_from(job->user_id),
                                    slice_from(job->organization_id),
                                    slice_from(job->login.family_id), on_logged_in, errand);
}

static void login_checked(struct errand *errand) {
    const struct auth *auth = errand->user;
    struct password_job *job = errand->job;
    if (!job->fits || !job->organization_id[0]) {
        refuse_login(errand);
        return;
    }
    if (job->new_hash[0])
        store_password_upgrade(auth->set.store, slice_from(job->user_id), slice_from(job->old_hash),
                               slice_from(job->new_hash), clock_wall_ms(), NULL, NULL);
    login_new(auth, &job->login);
    const struct store_grant grant = login_grant(auth, &job->login, errand->user_agent);
    errand->call =
        store_token_add(auth->set.store, slice_from(job->user_id), slice_from(job->organization_id),
                        &grant, on_login_stored, errand);
}

static void even_out(struct auth *auth, struct password_job *job) {
    const bool is_bcrypt = password_is_bcrypt(job->old_hash);
    if (is_bcrypt && !auth->dummy_bcrypt[0])
        password_dummy_bcrypt(auth->dummy_bcrypt, job->old_hash);
    snprintf(job->other_hash, sizeof job->other_hash, "%s",
             is_bcrypt ? auth->dummy_hash : auth->dummy_bcrypt);
}

/* The password of an unknown or disabled user, or of one without a password, is checked as well,
 * against the dummy hash. */
static void on_login_found(int err, const struct store_account *account, void *user) {
    struct errand *errand = errand_resume(user, err == ENOENT ? 0 : err, NULL);
    if (!errand)
        return;
    struct auth *auth = errand->user;
    struct password_job *job = errand->job;
    const bool can_login = !err && !account->is_disabled && account->password_hash.len > 0 &&
                           account->password_hash.len < sizeof job->old_hash;
    const struct store_membership *membership =
        can_login ? auth_find_membership(account, body_text(errand->body, "organizationSlug"))
                  : NULL;
    snprintf(job->old_hash, sizeof job->old_hash, "%.*s",
             SLICE_ARG(can_login ? account->password_hash : slice_from(auth->dummy_hash)));
    even_out(auth, job);
    if (membership) {
        job_copy_id(job->user_id, account->user_id);
        job_copy_id(job->organization_id, membership->organization_id);
    }
    auth_work(errand, job_check, login_checked);
}

void auth_begin_login(struct auth *auth, struct http_request *req, const struct route_match *match,
                      bool has_cookie) {
    if (auth_is_throttled(auth, req, "login", auth->set.config->logins_per_minute, MINUTE_MS))
        return;
    struct errand *errand = errand_new_with_body(req, match, auth);
    if (!errand || !errand_check_body(errand, login_fields, ARRAY_LEN(login_fields)))
        return;
    errand->has_cookie = has_cookie;
    const struct password_job *job =
        job_new(errand, body_text(errand->body, "password"), SLICE_NONE);
    if (!must_wait(errand))
        errand->call =
            store_user_find(auth->set.store, slice_from(job->email), on_login_found, errand);
}

void auth_on_login(struct http_request *req, const struct route_match *match, void *user) {
    auth_begin_login(user, req, match, false);
}

/* ---- POST /auth/password ---- */

static const struct body_field password_fields[] = {
    {"currentPassword", .rules = {{RULE_STRING}, {RULE_NOT_EMPTY}, {RULE_MAX_LENGTH, 1024}}},
    {"newPassword", .rules = NEW_PASSWORD_RULES},
};

static void on_password_set(int err, void *user) {
    struct errand *errand = user;
    struct auth *auth = errand->user;
    const struct password_job *job = errand->job;
    if (err == ENOENT) {
        refuse_login(errand);
    } else if (errand_resume(errand, err, NULL)) {
        auth_tell_change(auth, slice_from(job->user_id));
        errand_answer_empty(errand, 204);
    }
}

static void password_replaced(struct errand *errand) {
    struct auth *auth = errand->user;
    struct password_job *job = errand->job;
    if (!job->fits)
        refuse_login(errand);
    else
        errand->call =
            store_password_set(auth->set.store, slice_from(job->user_id), slice_from(job->old_hash),
                               slice_from(job->new_hash), slice_from(job->login.family_id),
                               clock_wall_ms(), on_password_set, errand);
}

static void on_password_found(int err, const struct store_account *account, void *user) {
    struct errand *errand = errand_resume(user, err, "Unknown user");
    if (!errand)
        return;
    struct password_job *job = errand->job;
    snprintf(job->old_hash, sizeof job->old_hash, "%.*s", SLICE_ARG(account->password_hash));
    auth_work(errand, job_replace, password_replaced);
}

static void auth_change_password(struct errand *errand, const struct store_account *account) {
    struct auth *auth = errand->user;
    if (!errand_check_body(errand, password_fields, ARRAY_LEN(password_fields)) ||
        auth_is_too_common(errand, body_text(errand->body, "newPassword")))
        return;
    struct password_job *job = job_new(errand, body_text(errand->body, "currentPassword"),
                                       body_text(errand->body, "newPassword"));
    email_normalise(account->email, job->email);
    job_copy_id(job->user_id, account->user_id);
    job_copy_id(job->login.family_id, account->family_id);
    if (!must_wait(errand))
        errand->call =
            store_user_find(auth->set.store, slice_from(job->email), on_password_found, errand);
}

void auth_on_password(struct http_request *req, const struct route_match *match, void *user) {
    auth_check(user, errand_new_with_body(req, match, user), auth_change_password);
}
