#include "app/accounts/password.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct password_cost cheap = {64, 1};

static void the_published_vector_fits(void **state) {
    const char *hash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$"
                       "QKHrg5tayLGcN+Y0HVPNaBqykOVLUxlMkZycXE1uWRM";
    assert_true(password_fits(hash, SLICE("correct horse battery staple")));
    assert_false(password_fits(hash, SLICE("correct horse battery staplf")));
    assert_false(password_fits(hash, SLICE("")));
    assert_false(password_is_outdated(hash, &(struct password_cost){19456, 2}));
    assert_true(password_is_outdated(hash, &(struct password_cost){19457, 2}));
    assert_true(password_is_outdated(hash, &(struct password_cost){19456, 3}));
}

static void what_is_hashed_fits_and_nothing_else(void **state) {
    static const char odd[] = "p\0s\xC3\xA9 \xF0\x9F\x98\x80";
    const struct slice password = slice_of(odd, sizeof odd - 1);
    char one[PASSWORD_HASH_BYTES], other[PASSWORD_HASH_BYTES];
    assert_int_equal(password_hash(one, password, &cheap), 0);
    assert_int_equal(password_hash(other, password, &cheap), 0);
    assert_string_not_equal(one, other);
    assert_true(password_fits(one, password));
    assert_true(password_fits(other, password));
    assert_false(password_fits(one, slice_take(password, 1)));
}

static void old_bcrypt_hashes_fit_and_are_outdated(void **state) {
    /* The test vectors that every bcrypt has: "U*U" with salt CCCC..., cost 5. */
    const char *hash = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    assert_true(password_fits(hash, SLICE("U*U")));
    assert_false(password_fits(hash, SLICE("U*V")));
    assert_false(password_fits(hash, slice_of("U*U\0x", 5)));
    assert_true(password_is_outdated(hash, &cheap));
}

static void strange_hashes_are_nobodys(void **state) {
    static const char *const hashes[] = {
        "",
        "plain",
        "$argon2id$v=19$m=99999999,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$QKHrg5tayLGcN+"
        "Y0HVPNaBqykOVLUxlMkZycXE1uWRM",
        "$argon2id$v=19$m=19456,t=9999,p=1$c2FsdHNhbHRzYWx0c2FsdA$QKHrg5tayLGcN+"
        "Y0HVPNaBqykOVLUxlMkZycXE1uWRM",
        "$argon2i$v=19$m=64,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$QKHrg5tayLGcN+"
        "Y0HVPNaBqykOVLUxlMkZycXE1uWRM",
        "$2a$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$1$salt$hash",
        "*",
    };
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++)
        assert_false(password_fits(hashes[i], SLICE("U*U")));
}

static void what_everybody_tries_is_common(void **state) {
    assert_true(password_is_common(SLICE("Password123")));
    assert_true(password_is_common(SLICE("12345678")));
    assert_false(password_is_common(SLICE("correct horse battery staple")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_vector_fits),
        cmocka_unit_test(what_is_hashed_fits_and_nothing_else),
        cmocka_unit_test(old_bcrypt_hashes_fit_and_are_outdated),
        cmocka_unit_test(strange_hashes_are_nobodys),
        cmocka_unit_test(what_everybody_tries_is_common),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
