/* Staying logged in, logging out, and who one is. */
#include "app/accounts/auth_private.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"

#include <errno.h>
#include <openssl/crypto.h>

/* In which the same refresh token gives the same successor. */
enum { GRACE_MS = 10 * 1000 };

static const struct field token_fields[] = {
    {"refreshToken", .rules = {{RULE_STRING}, {RULE_NOT_EMPTY}, {RULE_MAX_LENGTH, 512}}},
};

static void on_rotated(int err, const struct store_account *account, void *arg) {
    struct errand *errand = arg;
    char token[TOKEN_TEXT_BYTES + 1];
    errand->call = NULL;
    if (err == EACCES) {
        errand->auth->stats.reuses++;
        log_warn("auth", "a refresh token was used twice: its login is ended");
    }
    if (err == ENOENT || err == EACCES) {
        errand_answer_error(errand, 401, NULL);
    } else if (err) {
        errand_answer_errno(errand, err, NULL);
    } else {
        errand->auth->stats.refreshes++;
        login_successor(errand->auth, body_text(errand->body, "refreshToken"), account->token_id,
                        token);
        errand_answer_login(errand, 200, account, token);
        OPENSSL_cleanse(token, sizeof token);
    }
}

void auth_on_refresh(struct http_request *req, const struct route_match *match, void *owner) {
    struct auth *auth = owner;
    if (auth_is_throttled(auth, req, "refresh", (unsigned)auth->config->refreshes_per_minute,
                          MINUTE_MS))
        return;
    struct errand *errand = errand_new(auth, req, match, true);
    if (!errand)
        return;
    if (!body_check(req, errand->body, token_fields, ARRAY_LEN(token_fields))) {
        errand_free(errand);
        return;
    }
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
        .ttl_ms = auth->config->jwt_refresh_ttl_s * 1000,
        .family_ttl_ms = login_family_ttl_ms(auth),
        .grace_ms = GRACE_MS,
    };
    errand->call = store_token_rotate(auth->store, &rotation, on_rotated, errand);
}

static void on_logged_out(int err, void *arg) {
    struct errand *errand = arg;
    errand->call = NULL;
    if (err)
        errand_answer_errno(errand, err, NULL);
    else
        errand_answer_empty(errand, 204);
}

void auth_on_logout(struct http_request *req, const struct route_match *match, void *owner) {
    struct auth *auth = owner;
    struct errand *errand = errand_new(auth, req, match, true);
    char hash[TOKEN_HASH_BYTES + 1];
    if (!errand)
        return;
    if (!body_check(req, errand->body, token_fields, ARRAY_LEN(token_fields))) {
        errand_free(errand);
        return;
    }
    login_hash(auth, body_text(errand->body, "refreshToken"), hash);
    errand->call =
        store_token_revoke(auth->store, slice_from(hash), clock_wall_ms(), on_logged_out, errand);
}

static void answer_me(struct errand *errand, const struct store_account *account) {
    struct buf json = {0};
    buf_add_text(&json, "{\"user\":");
    auth_write_user(&json, account);
    buf_add_text(&json, ",\"organization\":");
    auth_write_organization(&json, account->current);
    buf_printf(&json, ",\"role\":\"%s\",\"memberships\":[",
               store_role_name(account->current->role));
    for (size_t i = 0; i < account->membership_count; i++) {
        buf_add_text(&json, i ? "," : "");
        auth_write_organization(&json, &account->memberships[i]);
    }
    buf_add_text(&json, "]}");
    errand_answer_json(errand, 200, buf_slice(&json));
    buf_free(&json);
}

void auth_on_me(struct http_request *req, const struct route_match *match, void *owner) {
    auth_check(owner, req, match, false, answer_me);
}
