#include "app/accounts/reset_token.h"

#include "base/buf.h"
#include "wire/web/base64.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

enum { MAC_BYTES = 32 };

/* "<end>.<e-mail>.<signature>", the latter two in base64url. */

static void write_claim(struct buf *out, const struct reset_claim *claim) {
    buf_printf(out, "%" PRId64 ".", claim->expires_s);
    base64url_write(out, slice_from(claim->email));
}

void reset_token_write(struct buf *out, const struct reset_claim *claim, struct slice old_hash,
                       struct slice secret) {
    unsigned char mac[MAC_BYTES];
    struct buf signed_text = {0};
    buf_add_text(&signed_text, "reset-password:");
    write_claim(&signed_text, claim);
    buf_add_byte(&signed_text, ':');
    buf_add_slice(&signed_text, old_hash);
    HMAC(EVP_sha256(), secret.ptr, (int)secret.len, (const unsigned char *)signed_text.data,
         signed_text.len, mac, NULL);
    write_claim(out, claim);
    buf_add_byte(out, '.');
    base64url_write(out, slice_of(mac, sizeof mac));
    buf_free(&signed_text);
}

bool reset_token_read(struct slice token, struct reset_claim *claim) {
    struct slice end, rest, email, signature;
    struct buf plain = {0};
    uint64_t expires_s;
    if (!slice_split(token, '.', &end, &rest) || !slice_split(rest, '.', &email, &signature) ||
        !slice_to_uint(end, INT64_MAX, &expires_s))
        return false;
    bool is_email = base64url_parse(&plain, email) && plain.len > 0 &&
                    plain.len < sizeof claim->email &&
                    slice_find_byte(buf_slice(&plain), 0) == plain.len;
    if (is_email) {
        claim->expires_s = (int64_t)expires_s;
        snprintf(claim->email, sizeof claim->email, "%.*s", SLICE_ARG(buf_slice(&plain)));
    }
    buf_free(&plain);
    return is_email;
}

bool reset_token_fits(struct slice token, struct slice old_hash, struct slice secret,
                      int64_t now_s) {
    struct reset_claim claim;
    struct buf expected = {0};
    if (!reset_token_read(token, &claim) || claim.expires_s <= now_s)
        return false;
    reset_token_write(&expected, &claim, old_hash, secret);
    bool fits = expected.len == token.len && !CRYPTO_memcmp(expected.data, token.ptr, token.len);
    buf_free(&expected);
    return fits;
}
