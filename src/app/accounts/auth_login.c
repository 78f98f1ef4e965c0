/* What a login consists of: its refresh tokens, and the answer that carries them. */
#include "app/accounts/access.h"
#include "app/accounts/auth_private.h"
#include "base/clock.h"
#include "base/rand.h"
#include "base/text.h"
#include "wire/web/base64.h"
#include "wire/web/json_write.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

enum { MAC_BYTES = 32 };

/* A family of refresh tokens ends after three lifetimes of one token, however often it is used. */
enum { FAMILY_LIVES = 3 };

static void mac(const struct auth *auth, struct slice text, unsigned char out[MAC_BYTES]) {
    const char *secret = auth->set.config->jwt_refresh_secret;
    unsigned char *made =
        HMAC(EVP_sha256(), secret, (int)strlen(secret),
             (const unsigned char *)(text.ptr ? text.ptr : ""), text.len, out, NULL);
    assert(made);
    (void)made;
}

void login_hash(const struct auth *auth, struct slice token, char out[TOKEN_HASH_BYTES + 1]) {
    unsigned char bytes[MAC_BYTES];
    mac(auth, token, bytes);
    text_hex(bytes, sizeof bytes, out);
}

/*
 * The successor is derived, not random: a client that repeats its request within the grace period
 * gets the same one, and deriving it takes the secret. The colons keep these texts apart from
 * tokens, which have none.
 */
void login_successor(const struct auth *auth, struct slice token, struct slice next_id,
                     char out[TOKEN_TEXT_BYTES + 1]) {
    unsigned char bytes[MAC_BYTES];
    struct buf text = {0};
    buf_printf(&text, "successor:%.*s:", SLICE_ARG(next_id));
    buf_add_slice(&text, token);
    mac(auth, buf_slice(&text), bytes);
    buf_clear(&text);
    base64url_write(&text, slice_of(bytes, sizeof bytes));
    assert(text.len == TOKEN_TEXT_BYTES);
    snprintf(out, TOKEN_TEXT_BYTES + 1, "%.*s", SLICE_ARG(buf_slice(&text)));
    OPENSSL_cleanse(bytes, sizeof bytes);
    buf_free(&text);
}

void login_new(const struct auth *auth, struct login *login) {
    rand_token(login->token, TOKEN_TEXT_BYTES);
    login_hash(auth, slice_from(login->token), login->hash);
    rand_uuid(login->token_id);
    rand_uuid(login->family_id);
}

struct store_grant login_grant(const struct auth *auth, const struct login *login,
                               const char *user_agent) {
    const int64_t now_ms = clock_wall_ms();
    return (struct store_grant){
        .token_id = slice_from(login->token_id),
        .family_id = slice_from(login->family_id),
        .token_hash = slice_from(login->hash),
        .user_agent = slice_from(user_agent),
        .now_ms = now_ms,
        .expires_ms = now_ms + auth->set.config->jwt_refresh_ttl_s * 1000,
    };
}

int64_t login_family_ttl_ms(const struct auth *auth) {
    return auth->set.config->jwt_refresh_ttl_s * 1000 * FAMILY_LIVES;
}

/* ---- The answer ---- */

void auth_write_user(struct buf *json, const struct store_account *account) {
    json_open(json, "user");
    json_add_text(json, "id", account->user_id);
    json_add_text(json, "email", account->email);
    json_add_text_or_null(json, "name", account->name);
    json_add_time(json, "createdAt", account->created_ms);
    json_close(json);
}

void auth_write_organization(struct buf *json, const char *name,
                             const struct store_membership *membership) {
    json_open(json, name);
    json_add_text(json, "id", membership->organization_id);
    json_add_text(json, "name", membership->organization_name);
    json_add_text(json, "slug", membership->organization_slug);
    json_add_text(json, "role", membership->role_name);
    json_close(json);
}

void login_answer(struct errand *errand, int status, const struct store_account *account,
                  const char *refresh_token) {
    const struct auth *auth = errand->user;
    const struct access_holder holder = {account->user_id, account->current->organization_id,
                                         account->family_id};
    struct buf access = {0}, *json = &errand->json;
    access_sign(auth->set.config, &holder, clock_wall_ms() / 1000, &access);
    json_open(json, NULL);
    auth_write_user(json, account);
    auth_write_organization(json, "organization", account->current);
    json_add_text(json, "accessToken", buf_slice(&access));
    if (errand->has_cookie)
        auth_set_cookie(errand->req, refresh_token, auth->set.config->jwt_refresh_ttl_s);
    else
        json_add_text(json, "refreshToken", slice_from(refresh_token));
    json_add_text(json, "tokenType", SLICE("Bearer"));
    json_add_int(json, "expiresIn", auth->set.config->jwt_access_ttl_s);
    json_close(json);
    OPENSSL_cleanse(access.data, access.cap);
    buf_free(&access);
    http_add_header(errand->req, "Cache-Control", SLICE("no-store"));
    errand_answer_json(errand, status);
}
