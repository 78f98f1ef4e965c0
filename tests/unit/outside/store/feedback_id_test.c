#include "outside/store/feedback_id.h"

#include "base/macros.h"
#include "unit.h"

static void ids_go_there_and_back(void **state) {
    static const char *const ids[] = {"mwrsswtr-1g1x2p", "0-0", "1-z", "2rrvthnxtr-1z141z3"};
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        char uuid[FEEDBACK_UUID_SIZE], id[FEEDBACK_ID_SIZE];
        assert_true(feedback_id_to_uuid(slice_from(ids[i]), uuid));
        assert_int_equal(strlen(uuid), 36);
        assert_int_equal(uuid[14], '8');
        assert_true(feedback_id_from_uuid(slice_from(uuid), id));
        assert_string_equal(id, ids[i]);
    }
}

/* So that the table's order is that of time. */
static void later_ids_are_greater(void **state) {
    char first[FEEDBACK_UUID_SIZE], second[FEEDBACK_UUID_SIZE];
    assert_true(feedback_id_to_uuid(SLICE("mwrsswtr-zzzzz"), first));
    assert_true(feedback_id_to_uuid(SLICE("mwrsswts-0"), second));
    assert_true(strcmp(first, second) < 0);
}

static void what_is_not_ours_stays(void **state) {
    static const char *const ids[] = {"",     "-",    "mwrsswtr", "mwrsswtr-",      "MW-1",
                                      "mw_1", "01-1", "1-01",     "zzzzzzzzzzzz-1", "1-zzzzzzzz",
                                      "new"};
    static const char *const uuids[] = {"", "7b0f2b1e-8a5b-4a57-9c55-0d1f5b8e2a11",
                                        "00000000-0000-0000-0000-000000000000", "0-0",
                                        "018f2b1e-8a5b-85a0-8000-00000000000g"};
    char out[FEEDBACK_UUID_SIZE];
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        assert_false(feedback_id_to_uuid(slice_from(ids[i]), out));
    for (size_t i = 0; i < ARRAY_LEN(uuids); i++)
        assert_false(feedback_id_from_uuid(slice_from(uuids[i]), out));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_go_there_and_back),
        cmocka_unit_test(later_ids_are_greater),
        cmocka_unit_test(what_is_not_ours_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
