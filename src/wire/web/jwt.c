#include "wire/web/jwt.h"

#include "base/macros.h"
#include "wire/web/base64.h"
#include "wire/web/json_read.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

enum { MAC_BYTES = 32 };

/* NumericDates end with the year 9999: a larger one is a mistake or an attack. */
static const double DATE_MAX = 253402300799.0;

struct parts {
    struct slice signed_bytes; /* header.payload */
    struct slice header, payload, signature;
};

static bool cut_parts(struct slice token, struct parts *parts) {
    struct slice rest = token;
    if (!slice_cut(&rest, '.', &parts->header) || !slice_cut(&rest, '.', &parts->payload) ||
        !slice_cut(&rest, '.', &parts->signature) || slice_cut(&rest, '.', &rest))
        return false;
    parts->signed_bytes = slice_take(token, parts->header.len + 1 + parts->payload.len);
    return parts->header.len > 0 && parts->payload.len > 0 && parts->signature.len > 0;
}

static json_t *parse_object(struct slice part) {
    struct buf text = {0};
    json_t *object = NULL;
    if (base64url_parse(&text, part))
        object = json_read_strict(buf_slice(&text));
    OPENSSL_cleanse(text.data, text.cap);
    buf_free(&text);
    if (!json_is_object(object)) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static void mac_of(struct slice secret, struct slice bytes, unsigned char mac[MAC_BYTES]) {
    static const char none = 0; /* OpenSSL takes a NULL key for "the one before" */
    assert(secret.len <= INT_MAX);
    unsigned char *made = HMAC(EVP_sha256(), secret.len > 0 ? secret.ptr : &none, (int)secret.len,
                               (const unsigned char *)bytes.ptr, bytes.len, mac, NULL);
    assert(made);
    (void)made;
}

/* Tries every key of the issuer: when a secret is replaced, tokens of the old one are still
 * valid. */
static enum jwt_fault check_signature(const struct parts *parts, struct slice issuer,
                                      const struct jwt_key *keys, size_t key_count) {
    struct buf given = {0};
    bool is_known = false, is_good = false;
    if (base64url_parse(&given, parts->signature) && given.len == MAC_BYTES) {
        for (size_t i = 0; i < key_count; i++) {
            if (keys[i].issuer.len > 0 && !slice_is_equal(keys[i].issuer, issuer))
                continue;
            unsigned char mac[MAC_BYTES];
            mac_of(keys[i].secret, parts->signed_bytes, mac);
            is_good |= CRYPTO_memcmp(mac, given.data, MAC_BYTES) == 0;
            OPENSSL_cleanse(mac, sizeof mac);
            is_known = true;
        }
    } else {
        is_known = true;
    }
    buf_free(&given);
    if (!is_known)
        return JWT_UNKNOWN_KEY;
    return is_good ? JWT_OK : JWT_BAD_SIGNATURE;
}

static bool read_date(const json_t *claim, double *date) {
    if (!json_is_number(claim))
        return false;
    *date = json_number_value(claim);
    return isfinite(*date) && *date >= 0 && *date <= DATE_MAX;
}

static enum jwt_fault check_times(const json_t *claims, int64_t now_s, unsigned leeway_s) {
    const double now = (double)now_s, leeway = leeway_s;
    const double lead = leeway_s > JWT_LEAD_S ? leeway_s : JWT_LEAD_S;
    double date;
    if (!read_date(json_object_get(claims, "exp"), &date))
        return JWT_NO_EXPIRY;
    if (now >= date + leeway)
        return JWT_EXPIRED;
    static const char *const starts[] = {"nbf", "iat"};
    for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
        const json_t *claim = json_object_get(claims, starts[i]);
        if (claim && !read_date(claim, &date))
            return JWT_MALFORMED;
        if (claim && date > now + lead)
            return JWT_NOT_YET;
    }
    return JWT_OK;
}

static enum jwt_fault check_header(struct slice part) {
    json_t *header = parse_object(part);
    enum jwt_fault fault = JWT_OK;
    if (!header || json_object_get(header, "crit"))
        fault = JWT_MALFORMED;
    else if (!slice_is_equal(jwt_text(header, "alg"), SLICE("HS256")))
        fault = JWT_BAD_ALGORITHM;
    json_decref(header);
    return fault;
}

enum jwt_fault jwt_verify(struct slice token, const struct jwt_key *keys, size_t key_count,
                          int64_t now_s, unsigned leeway_s, json_t **claims) {
    struct parts parts;
    if (token.len > JWT_MAX_BYTES || !cut_parts(token, &parts))
        return JWT_MALFORMED;
    enum jwt_fault fault = check_header(parts.header);
    if (fault)
        return fault;
    json_t *payload = parse_object(parts.payload);
    if (!payload)
        return JWT_MALFORMED;
    fault = check_signature(&parts, jwt_text(payload, "iss"), keys, key_count);
    if (!fault)
        fault = check_times(payload, now_s, leeway_s);
    if (fault)
        json_decref(payload);
    else
        *claims = payload;
    return fault;
}

void jwt_sign(struct buf *out, const json_t *claims, struct slice secret) {
    size_t start = out->len;
    base64url_write(out, SLICE("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"));
    buf_add_byte(out, '.');
    char *text = json_dumps(claims, JSON_COMPACT);
    assert(text);
    base64url_write(out, slice_from(text));
    free(text);
    unsigned char mac[MAC_BYTES];
    mac_of(secret, slice_skip(buf_slice(out), start), mac);
    buf_add_byte(out, '.');
    base64url_write(out, slice_of(mac, sizeof mac));
}

struct slice jwt_text(const json_t *claims, const char *name) {
    const json_t *claim = json_object_get(claims, name);
    return slice_of(json_string_value(claim), json_string_length(claim));
}

bool jwt_is_for(const json_t *claims, const char *audience) {
    const json_t *claim = json_object_get(claims, "aud");
    if (json_is_string(claim))
        return slice_is_equal(jwt_text(claims, "aud"), slice_from(audience));
    size_t index;
    json_t *one;
    json_array_foreach(claim, index, one) {
        if (json_is_string(one) && strcmp(json_string_value(one), audience) == 0)
            return true;
    }
    return false;
}

bool jwt_covers(const json_t *claims, struct slice body) {
    unsigned char digest[MAC_BYTES];
    if (!EVP_Digest(body.ptr ? body.ptr : "", body.len, digest, NULL, EVP_sha256(), NULL))
        return false;
    struct buf due = {0};
    base64_write(&due, slice_of(digest, sizeof digest));
    struct slice given = jwt_text(claims, "sha256");
    bool is_covered = given.len == due.len && CRYPTO_memcmp(given.ptr, due.data, due.len) == 0;
    buf_free(&due);
    return is_covered;
}
