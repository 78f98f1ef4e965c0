/* Somebody is taken out of a report; the others' figures stay. */
#include "meeting/report_erase.h"

#include "unit.h"

static void check(const char *report, const char *who, const char *want) {
    struct buf out = {0};
    assert_int_equal(report_erase(&out, slice_from(report), slice_from(who)), want != NULL);
    if (want)
        assert_true(slice_is_equal(buf_slice(&out), slice_from(want)));
    else
        assert_int_equal(out.len, 0);
    buf_free(&out);
}

#define REPORT                                                                                     \
    "{\"version\":1,\"people\":[{\"participantId\":\"ana\",\"talkShare\":0.25},"                   \
    "{\"participantId\":\"bob\",\"talkShare\":0.5},{\"participantId\":\"eva\",\"talkShare\":0.25}" \
    "],"                                                                                           \
    "\"matrix\":[{\"by\":0,\"of\":1,\"tookFloor\":1},{\"by\":2,\"of\":0,\"tookFloor\":2}],"        \
    "\"events\":[{\"id\":\"1\",\"participantId\":\"bob\"},{\"id\":\"2\",\"participantId\":"        \
    "\"group\"}],"                                                                                 \
    "\"marks\":[{\"type\":\"presents\",\"participantId\":\"bob\"}],"                               \
    "\"moments\":[{\"kind\":\"turn\",\"people\":[1]},{\"kind\":\"exchange\",\"people\":[2,0]},"    \
    "{\"kind\":\"silence\",\"people\":[]}]}"

static void the_others_stay_as_they_were(void **state) {
    check(REPORT, "bob",
          "{\"version\":1,\"people\":[{\"participantId\":\"ana\",\"talkShare\":0.25},"
          "{\"participantId\":\"eva\",\"talkShare\":0.25}],"
          "\"matrix\":[{\"by\":1,\"of\":0,\"tookFloor\":2}],"
          "\"events\":[{\"id\":\"2\",\"participantId\":\"group\"}],\"marks\":[],"
          "\"moments\":[{\"kind\":\"exchange\",\"people\":[1,0]},{\"kind\":\"silence\",\"people\":["
          "]}]}");
}

static void what_is_no_report_stays(void **state) {
    check(REPORT, "carla", NULL);
    check("{}", "bob", NULL);
    check("[1]", "bob", NULL);
    check("", "bob", NULL);
    check("{\"people\":[{\"participantId\":\"bob\"}]}", "bob", "{\"people\":[]}");
    check("{\"people\":{\"participantId\":\"bob\"},\"matrix\":3}", "bob", NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_others_stay_as_they_were),
        cmocka_unit_test(what_is_no_report_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
