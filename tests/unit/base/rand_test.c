#include "base/rand.h"
#include "unit.h"

static void a_uuid_has_its_version(void **state) {
    char a[RAND_UUID_SIZE], b[RAND_UUID_SIZE];
    rand_uuid(a);
    rand_uuid(b);
    assert_int_equal(strlen(a), 36);
    assert_int_equal(a[14], '4');
    assert_non_null(strchr("89ab", a[19]));
    assert_string_not_equal(a, b);
}

static void below_stays_below_and_reaches_all(void **state) {
    int seen[5] = {0};
    for (int i = 0; i < 1000; i++)
        seen[rand_below(5)]++;
    for (int i = 0; i < 5; i++)
        assert_true(seen[i] > 100);
    assert_int_equal(rand_below(1), 0);
}

static void a_token_is_url_safe(void **state) {
    char token[44];
    rand_token(token, 43);
    assert_int_equal(
        strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 43);
}

RUN_TESTS(TEST(a_uuid_has_its_version), TEST(below_stays_below_and_reaches_all),
          TEST(a_token_is_url_safe))
