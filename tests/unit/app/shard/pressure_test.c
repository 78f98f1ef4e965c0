#include "app/shard/pressure.h"

#include "unit.h"

/* A shard's ticks of 100 ms at one load, from *now on; meetings pause and resume as they are told. */
struct shard {
    struct pressure pressure;
    struct tick tick;
    int64_t now_ms;
    uint64_t meetings, paused;
};

static void shard_init(struct shard *s, uint64_t meetings) {
    *s = (struct shard){.now_ms = 100000, .meetings = meetings};
    tick_init(&s->tick, s->now_ms);
    s->tick.period_ms = TICK_MAX_MS;
}

static void run(struct shard *s, unsigned ticks, uint64_t used_us) {
    for (unsigned i = 0; i < ticks; i++) {
        s->now_ms += TICK_MAX_MS;
        tick_done(&s->tick, s->now_ms, used_us);
        s->tick.period_ms = TICK_MAX_MS;
        int64_t change =
            pressure_look(&s->pressure, &s->tick, used_us, s->now_ms, s->meetings, s->paused);
        assert_true(change <= (int64_t)(s->meetings - s->paused));
        assert_true(-change <= (int64_t)s->paused);
        s->paused = (uint64_t)((int64_t)s->paused + change);
    }
}

static void test_nothing_happens_while_it_fits(void **state) {
    (void)state;
    struct shard s;
    shard_init(&s, 80);
    run(&s, 1000, 84000);
    assert_int_equal(s.paused, 0);
}

static void test_a_short_peak_costs_nothing(void **state) {
    (void)state;
    struct shard s;
    shard_init(&s, 80);
    for (int i = 0; i < 20; i++) {
        run(&s, 9, 99000);
        run(&s, 1, 60000);
    }
    assert_int_equal(s.paused, 0);
}

static void test_an_eighth_a_second_until_all(void **state) {
    (void)state;
    struct shard s;
    shard_init(&s, 80);
    run(&s, 10, 99000);
    assert_int_equal(s.paused, 11);
    run(&s, 9, 99000);
    assert_int_equal(s.paused, 11);
    run(&s, 1, 99000);
    assert_int_equal(s.paused, 20);
    run(&s, 1000, 99000);
    assert_int_equal(s.paused, 80);
}

static void test_taken_up_again_after_calm_seconds(void **state) {
    (void)state;
    struct shard s;
    shard_init(&s, 80);
    run(&s, 20, 99000);
    assert_int_equal(s.paused, 20);
    run(&s, 500, 60000); /* it fits, but would not for long */
    assert_int_equal(s.paused, 20);
    run(&s, 49, 10000);
    assert_int_equal(s.paused, 20);
    run(&s, 1, 10000);
    assert_int_equal(s.paused, 17);
    run(&s, 1000, 10000);
    assert_int_equal(s.paused, 0);
}

RUN_TESTS(TEST(test_nothing_happens_while_it_fits), TEST(test_a_short_peak_costs_nothing),
          TEST(test_an_eighth_a_second_until_all), TEST(test_taken_up_again_after_calm_seconds))
