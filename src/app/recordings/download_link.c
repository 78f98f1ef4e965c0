#include "app/recordings/download_link.h"

#include "base/text.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { MAC_HEX = 64 };

static void sign(const struct download_link_key *key, struct slice id, uint64_t expires_s,
                 char out[MAC_HEX + 1]) {
    struct buf text = {0};
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    buf_printf(&text, "%" PRIu64 ".", expires_s);
    buf_add_slice(&text, id);
    HMAC(EVP_sha256(), key->bytes, sizeof key->bytes, (const uint8_t *)text.data, text.len, mac,
         &len);
    text_hex(mac, len, out);
    buf_free(&text);
}

void download_link_write(const struct download_link_key *key, struct slice id, int64_t now_s,
                         struct buf *out) {
    const uint64_t expires_s = (uint64_t)now_s + DOWNLOAD_LINK_S;
    char mac[MAC_HEX + 1];
    sign(key, id, expires_s, mac);
    buf_printf(out, "/recordings/%.*s?ticket=%" PRIu64 ".%s", SLICE_ARG(id), expires_s, mac);
}

bool download_link_is_good(const struct download_link_key *key, struct slice id,
                           struct slice ticket, int64_t now_s) {
    struct slice expiry;
    uint64_t expires_s;
    if (!slice_cut(&ticket, '.', &expiry) || !slice_to_uint(expiry, UINT32_MAX, &expires_s) ||
        ticket.len != MAC_HEX)
        return false;
    char expected[MAC_HEX + 1];
    sign(key, id, expires_s, expected);
    return CRYPTO_memcmp(expected, ticket.ptr, MAC_HEX) == 0 && (uint64_t)now_s <= expires_s;
}
