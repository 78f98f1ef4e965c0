/* What is missing is asked for, a few times, and not for long. */
#include "app/packets/losses.h"

#include "unit.h"

#define MS INT64_C(1000000)

static void nothing_is_missing_at_the_start(void **state) {
    struct losses l = {0};
    int64_t out[LOSSES_MISSING_MAX];
    assert_int_equal(losses_hear(&l, 1000, 0), LOSSES_NEW);
    assert_int_equal(losses_hear(&l, 999, 0), LOSSES_NEW); /* overtaken by the first */
    assert_int_equal(losses_hear(&l, 999, 0), LOSSES_REPEATED);
    assert_int_equal(losses_hear(&l, 1001, 0), LOSSES_NEW);
    assert_int_equal(losses_due(&l, 1000 * MS, out), 0);
    assert_int_equal(l.lost, 0);
}

static void what_was_overtaken_is_not_asked_for(void **state) {
    struct losses l = {0};
    int64_t out[LOSSES_MISSING_MAX];
    losses_hear(&l, 1, 0);
    losses_hear(&l, 3, 0);
    assert_int_equal(losses_due(&l, 5 * MS, out), 0);
    losses_hear(&l, 2, 6 * MS);
    assert_int_equal(losses_due(&l, 500 * MS, out), 0);
    assert_int_equal(l.lost, 0);
    assert_int_equal(l.recovered, 0);
}

static void what_is_missing_is_asked_for_until_it_comes(void **state) {
    struct losses l = {0};
    int64_t out[LOSSES_MISSING_MAX];
    losses_hear(&l, 1, 0);
    losses_hear(&l, 4, 0);
    assert_int_equal(losses_due(&l, 20 * MS, out), 2);
    assert_true(out[0] == 2 && out[1] == 3);
    assert_int_equal(losses_due(&l, 21 * MS, out), 0);
    assert_int_equal(losses_hear(&l, 2, 30 * MS), LOSSES_NEW);
    assert_int_equal(losses_due(&l, 75 * MS, out), 1);
    assert_int_equal(out[0], 3);
    assert_int_equal(losses_hear(&l, 3, 80 * MS), LOSSES_NEW);
    assert_int_equal(losses_hear(&l, 3, 80 * MS), LOSSES_REPEATED);
    assert_int_equal(losses_due(&l, 900 * MS, out), 0);
    assert_int_equal(l.recovered, 2);
    assert_int_equal(l.lost, 0);
    assert_int_equal(l.asked, 3);
}

/* Nobody answers: a few requests, then none. */
static void requests_end(void **state) {
    struct losses l = {0};
    int64_t out[LOSSES_MISSING_MAX];
    size_t asked = 0;
    losses_hear(&l, 1, 0);
    losses_hear(&l, 3, 0);
    for (int64_t ms = 0; ms < 60000; ms += 20)
        asked += losses_due(&l, ms * MS, out);
    assert_in_range(asked, 3, 6);
    assert_int_equal(l.missing_count, 0);
    assert_int_equal(l.lost, 1);
}

static void a_leap_is_no_storm(void **state) {
    struct losses l = {0};
    int64_t out[LOSSES_MISSING_MAX];
    size_t asked = 0;
    losses_hear(&l, 1, 0);
    losses_hear(&l, 20001, 0);
    for (int64_t ms = 0; ms < 60000; ms += 20)
        asked += losses_due(&l, ms * MS, out);
    assert_true(asked <= 6 * LOSSES_MISSING_MAX);
    assert_int_equal(l.lost, 19999);
    assert_int_equal(losses_hear(&l, 20001 - LOSSES_WINDOW, 0), LOSSES_OLD);
    assert_int_equal(losses_hear(&l, 20001 - LOSSES_WINDOW + 1, 0), LOSSES_NEW);
}

static void another_senders_are_not_asked_for(void **state) {
    struct losses l = {0};
    int64_t out[LOSSES_MISSING_MAX];
    losses_hear(&l, 1, 0);
    losses_hear(&l, 9, 0);
    losses_forget(&l);
    assert_int_equal(losses_due(&l, 100 * MS, out), 0);
}

/* A network that loses, repeats and reorders: what is counted is what happened. */
static void random_losses_are_counted(void **state) {
    uint32_t seed = 3;
    for (int round = 0; round < 50; round++) {
        struct losses l = {0};
        bool came[2000] = {false};
        losses_hear(&l, 0, 0);
        came[0] = true;
        for (int64_t i = 1; i < 2000; i++) {
            seed = seed * 1664525 + 1013904223;
            int64_t seq = i - (seed >> 20) % 20;
            if (seq < 0 || (seed >> 8) % 10 == 0)
                continue;
            int64_t out[LOSSES_MISSING_MAX];
            losses_due(&l, i * 20 * MS, out);
            assert_int_equal(losses_hear(&l, seq, i * 20 * MS),
                             came[seq] ? LOSSES_REPEATED : LOSSES_NEW);
            came[seq] = true;
        }
        uint64_t lost = 0;
        for (int64_t i = 0; i < l.newest; i++)
            lost += !came[i];
        assert_int_equal(l.lost, lost);
    }
}

RUN_TESTS(TEST(nothing_is_missing_at_the_start), TEST(what_was_overtaken_is_not_asked_for),
          TEST(what_is_missing_is_asked_for_until_it_comes), TEST(requests_end),
          TEST(a_leap_is_no_storm), TEST(another_senders_are_not_asked_for),
          TEST(random_losses_are_counted))
