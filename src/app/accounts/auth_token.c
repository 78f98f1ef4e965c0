/* Staying logged in, logging out, and GET /auth/me. */
#include "app/accounts/auth_private.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/rand.h"
#include "wire/web/json_write.h"

#include <errno.h>
#include <openssl/crypto.h>

/* A client may repeat a refresh for so long: the same token gets the same successor. */
enum { GRACE_MS = 10 * 1000 };

static const struct body_field token_fields[] = {
    {"refreshToken", .rules = TOKEN_RULES},
};

static void on_rotated(int err, const struct store_account *account, void *user) {
    struct errand *errand = user;
    struct auth *auth = errand->user;
    if (err == EACCES) {
        auth->stats.reuses++;
        log_limited(LOG_WARN, 10, NULL, "auth",
                    "a refresh token was used twice: its login is ended");
        auth_tell_change(auth, account->user_id);
    }
    if (err == ENOENT || err == EACCES) {
        if (errand->has_cookie)
            auth_clear_cookie(errand->req);
        errand_answer_error(errand, 401, NULL);
    } else if (errand_resume(errand, err, NULL)) {
        char token[TOKEN_TEXT_BYTES + 1];
        auth->stats.refreshes++;
        login_successor(auth, body_text(errand->body, "refreshToken"), account->token_id, token);
        login_answer(errand, 200, account, token);
        OPENSSL_cleanse(token, sizeof token);
    }
}

void auth_on_refresh(struct http_request *req, const struct route_match *match, void *user) {
    struct auth *auth = user;
    if (auth_is_throttled(auth, req, "refresh", auth->set.config->refreshes_per_minute, MINUTE_MS))
        return;
    struct errand *errand = errand_new_with_body(req, match, auth);
    if (errand && errand_check_body(errand, token_fields, ARRAY_LEN(token_fields)))
        auth_refresh(errand);
}

void auth_refresh(struct errand *errand) {
    struct auth *auth = errand->user;
    struct slice token = body_text(errand->body, "refreshToken");
    char next_id[RAND_UUID_SIZE], next[TOKEN_TEXT_BYTES + 1];
    char hash[TOKEN_HASH_BYTES + 1], next_hash[TOKEN_HASH_BYTES + 1];
    rand_uuid(next_id);
    login_successor(auth, token, slice_from(next_id), next);
    login_hash(auth, token, hash);
    login_hash(auth, slice_from(next), next_hash);
    const struct store_rotation rotation = {
        .token_hash = slice_from(hash),
        .next_id = slice_from(next_id),
        .next_hash = slice_from(next_hash),
        .user_agent = slice_from(errand->user_agent),
        .now_ms = clock_wall_ms(),
        .ttl_ms = auth->set.config->jwt_refresh_ttl_s * 1000,
        .family_ttl_ms = login_family_ttl_ms(auth),
        .grace_ms = GRACE_MS,
    };
    errand->call = store_token_rotate(auth->set.store, &rotation, on_rotated, errand);
}

static void on_logged_out(int err, struct slice user_id, void *user) {
    struct errand *errand = errand_resume(user, err, NULL);
    if (!errand)
        return;
    auth_tell_change(errand->user, user_id);
    if (errand->has_cookie)
        auth_clear_cookie(errand->req);
    errand_answer_empty(errand, 204);
}

void auth_on_logout(struct http_request *req, const struct route_match *match, void *user) {
    struct auth *auth = user;
    struct errand *errand = errand_new_with_body(req, match, auth);
    if (errand && errand_check_body(errand, token_fields, ARRAY_LEN(token_fields)))
        auth_logout(errand);
}

void auth_logout(struct errand *errand) {
    struct auth *auth = errand->user;
    char hash[TOKEN_HASH_BYTES + 1];
    login_hash(auth, body_text(errand->body, "refreshToken"), hash);
    errand->call = store_token_revoke(auth->set.store, slice_from(hash), clock_wall_ms(),
                                      on_logged_out, errand);
}

static void answer_me(struct errand *errand, const struct store_account *account) {
    struct buf *json = &errand->json;
    json_open(json, NULL);
    auth_write_user(json, account);
    auth_write_organization(json, "organization", account->current);
    json_add_text(json, "role", account->current->role_name);
    json_open_array(json, "memberships");
    for (size_t i = 0; i < account->membership_count; i++)
        auth_write_organization(json, NULL, &account->memberships[i]);
    json_close_array(json);
    json_close(json);
    errand_answer_json(errand, 200);
}

void auth_on_me(struct http_request *req, const struct route_match *match, void *user) {
    auth_check(user, errand_new(req, match, user), answer_me);
}
