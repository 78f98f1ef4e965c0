#include "outside/db/db_sqlstate.h"

#include "base/macros.h"
#include "unit.h"

#include <errno.h>

static void codes_become_errors(void **state) {
    static const struct {
        const char *state;
        int err;
    } codes[] = {
        {NULL, EAGAIN},    {"", EAGAIN},      {"08006", EAGAIN}, {"25006", EAGAIN},
        {"40P01", EAGAIN}, {"53100", EAGAIN}, {"55P03", EAGAIN}, {"57P01", EAGAIN},
        {"58030", EAGAIN}, {"23505", EEXIST}, {"22P02", EINVAL}, {"23502", EINVAL},
        {"23503", EINVAL}, {"42501", EPROTO}, {"42P01", EPROTO}, {"42703", EPROTO},
        {"26000", EPROTO}, {"42P05", EPROTO}, {"0A000", EPROTO}, {"3D000", EPROTO},
        {"28P01", EPROTO}, {"P0001", EPROTO}, {"XX000", EIO},
    };
    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        assert_int_equal(sqlstate_errno(codes[i].state), codes[i].err);
}

static void a_server_of_no_use_is_left(void **state) {
    static const char *const leave[] = {"25006", "57P01", "57P02", "57P03", "0A000", "26000"};
    static const char *const stay[] = {NULL, "", "22P02", "23505", "42501", "55P03", "57014"};
    for (size_t i = 0; i < ARRAY_LEN(leave); i++)
        assert_true(sqlstate_ends_connection(leave[i]));
    for (size_t i = 0; i < ARRAY_LEN(stay); i++)
        assert_false(sqlstate_ends_connection(stay[i]));
    assert_true(sqlstate_is_of_a_pool("26000") && sqlstate_is_of_a_pool("42P05"));
    assert_false(sqlstate_is_of_a_pool("42P01") || sqlstate_is_of_a_pool(NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_become_errors),
        cmocka_unit_test(a_server_of_no_use_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
