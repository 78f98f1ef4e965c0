#include "base/log_repeats.h"
#include "unit.h"

#include <stddef.h>
#include <stdio.h>

static const struct log_kind unsigned_webhook = {2, "webhook", "refused", "unsigned"};
static const struct log_kind late_webhook = {2, "webhook", "refused", "late"};

static void a_kind_is_said_once_a_minute_with_the_number_of_its_repeats(void **state) {
    struct log_repeats repeats = {0};
    struct log_kind kind;
    uint64_t held;

    assert_true(log_repeats_allow(&repeats, &unsigned_webhook, 1, 1000));
    for (int i = 0; i < 4000; i++)
        assert_false(log_repeats_allow(&repeats, &unsigned_webhook, 1, 1001 + i));
    assert_true(log_repeats_allow(&repeats, &late_webhook, 1, 2000)); /* another kind */

    assert_false(log_repeats_due(&repeats, 60999, &kind, &held));
    assert_true(log_repeats_due(&repeats, 61000, &kind, &held));
    assert_int_equal(held, 4000);
    assert_string_equal(kind.cause, "unsigned");
    assert_false(log_repeats_due(&repeats, 61000, &kind, &held));

    assert_true(log_repeats_allow(&repeats, &unsigned_webhook, 1, 61500));
    assert_false(log_repeats_allow(&repeats, &unsigned_webhook, 1, 61500));
}

/* The minute is over when the next line comes, before anybody looked. */
static void a_flood_does_not_put_off_its_number(void **state) {
    struct log_repeats repeats = {0};
    struct log_kind kind;
    uint64_t held, total = 0, said = 0;

    for (int64_t ms = 1; ms <= 300000; ms++) {
        said += log_repeats_allow(&repeats, &unsigned_webhook, 1, ms);
        if (ms % 1000 == 0 && log_repeats_due(&repeats, ms, &kind, &held))
            total += held;
    }
    assert_int_equal(said, 5);
    while (log_repeats_due(&repeats, INT64_MAX, &kind, &held))
        total += held;
    assert_int_equal(said + total, 300000);
}

static void a_burst_is_said_in_full(void **state) {
    struct log_repeats repeats = {0};
    unsigned said = 0;
    for (int i = 0; i < 250; i++)
        said += log_repeats_allow(&repeats, &unsigned_webhook, 100, 5);
    assert_int_equal(said, 100);
}

static void kinds_beyond_the_table_are_said(void **state) {
    struct log_repeats repeats = {0};
    char causes[2 * LOG_KINDS_MAX][12];
    for (int i = 0; i < 2 * LOG_KINDS_MAX; i++) {
        snprintf(causes[i], sizeof causes[i], "%d", i);
        const struct log_kind kind = {2, "webhook", "refused", causes[i]};
        assert_true(log_repeats_allow(&repeats, &kind, 1, 5));
        assert_int_equal(log_repeats_allow(&repeats, &kind, 1, 5), i >= LOG_KINDS_MAX);
    }
}

RUN_TESTS(TEST(a_kind_is_said_once_a_minute_with_the_number_of_its_repeats),
          TEST(a_flood_does_not_put_off_its_number), TEST(a_burst_is_said_in_full),
          TEST(kinds_beyond_the_table_are_said))
