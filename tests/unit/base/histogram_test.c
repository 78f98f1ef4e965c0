#include "base/histogram.h"
#include "unit.h"

static const struct histogram_bounds bounds = {3, {0, 10, 100}};

static void each_duration_falls_under_its_bound(void **state) {
    static const uint64_t expected[] = {2, 3, 2, 1};
    static const int64_t durations_ms[] = {-5, 0, 1, 9, 10, 11, 100, 101};
    struct histogram histogram = {0};
    for (size_t i = 0; i < 8; i++)
        histogram_add(&histogram, &bounds, durations_ms[i]);
    assert_memory_equal(histogram.counts, expected, sizeof expected);
    assert_int_equal(histogram.sum_ms, 232);
}

static void what_is_beyond_all_bounds_is_counted_last(void **state) {
    struct histogram histogram = {0};
    histogram_add(&histogram, &bounds, INT64_C(1) << 40);
    assert_int_equal(histogram.counts[bounds.count], 1);
    assert_int_equal(histogram.sum_ms, INT64_C(1) << 40);
}

static void it_holds_nothing_but_counters(void **state) {
    assert_int_equal(sizeof(struct histogram), (HISTOGRAM_BOUNDS_MAX + 2) * sizeof(uint64_t));
}

RUN_TESTS(TEST(each_duration_falls_under_its_bound),
          TEST(what_is_beyond_all_bounds_is_counted_last), TEST(it_holds_nothing_but_counters))
