#include "app/accounts/password.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct password_cost cheap = {64, 1};
static const struct password_cost final = {64, 1, PASSWORDS_ARGON2ID};

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

static void old_bcrypt_hashes_fit_and_are_kept(void **state) {
    /* The test vectors that every bcrypt has: "U*U" with salt CCCC..., cost 5. */
    const char *hash = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    assert_true(password_fits(hash, SLICE("U*U")));
    assert_false(password_fits(hash, SLICE("U*V")));
    assert_false(password_fits(hash, slice_of("U*U\0x", 5)));
    assert_false(password_is_outdated(hash, &cheap)); /* the policy is to keep it */
    assert_true(password_is_outdated(hash, &final));
    assert_false(password_is_outdated(hash, &(struct password_cost){64, 1, PASSWORDS_BCRYPT}));
}

static void a_new_hash_is_of_the_kind_that_the_policy_wants(void **state) {
    static const char *const bcrypt =
        "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    static const struct password_cost old = {64, 1, PASSWORDS_BCRYPT};
    static const struct {
        const char *old_hash;
        const struct password_cost *cost;
        const char *begins;
    } cases[] = {
        {NULL, &cheap, "$argon2id$"}, {bcrypt, &cheap, "$2b$05$"}, {bcrypt, &final, "$argon2id$"},
        {NULL, &old, "$2b$10$"},      {bcrypt, &old, "$2b$05$"},   {"$argon2id$", &old, "$2b$10$"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char hash[PASSWORD_HASH_BYTES];
        assert_int_equal(
            password_hash_anew(hash, SLICE("a new one"), cases[i].old_hash, cases[i].cost), 0);
        assert_memory_equal(hash, cases[i].begins, strlen(cases[i].begins));
        assert_true(password_fits(hash, SLICE("a new one")));
        assert_false(password_fits(hash, SLICE("a new two")));
        assert_false(password_is_outdated(hash, cases[i].cost));
    }
}

static void what_bcrypt_would_cut_gets_argon2id(void **state) {
    static const char long_one[80] = "x";
    const struct password_cost old = {64, 1, PASSWORDS_BCRYPT};
    char hash[PASSWORD_HASH_BYTES], text[74];
    memset(text, 'a', sizeof text);
    const struct slice passwords[] = {slice_of(text, 73), slice_of(long_one, 4)};
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(password_hash_anew(hash, passwords[i], NULL, &old), 0);
        assert_false(password_is_bcrypt(hash));
        assert_true(password_fits(hash, passwords[i]));
    }
    assert_int_equal(password_hash_anew(hash, slice_of(text, 72), NULL, &old), 0);
    assert_true(password_is_bcrypt(hash));
}

static void a_dummy_of_bcrypt_costs_the_same_and_fits_nothing(void **state) {
    char dummy[PASSWORD_HASH_BYTES];
    password_dummy_bcrypt(dummy, "$2b$06$abcdefghijklmnopqrstuuE5YPO9kmyuRGyh0XouQYb4YMJKvyOeW");
    assert_true(password_is_bcrypt(dummy));
    assert_memory_equal(dummy, "$2b$06$", 7);
    assert_false(password_fits(dummy, SLICE("U*U")));
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
        cmocka_unit_test(old_bcrypt_hashes_fit_and_are_kept),
        cmocka_unit_test(a_new_hash_is_of_the_kind_that_the_policy_wants),
        cmocka_unit_test(what_bcrypt_would_cut_gets_argon2id),
        cmocka_unit_test(a_dummy_of_bcrypt_costs_the_same_and_fits_nothing),
        cmocka_unit_test(strange_hashes_are_nobodys),
        cmocka_unit_test(what_everybody_tries_is_common),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
