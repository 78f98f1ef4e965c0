/* What every unit test needs: cmocka and the headers that it wants before itself. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define RUN_TESTS(...)                                                                             \
    int main(void) {                                                                               \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                                           \
        return cmocka_run_group_tests(tests, NULL, NULL);                                          \
    }
#define TEST(function) cmocka_unit_test(function)

#define assert_slice_equal(actual, literal)                                                         \
    do {                                                                                           \
        struct slice actual_ = (actual);                                                            \
        assert_int_equal(actual_.len, strlen(literal));                                            \
        assert_memory_equal(actual_.ptr ? actual_.ptr : "", literal, strlen(literal));             \
    } while (0)

#endif
