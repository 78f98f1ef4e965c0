#include "wire/web/standard_webhook.h"

#include "unit.h"

/* The example of the specification's reference libraries. */
static void the_known_example(void **state) {
    struct buf key = {0}, out = {0};
    assert_true(standard_webhook_key(&key, SLICE("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")));
    assert_int_equal(key.len, 24);
    standard_webhook_sign(&out, buf_slice(&key), SLICE("msg_p5jXN8AQM9LWM0D4loKWxJek"), 1614265330,
                          SLICE("{\"test\": 2432232314}"));
    buf_add_byte(&out, 0);
    assert_string_equal(out.data, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    buf_free(&key);
    buf_free(&out);
}

static void what_is_no_secret(void **state) {
    static const char *const texts[] = {
        "",
        "whsec_",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2La",
        "whsec_!!!!9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        "AAAAAAAA"};
    struct buf key = {0};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_false(standard_webhook_key(&key, slice_from(texts[i])));
    assert_int_equal(key.len, 0);
    buf_free(&key);
}

RUN_TESTS(TEST(the_known_example), TEST(what_is_no_secret))
