#include "wire/web/standard_webhook.h"

#include "wire/web/base64.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define PREFIX SLICE("whsec_")

enum { MAC_BYTES = 32 };

bool standard_webhook_key(struct buf *key, struct slice secret) {
    size_t before = key->len;
    if (!slice_has_prefix(secret, PREFIX) ||
        !base64_parse_leniently(key, slice_skip(secret, PREFIX.len)))
        return false;
    size_t len = key->len - before;
    bool is_good = len >= STANDARD_WEBHOOK_KEY_MIN && len <= STANDARD_WEBHOOK_KEY_MAX;
    if (!is_good)
        key->len = before;
    return is_good;
}

void standard_webhook_sign(struct buf *out, struct slice key, struct slice id, int64_t timestamp_s,
                           struct slice body) {
    unsigned char mac[MAC_BYTES];
    struct buf text = {0};
    buf_add_slice(&text, id);
    buf_printf(&text, ".%" PRId64 ".", timestamp_s);
    buf_add_slice(&text, body);
    HMAC(EVP_sha256(), key.ptr, (int)key.len, (const unsigned char *)text.data, text.len, mac,
         NULL);
    buf_add_text(out, "v1,");
    base64_write(out, slice_of(mac, sizeof mac));
    buf_free(&text);
}
