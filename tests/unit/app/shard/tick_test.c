#include "app/shard/tick.h"

#include "unit.h"

static int64_t run(struct tick *tick, int64_t now_ms, unsigned ticks, uint64_t used_us) {
    for (unsigned i = 0; i < ticks; i++)
        now_ms += tick_done(tick, now_ms + (int64_t)(used_us / 1000), used_us) +
                  (int64_t)(used_us / 1000);
    return now_ms;
}

static void test_idle_ticks_come_every_20_ms(void **state) {
    (void)state;
    struct tick tick;
    tick_init(&tick, 1000);
    assert_int_equal(run(&tick, 1000, 50, 100), 2000);
    assert_int_equal(tick.period_ms, TICK_MIN_MS);
}

static void test_work_over_a_fortieth_lengthens_the_period(void **state) {
    (void)state;
    struct tick tick;
    tick_init(&tick, 0);
    run(&tick, 0, 1, 501);
    assert_int_equal(tick.period_ms, 40);
    run(&tick, tick.due_ms, 20, 6000);
    assert_int_equal(tick.period_ms, TICK_MAX_MS);
}

static void test_exactly_a_fortieth_does_not(void **state) {
    (void)state;
    struct tick tick;
    tick_init(&tick, 0);
    run(&tick, 0, 100, 500);
    assert_int_equal(tick.period_ms, TICK_MIN_MS);
}

static void test_the_period_shrinks_slowly_and_does_not_swing(void **state) {
    (void)state;
    struct tick tick;
    tick_init(&tick, 0);
    int64_t now = run(&tick, 0, 4, 30000);
    assert_int_equal(tick.period_ms, TICK_MAX_MS);
    now = run(&tick, now, 200, 4000); /* a shorter period would be busy again */
    assert_int_equal(tick.period_ms, TICK_MAX_MS);
    now = run(&tick, now, 49, 300);
    assert_int_equal(tick.period_ms, TICK_MAX_MS);
    now = run(&tick, now, 1, 300);
    assert_int_equal(tick.period_ms, 80);
    run(&tick, now, 150, 300);
    assert_int_equal(tick.period_ms, TICK_MIN_MS);
}

static void test_late_ticks_are_skipped(void **state) {
    (void)state;
    struct tick tick;
    tick_init(&tick, 1000);
    assert_int_equal(tick_late_ms(&tick, 1007), 7);
    assert_int_equal(tick_done(&tick, 1007, 100), 13);
    assert_int_equal(tick_done(&tick, 1205, 100), 15); /* 1020..1200 are gone, next is 1220 */
    assert_int_equal(tick_late_ms(&tick, 1220), 0);
    assert_int_equal(tick_late_ms(&tick, 1219), 0);
}

static void test_overload_is_a_second_of_full_ticks(void **state) {
    (void)state;
    struct tick tick;
    tick_init(&tick, 0);
    int64_t now = run(&tick, 0, 4, 90000);
    assert_false(tick_is_overloaded(&tick));
    now = run(&tick, now, 9, 90000);
    assert_false(tick_is_overloaded(&tick));
    now = run(&tick, now, 1, 90000);
    assert_true(tick_is_overloaded(&tick));
    run(&tick, now, 1, 50000);
    assert_false(tick_is_overloaded(&tick));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idle_ticks_come_every_20_ms),
        cmocka_unit_test(test_work_over_a_fortieth_lengthens_the_period),
        cmocka_unit_test(test_exactly_a_fortieth_does_not),
        cmocka_unit_test(test_the_period_shrinks_slowly_and_does_not_swing),
        cmocka_unit_test(test_late_ticks_are_skipped),
        cmocka_unit_test(test_overload_is_a_second_of_full_ticks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
