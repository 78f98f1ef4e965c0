/* New users: registering, and accepting an invitation. */
#include "app/accounts/auth_private.h"
#include "app/accounts/slug.h"
#include "base/macros.h"

#include <errno.h>

/* The password of the body, which was checked. */
static void hash_password(struct errand *errand, void (*done)(struct errand *)) {
    struct slice password = body_text(errand->body, "password");
    if (auth_is_too_common(errand, password))
        return;
    job_new(errand, password, SLICE_NONE);
    auth_work(errand, job_make_hash, done);
}

/* ---- POST /auth/register ---- */

static const struct body_field register_fields[] = {
    EMAIL_FIELD,
    {"password", .rules = NEW_PASSWORD_RULES},
    {"name", .is_optional = true, .rules = {{RULE_STRING}, {RULE_MAX_LENGTH, 200}}},
    {"organizationName", .rules = {{RULE_STRING}, {RULE_NOT_EMPTY}, {RULE_MAX_LENGTH, 200}}},
};

static void on_registered(int err, const struct store_account *account, void *user) {
    struct errand *errand = user;
    struct auth *auth = errand->user;
    const struct password_job *job = errand->job;
    if (err == EEXIST) {
        errand_answer_error(errand, 409, "This e-mail is taken");
    } else if (err == EPERM) {
        errand_answer_error(errand, 403, "Registration is by invitation");
    } else if (errand_resume(errand, err, NULL)) {
        auth->stats.registrations++;
        login_answer(errand, 201, account, job->login.token);
    }
}

static void register_hashed(struct errand *errand) {
    struct auth *auth = errand->user;
    struct password_job *job = errand->job;
    struct slice organization = body_text(errand->body, "organizationName");
    char slug[SLUG_SIZE];
    slug_make(organization, slug);
    login_new(auth, &job->login);
    const struct store_registration in = {
        .email = slice_from(job->email),
        .name = body_text(errand->body, "name"),
        .password_hash = slice_from(job->new_hash),
        .organization_name = organization,
        .slug = slice_from(slug),
        .is_first_only = auth->set.config->registration == REGISTRATION_INVITE,
        .grant = login_grant(auth, &job->login, errand->user_agent),
    };
    errand->call = store_user_register(auth->set.store, &in, on_registered, errand);
}

void auth_on_register(struct http_request *req, const struct route_match *match, void *user) {
    struct auth *auth = user;
    if (auth_is_throttled(auth, req, "register", auth->set.config->register_per_hour, HOUR_MS))
        return;
    struct errand *errand = errand_new_with_body(req, match, auth);
    if (!errand)
        return;
    if (auth->set.config->registration == REGISTRATION_OFF)
        errand_answer_error(errand, 403, "Registration is switched off");
    else if (errand_check_body(errand, register_fields, ARRAY_LEN(register_fields)))
        hash_password(errand, register_hashed);
}

/* ---- An invitation: for a new user, or for the user whose access token comes with it ---- */

static const struct body_field accept_fields[] = {
    {"token", .rules = TOKEN_RULES},
    EMAIL_FIELD,
    {"password", .rules = NEW_PASSWORD_RULES},
    {"name", .is_optional = true, .rules = {{RULE_STRING}, {RULE_MAX_LENGTH, 200}}},
};

static const struct body_field join_fields[] = {
    {"token", .rules = TOKEN_RULES},
};

static void on_accepted(int err, const struct store_account *account, void *user) {
    struct errand *errand = user;
    const struct password_job *job = errand->job;
    if (err == ENOENT)
        errand_answer_error(errand, 404, "The invitation is unknown, used or expired");
    else if (err == EACCES)
        errand_answer_error(errand, 403, "The invitation is for another e-mail");
    else if (err == EEXIST)
        errand_answer_error(errand, 409,
                            job->user_id[0] ? "You are a member already" : "This e-mail is taken");
    else if (errand_resume(errand, err, NULL))
        login_answer(errand, 201, account, job->login.token);
}

static void accept_invitation(struct errand *errand) {
    struct auth *auth = errand->user;
    struct password_job *job = errand->job;
    char hash[TOKEN_HASH_BYTES + 1];
    login_hash(auth, body_text(errand->body, "token"), hash);
    login_new(auth, &job->login);
    const struct store_acceptance in = {
        .token_hash = slice_from(hash),
        .user_id = slice_from(job->user_id),
        .email = slice_from(job->email),
        .name = body_text(errand->body, "name"),
        .password_hash = slice_from(job->new_hash),
        .grant = login_grant(auth, &job->login, errand->user_agent),
    };
    errand->call = store_invitation_accept(auth->set.store, &in, on_accepted, errand);
}

static void auth_join(struct errand *errand, const struct store_account *account) {
    if (!errand_check_body(errand, join_fields, ARRAY_LEN(join_fields)))
        return;
    struct password_job *job = job_new(errand, SLICE_NONE, SLICE_NONE);
    job_copy_id(job->user_id, account->user_id);
    accept_invitation(errand);
}

void auth_on_accept(struct http_request *req, const struct route_match *match, void *user) {
    struct auth *auth = user;
    if (auth_is_throttled(auth, req, "accept", auth->set.config->logins_per_minute, MINUTE_MS))
        return;
    struct errand *errand = errand_new_with_body(req, match, auth);
    if (!errand)
        return;
    if (http_find_header(req->head, "authorization"))
        auth_check(auth, errand, auth_join);
    else if (errand_check_body(errand, accept_fields, ARRAY_LEN(accept_fields)))
        hash_password(errand, accept_invitation);
}
