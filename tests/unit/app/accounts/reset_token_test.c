#include "app/accounts/reset_token.h"

#include "base/buf.h"
#include "unit.h"

#include <stdio.h>

static const struct reset_claim claim = {.expires_s = 5000, .email = "ana@example.org"};

static bool fits(struct slice token, const char *hash, const char *secret, int64_t now_s) {
    return reset_token_fits(token, slice_from(hash), slice_from(secret), now_s);
}

static void a_token_is_for_one_password_and_a_time(void **state) {
    struct buf token = {0};
    reset_token_write(&token, &claim, SLICE("old hash"), SLICE("secret"));
    assert_true(fits(buf_slice(&token), "old hash", "secret", 4999));
    assert_false(fits(buf_slice(&token), "old hash", "secret", 5000));
    assert_false(fits(buf_slice(&token), "new hash", "secret", 4999));
    assert_false(fits(buf_slice(&token), "", "secret", 4999));
    assert_false(fits(buf_slice(&token), "old hash", "other", 4999));

    struct reset_claim read;
    assert_true(reset_token_read(buf_slice(&token), &read));
    assert_int_equal(read.expires_s, 5000);
    assert_string_equal(read.email, "ana@example.org");
    buf_free(&token);
}

static void every_changed_byte_is_noticed(void **state) {
    struct buf token = {0};
    reset_token_write(&token, &claim, SLICE_NONE, SLICE("secret"));
    for (size_t i = 0; i < token.len; i++) {
        char before = token.data[i];
        token.data[i] = before == '7' ? '8' : '7';
        assert_false(fits(buf_slice(&token), "", "secret", 1));
        token.data[i] = before;
        assert_false(fits(slice_take(buf_slice(&token), i), "", "secret", 1));
    }
    assert_true(fits(buf_slice(&token), "", "secret", 1));
    buf_free(&token);
}

static void what_is_no_token_is_refused(void **state) {
    static const char *const texts[] = {"",        ".",        "..",      "1.",     "1..",
                                        "x.YQ.YQ", "-1.YQ.YQ", "1.Y!.YQ", "1.AA.YQ"};
    struct reset_claim read;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_false(reset_token_read(slice_from(texts[i]), &read));
}

RUN_TESTS(TEST(a_token_is_for_one_password_and_a_time), TEST(every_changed_byte_is_noticed),
          TEST(what_is_no_token_is_refused))
