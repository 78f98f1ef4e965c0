#include "app/rest/bearer.h"

#include "wire/web/http.h"

#include <assert.h>
#include <openssl/crypto.h>

static const struct slice scheme = SLICE("Bearer ");

static struct slice find_only_value(const struct http_head *head) {
    if (http_count_headers(head, "authorization") != 1)
        return SLICE_NONE;
    return *http_find_header(head, "authorization");
}

struct slice bearer_token(const struct http_head *head) {
    struct slice value = find_only_value(head);
    if (!slice_has_prefix_nocase(value, scheme))
        return SLICE_NONE;
    return slice_trim(slice_skip(value, scheme.len));
}

struct slice bearer_or_bare_token(const struct http_head *head) {
    struct slice value = find_only_value(head);
    return slice_has_prefix_nocase(value, scheme) ? bearer_token(head) : value;
}

bool bearer_is(const struct http_head *head, struct slice secret) {
    assert(secret.len > 0);
    struct slice token = bearer_token(head);
    return token.len == secret.len && CRYPTO_memcmp(token.ptr, secret.ptr, secret.len) == 0;
}
