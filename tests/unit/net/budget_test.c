#include "net/budget.h"

#include "base/macros.h"
#include "unit.h"

#include <stdio.h>

enum { CLAIMS = 64 };

struct holder {
    struct claim claim;
    bool is_gone;
};

struct fixture {
    struct pool pool;
    struct holder holders[CLAIMS];
    int64_t now_ms;
};

static void on_give_way(void *owner) {
    struct holder *holder = owner;
    assert_false(holder->is_gone);
    holder->is_gone = true;
    claim_close(&holder->claim);
}

static void open_pool(struct fixture *f, struct pool_settings set) {
    memset(f, 0, sizeof *f);
    pool_init(&f->pool, &set, 7);
}

static void close_pool(struct fixture *f) {
    for (unsigned i = 0; i < CLAIMS; i++)
        claim_close(&f->holders[i].claim);
    assert_int_equal(f->pool.stats.held, 0);
    pool_free(&f->pool);
}

/* Opens a claim and lets it hold `amount`. Each call is a millisecond later. */
static bool take(struct fixture *f, unsigned number, enum budget_rank rank, const char *address,
                 size_t amount) {
    struct holder *holder = &f->holders[number];
    holder->is_gone = false;
    claim_open(&holder->claim, &f->pool, rank, slice_from(address), on_give_way, holder);
    bool is_granted = claim_set(&holder->claim, amount, ++f->now_ms);
    if (!is_granted)
        claim_close(&holder->claim);
    return is_granted;
}

static bool has(const struct fixture *f, unsigned number) {
    return f->holders[number].claim.amount > 0;
}

static void what_fits_is_granted(void **state) {
    struct fixture f;
    open_pool(&f, (struct pool_settings){.limit = 3});
    for (unsigned i = 0; i < 3; i++)
        assert_true(take(&f, i, BUDGET_STRANGER, "10.0.0.1", 1));
    assert_int_equal(f.pool.stats.held, 3);
    claim_set(&f.holders[1].claim, 0, 0);
    assert_true(take(&f, 3, BUDGET_STRANGER, "10.0.0.1", 1));
    assert_true(has(&f, 0) && !has(&f, 1) && has(&f, 2) && has(&f, 3));
    close_pool(&f);
}

static void the_longest_without_progress_gives_way(void **state) {
    struct fixture f;
    open_pool(&f, (struct pool_settings){.limit = 3});
    for (unsigned i = 0; i < 3; i++)
        take(&f, i, BUDGET_STRANGER, "10.0.0.1", 1);
    claim_got_on(&f.holders[0].claim, ++f.now_ms);
    assert_true(take(&f, 3, BUDGET_STRANGER, "10.0.0.1", 1));
    assert_true(f.holders[1].is_gone && has(&f, 0) && has(&f, 2));
    assert_int_equal(f.pool.stats.gave_way[BUDGET_STRANGER], 1);
    close_pool(&f);
}

static void who_takes_more_takes_it_from_themselves(void **state) {
    struct fixture f;
    open_pool(&f, (struct pool_settings){.limit = 20});
    take(&f, 0, BUDGET_STRANGER, "192.0.2.9", 1);
    take(&f, 1, BUDGET_STRANGER, "2001:db8:9:9::1", 1);
    for (unsigned i = 2; i < 60; i++) {
        char address[48];
        snprintf(address, sizeof address, "2001:db8:1:1::%x", i);
        assert_true(take(&f, i, BUDGET_STRANGER, address, 1));
    }
    assert_true(has(&f, 0) && has(&f, 1));
    assert_true(has(&f, 59) && !has(&f, 41) && has(&f, 42));
    close_pool(&f);
}

static void a_known_one_takes_the_place_of_an_unknown_one(void **state) {
    struct fixture f;
    open_pool(&f, (struct pool_settings){.limit = 3, .keeps_known = true});
    take(&f, 0, BUDGET_SIGNED, "10.0.0.1", 1);
    take(&f, 1, BUDGET_HOST, "10.0.0.2", 1);
    take(&f, 2, BUDGET_STRANGER, "10.0.0.3", 1);
    assert_true(take(&f, 3, BUDGET_HOST, "10.0.0.4", 1));
    assert_true(f.holders[2].is_gone);
    assert_false(take(&f, 4, BUDGET_STRANGER, "10.0.0.5", 1)); /* nobody is below it */
    assert_false(take(&f, 5, BUDGET_HOST, "10.0.0.6", 1));     /* the first come stays */
    assert_true(take(&f, 6, BUDGET_HOST, "10.0.0.2", 0));
    assert_true(take(&f, 7, BUDGET_SIGNED, "10.0.0.1", 1));
    assert_true(f.holders[1].is_gone && has(&f, 0) && has(&f, 3));
    assert_int_equal(f.pool.stats.refused, 2);
    close_pool(&f);
}

static void of_known_ones_an_address_with_many_gives_way(void **state) {
    struct fixture f;
    open_pool(&f, (struct pool_settings){.limit = 4, .keeps_known = true});
    for (unsigned i = 0; i < 4; i++)
        take(&f, i, BUDGET_HOST, "10.0.0.1", 1);
    assert_true(take(&f, 4, BUDGET_HOST, "10.0.0.2", 1));
    assert_true(take(&f, 5, BUDGET_HOST, "10.0.0.3", 1));
    assert_true(f.holders[0].is_gone && f.holders[1].is_gone);
    assert_true(take(&f, 6, BUDGET_HOST, "10.0.0.4", 1));
    assert_false(take(&f, 7, BUDGET_HOST, "10.0.0.5", 1)); /* each of them has one */
    close_pool(&f);
}

static void newcomers_keep_to_their_part(void **state) {
    struct fixture f;
    open_pool(&f, (struct pool_settings){.limit = 4, .for_new = 2, .keeps_known = true});
    for (unsigned i = 0; i < 10; i++)
        assert_true(take(&f, i, BUDGET_NEW, "10.0.0.1", 1));
    assert_int_equal(f.pool.stats.held, 2);
    assert_true(take(&f, 10, BUDGET_HOST, "10.0.0.2", 1));
    assert_true(take(&f, 11, BUDGET_HOST, "10.0.0.3", 1));
    assert_true(has(&f, 8) && has(&f, 9) && has(&f, 10) && has(&f, 11));
    assert_false(claim_raise(&f.holders[9].claim, BUDGET_STRANGER, ++f.now_ms));
    assert_true(has(&f, 9)); /* it stays what it was */
    assert_true(claim_raise(&f.holders[9].claim, BUDGET_SIGNED, ++f.now_ms));
    assert_true(f.holders[10].is_gone && has(&f, 11));
    assert_true(take(&f, 12, BUDGET_NEW, "10.0.0.1", 1));
    assert_true(has(&f, 8));
    close_pool(&f);
}

static void memory_goes_by_what_each_address_holds(void **state) {
    struct fixture f;
    open_pool(&f, (struct pool_settings){.limit = 100000, .free = 100});
    assert_true(take(&f, 0, BUDGET_STRANGER, "10.0.0.1", 100)); /* free */
    assert_int_equal(f.pool.stats.held, 0);
    assert_true(take(&f, 1, BUDGET_STRANGER, "10.0.0.2", 15000));
    assert_true(take(&f, 2, BUDGET_STRANGER, "10.0.0.3", 80000));
    assert_true(claim_set(&f.holders[1].claim, 25000, ++f.now_ms)); /* the larger one gives way */
    assert_true(f.holders[2].is_gone && has(&f, 1));
    assert_false(claim_set(&f.holders[1].claim, 100001, ++f.now_ms));
    assert_true(claim_set(&f.holders[1].claim, 0, ++f.now_ms));
    assert_int_equal(f.pool.stats.held, 0);
    close_pool(&f);
}

static void a_proxys_connection_becomes_its_clients(void **state) {
    struct fixture f;
    open_pool(&f, (struct pool_settings){.limit = 8});
    for (unsigned i = 0; i < 8; i++)
        take(&f, i, BUDGET_STRANGER, "10.0.0.1", 1);
    for (unsigned i = 0; i < 7; i++)
        claim_move(&f.holders[i].claim, SLICE("192.0.2.1"), ++f.now_ms);
    assert_true(take(&f, 8, BUDGET_STRANGER, "10.0.0.1", 1));
    assert_true(f.holders[0].is_gone && has(&f, 7));
    close_pool(&f);
}

/* One connection of a proxy carries the requests of many clients. */
static void what_one_client_has_shown_counts_for_no_other(void **state) {
    struct fixture f;
    open_pool(&f, (struct pool_settings){.limit = 2});
    take(&f, 0, BUDGET_STRANGER, "10.0.0.1", 1);
    take(&f, 1, BUDGET_STRANGER, "192.0.2.2", 1);
    assert_true(claim_raise(&f.holders[0].claim, BUDGET_SIGNED, ++f.now_ms));
    claim_move(&f.holders[0].claim, SLICE("10.0.0.1"), ++f.now_ms);
    assert_int_equal(f.holders[0].claim.rank, BUDGET_SIGNED);
    claim_move(&f.holders[0].claim, SLICE("192.0.2.1"), ++f.now_ms);
    assert_int_equal(f.holders[0].claim.rank, BUDGET_STRANGER);
    claim_got_on(&f.holders[1].claim, ++f.now_ms);
    assert_true(take(&f, 2, BUDGET_STRANGER, "192.0.2.3", 1));
    assert_true(f.holders[0].is_gone && has(&f, 1));
    close_pool(&f);
}

static void without_a_pool_or_a_limit_all_is_granted(void **state) {
    struct fixture f;
    struct claim claim = {0};
    open_pool(&f, (struct pool_settings){0});
    assert_true(take(&f, 0, BUDGET_NEW, "10.0.0.1", SIZE_MAX / 2));
    claim_open(&claim, NULL, BUDGET_NEW, SLICE("10.0.0.1"), on_give_way, NULL);
    assert_true(claim_set(&claim, 5, 1) && claim_raise(&claim, BUDGET_HOST, 2));
    claim_got_on(&claim, 3);
    claim_move(&claim, SLICE("10.0.0.2"), 3);
    claim_close(&claim);
    close_pool(&f);
}

/* Whatever happens, the sums are right and no limit is passed. */
static void the_sums_are_right(void **state) {
    struct fixture f;
    uint32_t random = 12345;
    open_pool(&f, (struct pool_settings){.limit = 5000, .for_new = 1000, .free = 10});
    for (unsigned step = 0; step < 20000; step++) {
        random = random * 1664525 + 1013904223;
        unsigned number = random >> 26, rank = random >> 8 & 3;
        struct holder *holder = &f.holders[number];
        char address[] = "10.0.0.0";
        address[7] = (char)('0' + (random >> 12 & 7));
        if (!holder->claim.pool)
            take(&f, number, rank, address, random >> 16 & 511);
        else if ((random >> 10 & 3) == 0)
            claim_raise(&holder->claim, rank, ++f.now_ms);
        else if ((random >> 10 & 3) == 1)
            claim_move(&holder->claim, slice_from(address), ++f.now_ms);
        else if (!claim_set(&holder->claim, random >> 14 & 1023, ++f.now_ms))
            claim_close(&holder->claim);
        size_t sums[2] = {0}, all = 0;
        for (unsigned i = 0; i < CLAIMS; i++) {
            sums[f.holders[i].claim.rank != BUDGET_NEW] += f.holders[i].claim.amount;
            all += f.holders[i].claim.amount;
        }
        assert_int_equal(f.pool.stats.held, all);
        assert_true(sums[0] <= 1000 && sums[1] <= 4000);
    }
    close_pool(&f);
}

RUN_TESTS(TEST(what_fits_is_granted), TEST(the_longest_without_progress_gives_way),
          TEST(who_takes_more_takes_it_from_themselves),
          TEST(a_known_one_takes_the_place_of_an_unknown_one),
          TEST(of_known_ones_an_address_with_many_gives_way), TEST(newcomers_keep_to_their_part),
          TEST(memory_goes_by_what_each_address_holds),
          TEST(a_proxys_connection_becomes_its_clients),
          TEST(what_one_client_has_shown_counts_for_no_other),
          TEST(without_a_pool_or_a_limit_all_is_granted), TEST(the_sums_are_right))
