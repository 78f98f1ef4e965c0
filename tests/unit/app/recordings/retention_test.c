/* The order of a sweep, over a table that a test plays. */
#include "app/recordings/retention.h"
#include "unit.h"

enum { ROWS_MAX = 1000, BATCH = 100 };

struct table {
    size_t rows;
    bool is_stuck[ROWS_MAX]; /* the file cannot be deleted */
    bool is_gone[ROWS_MAX];
    unsigned visits[ROWS_MAX];
    size_t page[BATCH]; /* rows of the batch */
    size_t lists;
};

/* The oldest rows that are left, without the first `skip`. */
static size_t list_rows(struct table *table, size_t skip) {
    size_t count = 0;
    table->lists++;
    for (size_t i = 0; i < table->rows && count < BATCH; i++) {
        if (table->is_gone[i])
            continue;
        if (skip > 0)
            skip--;
        else
            table->page[count++] = i;
    }
    return count;
}

static void sweep(struct table *table) {
    struct retention_sweep sweep = {.batch = BATCH};
    size_t steps = 0;
    retention_listed(&sweep, list_rows(table, 0));
    enum retention_step step;
    while ((step = retention_next(&sweep)) != RETENTION_LOGS) {
        assert_true(++steps < 3 * ROWS_MAX); /* it ends */
        if (step == RETENTION_LIST) {
            retention_listed(&sweep, list_rows(table, sweep.kept));
            continue;
        }
        size_t row = table->page[sweep.at];
        table->visits[row]++;
        table->is_gone[row] = !table->is_stuck[row];
        retention_row_done(&sweep, !table->is_stuck[row]);
    }
    for (size_t i = 0; i < table->rows; i++) {
        assert_int_equal(table->visits[i], 1);
        assert_int_equal(table->is_gone[i], !table->is_stuck[i]);
    }
}

static void every_row_is_tried_once(void **state) {
    static const size_t counts[] = {0, 1, BATCH - 1, BATCH, BATCH + 1, 3 * BATCH, ROWS_MAX};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct table table = {.rows = counts[i]};
        sweep(&table);
        assert_int_equal(table.lists, counts[i] / BATCH + 1);
    }
}

static void rows_that_stay_hold_up_no_others(void **state) {
    for (unsigned every = 1; every <= 7; every++) {
        struct table table = {.rows = 537};
        for (size_t i = 0; i < table.rows; i++)
            table.is_stuck[i] = i % every == 0;
        sweep(&table);
    }
}

static void a_batch_that_stays_whole_is_skipped(void **state) {
    struct table table = {.rows = 2 * BATCH + 50};
    for (size_t i = 0; i < BATCH; i++)
        table.is_stuck[i] = true;
    sweep(&table);
}

RUN_TESTS(TEST(every_row_is_tried_once), TEST(rows_that_stay_hold_up_no_others),
          TEST(a_batch_that_stays_whole_is_skipped))
