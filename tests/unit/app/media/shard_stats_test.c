/* The table of a shard's counters: complete, and printable as it stands. */
#include "app/media/shard_stats.h"
#include "unit.h"

#include <string.h>

enum { NUMBERS = sizeof(struct shard_stats) / sizeof(uint64_t) };

static void every_number_has_one_row(void **state) {
    unsigned rows[NUMBERS] = {0};
    for (size_t i = 0; i < shard_counters.count; i++) {
        const struct counter *row = &shard_counters.rows[i];
        assert_int_equal(row->offset % sizeof(uint64_t), 0);
        for (unsigned j = 0; j < counter_len(row); j++) {
            size_t number = row->offset / sizeof(uint64_t) + j;
            assert_true(number < NUMBERS);
            rows[number]++;
        }
    }
    for (size_t number = 0; number < NUMBERS; number++)
        assert_int_equal(rows[number], 1);
}

static void the_first_row_of_a_metric_says_what_it_is(void **state) {
    const char *name = "";
    for (size_t i = 0; i < shard_counters.count; i++) {
        const struct counter *row = &shard_counters.rows[i];
        if (!row->name)
            continue;
        bool is_new = strcmp(row->name, name) != 0;
        assert_int_equal(is_new, row->help != NULL);
        assert_int_equal(row->label != NULL, row->value || row->value_of);
        assert_true(row->count == 0 || row->value_of);
        for (unsigned j = 0; row->value_of && j < row->count; j++)
            assert_true(row->value_of(j)[0]);
        name = row->name;
    }
}

static void numbers_of_two_shards_become_one(void **state) {
    struct shard_stats total = {0};
    const struct shard_stats parts[] = {
        {.meetings = 3,
         .tick_us_max = 90,
         .tick_period_ms = 20,
         .media.reads = 5,
         .drift_ms = 7,
         .drift_ms_max = 4,
         .tick_late_ms_max = 2,
         .ended = {[TRACK_END_IDLE] = 1}},
        {.meetings = 4,
         .tick_us_max = 70,
         .tick_period_ms = 40,
         .media.reads = 6,
         .drift_ms = 9,
         .drift_ms_max = 9,
         .tick_late_ms_max = 1,
         .ended = {[TRACK_END_IDLE] = 2},
         .hume.codes = {[HUME_CODES - 1] = 8}},
    };
    for (int i = 0; i < 2; i++)
        counters_add(shard_counters.rows, shard_counters.count, &total, &parts[i]);
    assert_int_equal(total.meetings, 7);
    assert_int_equal(total.media.reads, 11);
    assert_int_equal(total.ended[TRACK_END_IDLE], 3);
    assert_int_equal(total.hume.codes[HUME_CODES - 1], 8);
    assert_int_equal(total.drift_ms, 16);
    assert_int_equal(total.drift_ms_max, 9);
    assert_int_equal(total.tick_us_max, 90);
    assert_int_equal(total.tick_period_ms, 40);
    assert_int_equal(total.tick_late_ms_max, 2);
}

RUN_TESTS(TEST(every_number_has_one_row), TEST(the_first_row_of_a_metric_says_what_it_is),
          TEST(numbers_of_two_shards_become_one))
