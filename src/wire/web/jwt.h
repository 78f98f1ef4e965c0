/* JSON Web Tokens (RFC 7519, with the practice of RFC 8725) signed with HS256. No other algorithm
 * is accepted, so a token cannot choose a weaker one. */
#ifndef WIRE_JWT_H
#define WIRE_JWT_H

#include "base/buf.h"
#include "base/slice.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    JWT_MAX_BYTES = 8192, /* of a whole token, checked before anything is decoded */
    JWT_LEEWAY_S = 60,    /* how far clocks may differ */
    JWT_LEAD_S = 30,      /* how far the signer's clock may always be ahead */
};

struct jwt_key {
    struct slice issuer; /* the `iss` of its tokens; empty: tokens of any issuer, or of none */
    struct slice secret;
};

enum jwt_fault {
    JWT_OK,
    /* Not three canonical base64url parts of JSON objects, a repeated member, `crit`, too long. */
    JWT_MALFORMED,
    JWT_BAD_ALGORITHM, /* `alg` is not exactly HS256 */
    JWT_UNKNOWN_KEY,   /* no key for this issuer */
    JWT_BAD_SIGNATURE,
    JWT_NO_EXPIRY, /* `exp` missing or no sensible number */
    JWT_EXPIRED,
    JWT_NOT_YET, /* `nbf` or `iat` lies in the future; usually a clock is wrong */
};

/* Checks form, algorithm, signature and times, in this order. On JWT_OK *claims is the payload,
 * owned by the caller (json_decref). `iss` only chooses among the keys; the caller checks audience
 * and type markers. leeway_s is that of `exp`; `nbf` and `iat` have JWT_LEAD_S at least, because
 * another node may have signed, and a token that is good a little early does no harm. */
enum jwt_fault jwt_verify(struct slice token, const struct jwt_key *keys, size_t key_count,
                          int64_t now_s, unsigned leeway_s, json_t **claims);

/* Appends the signed token. `claims` is borrowed. */
void jwt_sign(struct buf *out, const json_t *claims, struct slice secret);

/* A text claim, empty when absent or of another type. Borrowed from `claims`. */
struct slice jwt_text(const json_t *claims, const char *name);

/* `aud` is this text, or a list that holds it. */
bool jwt_is_for(const json_t *claims, const char *audience);

/* The `sha256` claim of LiveKit's webhooks is the padded standard base64 of SHA-256 over the raw
 * body. */
bool jwt_covers(const json_t *claims, struct slice body);

#endif
