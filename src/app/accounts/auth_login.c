/* What a login is made of: its tokens, and the answer that carries them. */
#include "app/accounts/access.h"
#include "app/accounts/auth_private.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "wire/web/base64.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

enum { MAC_BYTES = 32, SLUG_BYTES = 48 };

/* A family of refresh tokens ends after three lives of one of them, however busy it is. */
enum { FAMILY_LIVES = 3 };

static void mac(const struct auth *auth, struct slice text, unsigned char out[MAC_BYTES]) {
    const char *secret = auth->config->jwt_refresh_secret;
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
 * Derived, not drawn: asked again within the grace, the same token gives the same successor, and
 * nobody without the secret can do it. The colons keep these texts apart from tokens.
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
        .expires_ms = now_ms + auth->config->jwt_refresh_ttl_s * 1000,
    };
}

int64_t login_family_ttl_ms(const struct auth *auth) {
    return auth->config->jwt_refresh_ttl_s * 1000 * FAMILY_LIVES;
}

/* The answer. */

static void write_text(struct buf *json, const char *key, struct slice text) {
    buf_printf(json, "\"%s\":", key);
    text_add_json(json, text);
}

void auth_write_user(struct buf *json, const struct store_account *account) {
    char created[TEXT_ISO_SIZE];
    text_iso_time(account->created_ms, created);
    buf_add_byte(json, '{');
    write_text(json, "id", account->user_id);
    buf_add_byte(json, ',');
    write_text(json, "email", account->email);
    buf_add_text(json, ",\"name\":");
    if (account->name.len > 0)
        text_add_json(json, account->name);
    else
        buf_add_text(json, "null");
    buf_printf(json, ",\"createdAt\":\"%s\"}", created);
}

void auth_write_organization(struct buf *json, const struct store_membership *membership) {
    buf_add_byte(json, '{');
    write_text(json, "id", membership->organization_id);
    buf_add_byte(json, ',');
    write_text(json, "name", membership->organization_name);
    buf_add_byte(json, ',');
    write_text(json, "slug", membership->organization_slug);
    buf_printf(json, ",\"role\":\"%s\"}", store_role_name(membership->role));
}

void errand_answer_login(struct errand *errand, int status, const struct store_account *account,
                         const char *refresh_token) {
    const struct config *config = errand->auth->config;
    const struct access_holder holder = {account->user_id, account->current->organization_id,
                                         account->family_id};
    struct buf json = {0};
    buf_add_text(&json, "{\"user\":");
    auth_write_user(&json, account);
    buf_add_text(&json, ",\"organization\":");
    auth_write_organization(&json, account->current);
    buf_add_text(&json, ",\"accessToken\":\"");
    access_sign(config, &holder, clock_wall_ms() / 1000, &json);
    buf_printf(&json, "\",\"refreshToken\":\"%s\",\"tokenType\":\"Bearer\",\"expiresIn\":%lld}",
               refresh_token, (long long)config->jwt_access_ttl_s);
    http_add_header(errand->req, "Cache-Control", SLICE("no-store"));
    errand_answer_json(errand, status, buf_slice(&json));
    OPENSSL_cleanse(json.data, json.cap);
    buf_free(&json);
}

/* Slugs. */

/* The letter under the accents of U+00C0..U+00FF, or '-' for what is no letter. */
static char base_letter(unsigned char low) {
    static const char letters[] = "aaaaaaaceeeeiiii"
                                  "dnooooo-ouuuuyts"
                                  "aaaaaaaceeeeiiii"
                                  "dnooooo-ouuuuyty";
    return letters[low & 0x3F];
}

void auth_slug(struct slice name, char out[SLUG_BYTES + 1]) {
    size_t len = 0;
    for (size_t i = 0; i < name.len && len < SLUG_BYTES; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        char letter = '-';
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            letter = (char)c;
        else if (c >= 'A' && c <= 'Z')
            letter = (char)(c - 'A' + 'a');
        else if (c == 0xC3 && i + 1 < name.len)
            letter = base_letter((unsigned char)name.ptr[++i]);
        if (letter != '-' || (len > 0 && out[len - 1] != '-'))
            out[len++] = letter;
    }
    while (len > 0 && out[len - 1] == '-')
        len--;
    out[len] = 0;
    if (len == 0)
        snprintf(out, SLUG_BYTES + 1, "organization");
}
