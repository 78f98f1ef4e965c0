#include "app/accounts/access.h"

#include "app/config/config.h"
#include "base/rand.h"

#include <assert.h>

#define ISSUER "prosa" /* and audience */

void access_sign(const struct config *config, const struct access_holder *holder, int64_t now_s,
                 struct buf *out) {
    char id[RAND_UUID_SIZE];
    rand_uuid(id);
    json_t *claims = json_pack(
        "{s:s%, s:s%, s:s%, s:s, s:s, s:s, s:s, s:I, s:I}", "sub", holder->user_id.ptr,
        holder->user_id.len, "org", holder->organization_id.ptr, holder->organization_id.len, "sid",
        holder->family_id.ptr, holder->family_id.len, "typ", "access", "aud", ISSUER, "iss", ISSUER,
        "jti", id, "iat", (json_int_t)now_s, "exp", (json_int_t)(now_s + config->jwt_access_ttl_s));
    assert(claims);
    jwt_sign(out, claims, slice_from(config->jwt_access_secret));
    json_decref(claims);
}

static bool is_access_token(const json_t *claims, const struct access_holder *holder) {
    return slice_is_equal(jwt_text(claims, "typ"), SLICE("access")) && jwt_is_for(claims, ISSUER) &&
           holder->user_id.len > 0 && holder->organization_id.len > 0 && holder->family_id.len > 0;
}

enum jwt_fault access_verify(const struct config *config, struct slice token, int64_t now_s,
                             json_t **claims, struct access_holder *holder) {
    const struct jwt_key keys[2] = {
        {SLICE(ISSUER), slice_from(config->jwt_access_secret)},
        {SLICE(ISSUER), slice_from(config->jwt_access_secret_previous)},
    };
    if (!config->jwt_access_secret)
        return JWT_UNKNOWN_KEY;
    const size_t count = config->jwt_access_secret_previous ? 2 : 1;
    json_t *found = NULL;
    enum jwt_fault fault = jwt_verify(token, keys, count, now_s, 0, &found);
    if (fault)
        return fault;
    const struct access_holder claimed = {jwt_text(found, "sub"), jwt_text(found, "org"),
                                          jwt_text(found, "sid")};
    if (!is_access_token(found, &claimed)) {
        json_decref(found);
        return JWT_MALFORMED;
    }
    *claims = found;
    *holder = claimed;
    return JWT_OK;
}
