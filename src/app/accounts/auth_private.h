/* What the files auth*.c share. Private to them. */
#ifndef APP_AUTH_PRIVATE_H
#define APP_AUTH_PRIVATE_H

#include "app/accounts/auth.h"
#include "app/config/config.h"
#include "app/accounts/password.h"
#include "app/accounts/throttle.h"
#include "app/rest/body.h"
#include "net/http/http_server.h"

enum {
    TOKEN_TEXT_BYTES = 43, /* 32 bytes in base64url */
    TOKEN_HASH_BYTES = 64, /* 32 bytes in hexadecimal */
    UUID_BYTES = 36,
    EMAIL_BYTES = 321,
    MINUTE_MS = 60 * 1000,
    HOUR_MS = 60 * MINUTE_MS,
};

#define EMAIL_FIELD                                                                                \
    {                                                                                              \
        "email", .rules = { {RULE_EMAIL} }                                                         \
    }
#define NEW_PASSWORD_RULES                                                                         \
    {                                                                                              \
        {RULE_STRING}, {RULE_MIN_LENGTH, 8}, {                                                     \
            RULE_MAX_LENGTH, 128                                                                   \
        }                                                                                          \
    }

struct recording_api;

struct auth {
    struct auth_world world;
    const struct config *config;
    struct store *store;
    struct worker *worker;
    struct throttle throttle;
    struct password_cost cost;
    char dummy_hash
        [PASSWORD_HASH_BYTES]; /* of nobody: an unknown user takes as long as a known one */
    struct auth_stats stats;
    struct recording_api *recording_api; /* NULL without one */
};

/* An errand for whoever; the body is read. NULL: answered already. */
struct errand *errand_new(struct auth *, struct http_request *, const struct route_match *,
                          bool reads_body);
void errand_free(struct errand *);

/*
 * Runs on a worker thread, then `done` on control (err as in net/worker.h). 503 when the queue is
 * full, or the disk stalls on which the outcome would be stored.
 */
void errand_work(struct errand *, void (*work)(void *job), void (*done)(struct errand *, int err));

/* The same on another worker than the one for passwords. */
void errand_work_on(struct errand *, struct worker *, void (*work)(void *job),
                    void (*done)(struct errand *, int err));

/*
 * 429 with Retry-After, and true, when `key` came too often from this address. `count` 0: no limit.
 */
bool auth_is_throttled(struct auth *, struct http_request *, const char *door, unsigned count,
                       int64_t window_ms);
void auth_answer_too_many(struct auth *, struct http_request *, unsigned wait_s);

/* A refresh token to be given away, with its row. Texts are terminated. */
struct login {
    char token[TOKEN_TEXT_BYTES + 1];
    char hash[TOKEN_HASH_BYTES + 1];
    char token_id[UUID_BYTES + 1];
    char family_id[UUID_BYTES + 1];
};
void login_new(const struct auth *, struct login *);
struct store_grant login_grant(const struct auth *, const struct login *, const char *user_agent);
/* The token that follows on `token`, always the same for the same row. */
void login_successor(const struct auth *, struct slice token, struct slice next_id,
                     char out[TOKEN_TEXT_BYTES + 1]);
void login_hash(const struct auth *, struct slice token, char out[TOKEN_HASH_BYTES + 1]);

/* How long a family of refresh tokens lives, however busy it is. */
int64_t login_family_ttl_ms(const struct auth *);

/* An errand's work with passwords, and what it remembers meanwhile. */
struct password_job {
    struct slice password;      /* copies, wiped in the end */
    struct slice next_password; /* of a change */
    struct password_cost cost;
    char old_hash[PASSWORD_HASH_BYTES];
    char new_hash[PASSWORD_HASH_BYTES]; /* empty: none was made */
    bool fits;
    int err;
    char email[EMAIL_BYTES];
    char user_id[UUID_BYTES + 1];
    char organization_id[UUID_BYTES + 1];
    struct login login;
};

/* Becomes the errand's; the e-mail is the body's, if it has one. */
struct password_job *job_new(struct errand *, struct slice password, struct slice next_password);
void job_copy_id(char out[UUID_BYTES + 1], struct slice id);
/* For errand_work. */
void job_make_hash(void *job); /* new_hash of password */
void job_check(void *job);     /* fits, and new_hash where the old one is outdated */
void job_replace(void *job);   /* fits, and new_hash of next_password */

/* The form an e-mail is stored and looked up in. */
void auth_normalise_email(struct slice email, char out[EMAIL_BYTES]);
/* Answers 400 when it is. */
bool auth_is_too_common(struct http_request *, struct slice password);

/* The answer of register, login and refresh: user, organization, both tokens. */
void errand_answer_login(struct errand *, int status, const struct store_account *,
                         const char *refresh_token);

void auth_write_user(struct buf *, const struct store_account *);
void auth_write_organization(struct buf *, const struct store_membership *);

/* "São Paulo & Cia" -> "sao-paulo-cia", at most 48 bytes, never empty. */
void auth_slug(struct slice name, char out[49]);

route_fn auth_on_register, auth_on_login, auth_on_refresh, auth_on_logout, auth_on_password,
    auth_on_accept, auth_on_me;
void auth_add_organization_routes(struct auth *, struct routes *);

#endif
