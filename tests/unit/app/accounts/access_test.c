#include "app/accounts/access.h"
#include "app/config/config.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct config config = {.jwt_access_secret = "the-secret-of-today-0123456789",
                                     .jwt_access_ttl_s = 900};
static const struct access_holder holder = {SLICE("user"), SLICE("organization"), SLICE("family")};

static enum jwt_fault verify(const struct config *by, struct slice token, int64_t now_s) {
    struct access_holder found;
    json_t *claims = NULL;
    enum jwt_fault fault = access_verify(by, token, now_s, &claims, &found);
    if (fault == JWT_OK) {
        assert_true(slice_is_equal(found.user_id, holder.user_id));
        assert_true(slice_is_equal(found.organization_id, holder.organization_id));
        assert_true(slice_is_equal(found.family_id, holder.family_id));
    }
    json_decref(claims);
    return fault;
}

static void what_is_signed_is_believed_until_it_ends(void **state) {
    struct buf token = {0};
    access_sign(&config, &holder, 1000000, &token);
    assert_int_equal(verify(&config, buf_slice(&token), 1000000), JWT_OK);
    assert_int_equal(verify(&config, buf_slice(&token), 1000899), JWT_OK);
    assert_int_equal(verify(&config, buf_slice(&token), 1000900), JWT_EXPIRED);
    buf_free(&token);
}

/* Of two nodes one has a clock that is behind: what the other has just signed is good there. */
static void a_clock_that_is_a_little_behind_is_forgiven(void **state) {
    struct buf token = {0};
    access_sign(&config, &holder, 1000000, &token);
    assert_int_equal(verify(&config, buf_slice(&token), 999999), JWT_OK);
    assert_int_equal(verify(&config, buf_slice(&token), 999970), JWT_OK);
    assert_int_equal(verify(&config, buf_slice(&token), 999969), JWT_NOT_YET);
    buf_free(&token);
}

static void the_secret_before_is_believed_too(void **state) {
    struct config next = config, later = config;
    struct buf token = {0};
    next.jwt_access_secret = later.jwt_access_secret = "the-secret-of-tomorrow-0123456";
    next.jwt_access_secret_previous = config.jwt_access_secret;
    access_sign(&config, &holder, 1000000, &token);
    assert_int_equal(verify(&next, buf_slice(&token), 1000000), JWT_OK);
    assert_int_equal(verify(&later, buf_slice(&token), 1000000), JWT_BAD_SIGNATURE);
    buf_free(&token);
}

/* Tokens for another purpose, signed with the same secret. */
static void other_tokens_are_not_for_us(void **state) {
    static const char *const payloads[] = {
        "{\"iss\":\"prosa\",\"aud\":\"prosa\",\"typ\":\"refresh\",\"sub\":\"u\",\"org\":\"o\","
        "\"sid\":\"f\",\"exp\":2000000}",
        "{\"iss\":\"prosa\",\"aud\":\"prosa\",\"sub\":\"u\",\"org\":\"o\",\"sid\":\"f\",\"exp\":"
        "2000000}",
        "{\"iss\":\"prosa\",\"aud\":\"other\",\"typ\":\"access\",\"sub\":\"u\",\"org\":\"o\","
        "\"sid\":\"f\",\"exp\":2000000}",
        "{\"iss\":\"prosa\",\"aud\":\"prosa\",\"typ\":\"access\",\"org\":\"o\",\"sid\":\"f\","
        "\"exp\":2000000}",
        "{\"iss\":\"prosa\",\"aud\":\"prosa\",\"typ\":\"access\",\"sub\":\"u\",\"sid\":\"f\","
        "\"exp\":2000000}",
        "{\"iss\":\"devkey\",\"aud\":\"prosa\",\"typ\":\"access\",\"sub\":\"u\",\"org\":\"o\","
        "\"sid\":\"f\",\"exp\":2000000}",
    };
    for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
        json_t *claims = json_loads(payloads[i], 0, NULL);
        struct buf token = {0};
        assert_non_null(claims);
        jwt_sign(&token, claims, slice_from(config.jwt_access_secret));
        assert_int_not_equal(verify(&config, buf_slice(&token), 1000000), JWT_OK);
        buf_free(&token);
        json_decref(claims);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_signed_is_believed_until_it_ends),
        cmocka_unit_test(a_clock_that_is_a_little_behind_is_forgiven),
        cmocka_unit_test(the_secret_before_is_believed_too),
        cmocka_unit_test(other_tokens_are_not_for_us),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
