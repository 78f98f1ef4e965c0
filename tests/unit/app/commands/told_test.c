#include "app/commands/told.h"
#include "unit.h"

static void add(struct told *told, int64_t at_ms, const char *type, const char *who) {
    told_add(told, at_ms, SLICE_NONE, slice_from(type), SLICE("warning"), slice_from(who));
}

static void events_are_kept_in_the_order_of_their_time(void **state) {
    struct told told = {0};
    add(&told, 3000, "c", "ana");
    add(&told, 1000, "a", "ana");
    add(&told, 2000, "b", "ana");
    for (int i = 0; i < 3; i++)
        assert_int_equal(told.events[i].at_ms, 1000 * (i + 1));
    told_free(&told);
}

static void the_same_is_of_one_type_and_person_and_near_in_time(void **state) {
    struct told before = {0}, after = {0};
    size_t partners[5];
    add(&before, 10000, "volume_baixo", "ana");
    add(&before, 20000, "volume_baixo", "ana");
    add(&before, 20000, "volume_baixo", "bob");
    add(&before, 30000, "volume_alto", "ana");
    add(&before, 40000, "volume_baixo", "ana");
    add(&after, 11900, "volume_baixo", "ana"); /* late, but the same */
    add(&after, 22100, "volume_baixo", "ana"); /* another */
    add(&after, 20100, "volume_baixo", "eva");
    add(&after, 30000, "overlap_fala", "ana");
    add(&after, 40500, "volume_baixo", "ana");
    add(&after, 39900, "volume_baixo", "ana"); /* nearer */
    told_match(&before, &after, partners);
    static const bool matched[] = {true, false, false, false, true};
    for (int i = 0; i < 5; i++)
        assert_int_equal(before.events[i].is_matched, matched[i]);
    assert_int_equal(after.events[partners[0]].at_ms, 11900);
    assert_int_equal(after.events[partners[4]].at_ms, 39900);
    assert_true(partners[1] == SIZE_MAX);
    told_free(&before);
    told_free(&after);
}

static void one_event_is_the_partner_of_one(void **state) {
    struct told before = {0}, after = {0};
    size_t partners[2];
    add(&before, 1000, "a", "ana");
    add(&before, 1500, "a", "ana");
    add(&after, 1200, "a", "ana");
    told_match(&before, &after, partners);
    assert_int_equal(partners[0], 0);
    assert_true(partners[1] == SIZE_MAX);
    told_free(&before);
    told_free(&after);
}

static void a_host_speaks_of_one_event(void **state) {
    struct told told = {0};
    told_add(&told, 1000, SLICE("f1"), SLICE("a"), SLICE("warning"), SLICE("ana"));
    add(&told, 2000, "a", "ana");
    add(&told, 3000, "a", "ana");
    add(&told, 2500, "a", "bob");
    told_judge(&told, told_wrong, 9000, SLICE("f1"), SLICE("a"), SLICE("ana"));
    told_judge(&told, told_on, 2900, SLICE_NONE, SLICE("a"), SLICE("ana"));
    told_judge(&told, told_on, 9000, SLICE("gone"), SLICE("a"), SLICE("bob"));
    assert_ptr_equal(told.events[0].host, told_wrong);
    assert_ptr_equal(told.events[1].host, told_on);
    assert_null(told.events[2].host);
    assert_null(told.events[3].host);
    told_free(&told);
}

RUN_TESTS(TEST(a_host_speaks_of_one_event), TEST(events_are_kept_in_the_order_of_their_time),
          TEST(the_same_is_of_one_type_and_person_and_near_in_time),
          TEST(one_event_is_the_partner_of_one))
