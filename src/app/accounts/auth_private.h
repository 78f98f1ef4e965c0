/* What the files auth*.c share. */
#ifndef APP_AUTH_PRIVATE_H
#define APP_AUTH_PRIVATE_H

#include "app/accounts/auth.h"
#include "app/accounts/password.h"
#include "app/accounts/throttle.h"
#include "app/config/config.h"
#include "app/rest/body.h"
#include "app/rest/email.h"
#include "net/http/http_server.h"

enum {
    TOKEN_TEXT_BYTES = 43, /* 32 bytes in base64url */
    TOKEN_HASH_BYTES = 64, /* 32 bytes in hexadecimal */
    UUID_BYTES = 36,
    MINUTE_MS = 60 * 1000,
    HOUR_MS = 60 * MINUTE_MS,
};

/* The fields that several bodies have in common. */
#define EMAIL_FIELD        {"email", .rules = {{RULE_EMAIL}}}
#define NEW_PASSWORD_RULES {{RULE_STRING}, {RULE_MIN_LENGTH, 8}, {RULE_MAX_LENGTH, 128}}
#define TOKEN_RULES        {{RULE_STRING}, {RULE_NOT_EMPTY}, {RULE_MAX_LENGTH, 4096}}

/* The `user` of the errands of all auth*.c. */
struct auth {
    struct auth_settings set;
    struct worker *worker;
    struct throttle throttle;
    struct password_cost cost;
    /* Checked for an unknown user, so that the answer takes as long as for a known one. */
    char dummy_hash[PASSWORD_HASH_BYTES];
    /* The same of bcrypt, once a user with such a hash was seen. From then on each login checks a
     * hash of both kinds, or its time would tell the kind. */
    char dummy_bcrypt[PASSWORD_HASH_BYTES];
    struct auth_stats stats;
};

/* ---- Refusals ---- */

/*
 * Answers 429 with Retry-After, and returns true, when this client address came too often through
 * `door`. `count` 0: no limit.
 */
bool auth_is_throttled(struct auth *, struct http_request *, const char *door, unsigned count,
                       int64_t window_ms);
void auth_answer_too_many(struct auth *, struct errand *, unsigned wait_s);

/* Answers 400, and returns true, when the password is among the most common ones. */
bool auth_is_too_common(struct errand *, struct slice password);

/* The membership in the organization of this slug; empty: the oldest one. NULL: there is none. */
const struct store_membership *auth_find_membership(const struct store_account *,
                                                    struct slice slug);

/*
 * One or more logins of this user have ended, or a membership has changed. Called wherever that
 * happens: a logout, a refresh token used twice, a new password, a removed member, a changed role.
 * What is open under those logins is checked again at once. Empty: a token of nobody.
 */
void auth_tell_change(struct auth *, struct slice user_id);

/* ---- Logins (auth_login.c) ---- */

/* A new refresh token with its row. The texts are terminated. */
struct login {
    char token[TOKEN_TEXT_BYTES + 1];
    char hash[TOKEN_HASH_BYTES + 1];
    char token_id[UUID_BYTES + 1];
    char family_id[UUID_BYTES + 1];
};
void login_new(const struct auth *, struct login *);
struct store_grant login_grant(const struct auth *, const struct login *, const char *user_agent);

/* The token that replaces `token`. The same arguments always give the same successor. */
void login_successor(const struct auth *, struct slice token, struct slice next_id,
                     char out[TOKEN_TEXT_BYTES + 1]);
void login_hash(const struct auth *, struct slice token, char out[TOKEN_HASH_BYTES + 1]);

/* How long a family of refresh tokens lives, however often it is used. */
int64_t login_family_ttl_ms(const struct auth *);

/* The answer of register, login and refresh: user, organization and both tokens. */
void login_answer(struct errand *, int status, const struct store_account *,
                  const char *refresh_token);

/* As members of a JSON object. */
void auth_write_user(struct buf *, const struct store_account *);
void auth_write_organization(struct buf *, const char *name, const struct store_membership *);

/* ---- Work with passwords (auth_job.c) ---- */

/* The job of an errand that works with passwords. The texts are terminated. */
struct password_job {
    struct slice password;      /* copies, wiped at the end */
    struct slice next_password; /* of a change */
    struct password_cost cost;
    char old_hash[PASSWORD_HASH_BYTES];
    char other_hash[PASSWORD_HASH_BYTES]; /* checked in vain; empty: none */
    char new_hash[PASSWORD_HASH_BYTES]; /* empty: none was made */
    bool fits;
    int err; /* of the hashing */
    char email[EMAIL_SIZE];
    char user_id[UUID_BYTES + 1];
    char organization_id[UUID_BYTES + 1];
    struct login login;
    /* Of auth_work: */
    void (*work)(struct password_job *);
    void (*done)(struct errand *);
};

/* Becomes the errand's job. The e-mail is that of the body, if it has one. */
struct password_job *job_new(struct errand *, struct slice password, struct slice next_password);
void job_copy_id(char out[UUID_BYTES + 1], struct slice id);

/* For auth_work: */
void job_make_hash(struct password_job *); /* new_hash of password */
void job_check(struct password_job *);     /* fits, and new_hash where the old one is outdated */
void job_replace(struct password_job *);   /* fits, and new_hash of next_password */

/*
 * Runs `work` with the errand's job on a worker thread, then `done` on control. Answers by itself
 * when the work failed; with 503 when the queue is full, or when the disk of the database stalls
 * and the outcome could not be stored.
 */
void auth_work(struct errand *, void (*work)(struct password_job *), void (*done)(struct errand *));

/* ---- Handlers ---- */

route_fn auth_on_register, auth_on_login, auth_on_refresh, auth_on_logout, auth_on_password,
    auth_on_accept, auth_on_me, auth_on_reset;
void auth_add_organization_routes(struct auth *, struct routes *);

/* ---- auth_cookie.c: the refresh token in a cookie ---- */

void auth_set_cookie(struct http_request *, const char *token, int64_t lasts_s);
void auth_clear_cookie(struct http_request *);
/* The common part of both ways. */
void auth_begin_login(struct auth *, struct http_request *, const struct route_match *,
                      bool has_cookie);
void auth_refresh(struct errand *); /* its body has the token */
void auth_logout(struct errand *);
route_fn auth_on_page_login, auth_on_page_refresh, auth_on_page_logout;

#endif
