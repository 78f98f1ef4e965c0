/* What verifies was signed: the token made again from the claims verifies too and carries the same
 * claims. */
#include "wire/web/base64.h"
#include "wire/web/jwt.h"

#include <assert.h>

#define SECRET "devsecret-devsecret-devsecret-0123"

static void check_base64(struct slice text) {
    struct buf bytes = {0}, again = {0};
    if (base64url_parse(&bytes, text)) {
        base64url_write(&again, buf_slice(&bytes));
        assert(slice_is_equal(buf_slice(&again), text));
    }
    assert(text.len % 4 != 1 || bytes.len == 0);
    buf_clear(&bytes);
    buf_clear(&again);
    if (base64_parse_leniently(&bytes, text)) {
        struct buf same = {0};
        base64_write(&again, buf_slice(&bytes));
        bool is_read = base64_parse_leniently(&same, buf_slice(&again));
        assert(is_read && slice_is_equal(buf_slice(&same), buf_slice(&bytes)));
        buf_free(&same);
    }
    buf_free(&bytes);
    buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct slice token = slice_of(data, size);
    const struct jwt_key key = {SLICE("devkey"), SLICE(SECRET)};
    check_base64(token);
    json_t *claims = NULL;
    enum jwt_fault fault = jwt_verify(token, &key, 1, 1800000000, JWT_LEEWAY_S, &claims);
    assert((fault == JWT_OK) == (claims != NULL));
    if (!claims)
        return 0;
    struct buf again = {0};
    jwt_sign(&again, claims, key.secret);
    json_t *same = NULL;
    fault = jwt_verify(buf_slice(&again), &key, 1, 1800000000, JWT_LEEWAY_S, &same);
    assert(fault == JWT_OK && json_equal(claims, same));
    json_decref(same);
    json_decref(claims);
    buf_free(&again);
    return 0;
}
