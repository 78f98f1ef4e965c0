#include "base/counter.h"
#include "unit.h"

struct stats {
    uint64_t ticks, open, longest_us;
    uint64_t ended[3];
    uint64_t untold;
};

static const struct counter rows[] = {
    {"ticks_total", "Ticks.", COUNTER_SUM, offsetof(struct stats, ticks)},
    {"open", "Open now.", COUNTER_GAUGE, offsetof(struct stats, open)},
    {"longest_seconds", "Longest.", COUNTER_MAX, offsetof(struct stats, longest_us),
     .divisor = 1000000},
    {NULL, NULL, COUNTER_SUM, offsetof(struct stats, ended), .count = 3},
};
enum { ROWS = sizeof rows / sizeof *rows };

static void each_kind_has_its_sum(void **state) {
    struct stats total = {0};
    const struct stats parts[] = {
        {.ticks = 5, .open = 1, .longest_us = 70, .ended = {1, 2, 3}},
        {.ticks = 7, .open = 4, .longest_us = 90, .ended = {10, 0, 30}},
        {.ticks = 1, .open = 0, .longest_us = 20, .ended = {0, 0, 1}},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        counters_add(rows, ROWS, &total, &parts[i]);
    assert_int_equal(total.ticks, 13);
    assert_int_equal(total.open, 5);
    assert_int_equal(total.longest_us, 90);
    assert_int_equal(total.ended[0], 11);
    assert_int_equal(total.ended[1], 2);
    assert_int_equal(total.ended[2], 34);
}

static void what_no_row_names_is_left_alone(void **state) {
    struct stats total = {.untold = 3}, part = {.untold = 5};
    counters_add(rows, ROWS, &total, &part);
    assert_int_equal(total.untold, 3);
}

static void a_row_tells_where_its_numbers_lie(void **state) {
    const struct stats stats = {.ticks = 8, .ended = {4, 5, 6}};
    assert_int_equal(counter_len(&rows[0]), 1);
    assert_int_equal(counter_len(&rows[3]), 3);
    assert_int_equal(*counter_at(&rows[0], &stats, 0), 8);
    assert_int_equal(*counter_at(&rows[3], &stats, 2), 6);
}

RUN_TESTS(TEST(each_kind_has_its_sum), TEST(what_no_row_names_is_left_alone),
          TEST(a_row_tells_where_its_numbers_lie))
