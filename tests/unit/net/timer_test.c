#include "net/loop_private.h"
#include "unit.h"

struct fixture {
    struct loop *loop;
    char log[64];
    size_t n;
};

struct named_timer {
    struct timer timer;
    struct fixture *fixture;
    char name;
};

static void note(void *arg) {
    struct named_timer *named = arg;
    named->fixture->log[named->fixture->n++] = named->name;
}

static void stop(void *arg) {
    loop_stop(arg);
}

static void timers_fire_in_the_order_of_their_times(void **state) {
    struct fixture f = {0};
    struct named_timer a = {.fixture = &f, .name = 'a'}, b = a, c = a, d = a;
    struct timer end = {0};
    b.name = 'b', c.name = 'c', d.name = 'd';
    assert_int_equal(loop_open(&f.loop), 0);
    timer_start(f.loop, &c.timer, 5, 0, note, &c);
    timer_start(f.loop, &a.timer, 1, 0, note, &a);
    timer_start(f.loop, &d.timer, 5, 0, note, &d);
    timer_start(f.loop, &b.timer, 2, 0, note, &b);
    timer_start(f.loop, &end, 10, 0, stop, f.loop);
    assert_true(timer_is_running(&a.timer));
    loop_run(f.loop);
    assert_false(timer_is_running(&a.timer));
    assert_string_equal(f.log, "abcd");
    loop_close(f.loop);
}

static void a_stopped_timer_stays_silent_and_a_restarted_one_moves(void **state) {
    struct fixture f = {0};
    struct named_timer a = {.fixture = &f, .name = 'a'}, b = a;
    struct timer end = {0};
    b.name = 'b';
    assert_int_equal(loop_open(&f.loop), 0);
    timer_stop(&a.timer);
    timer_start(f.loop, &a.timer, 1, 0, note, &a);
    timer_start(f.loop, &b.timer, 1, 0, note, &b);
    timer_stop(&a.timer);
    timer_start(f.loop, &b.timer, 1000, 0, note, &b);
    timer_start(f.loop, &end, 5, 0, stop, f.loop);
    loop_run(f.loop);
    assert_string_equal(f.log, "");
    timer_stop(&b.timer);
    loop_close(f.loop);
}

static void a_repeating_timer_repeats_until_it_is_stopped(void **state) {
    struct fixture f = {0};
    struct named_timer a = {.fixture = &f, .name = 'a'};
    struct timer end = {0};
    assert_int_equal(loop_open(&f.loop), 0);
    timer_start(f.loop, &a.timer, 0, 2, note, &a);
    timer_start(f.loop, &end, 30, 0, stop, f.loop);
    loop_run(f.loop);
    assert_true(f.n >= 3 && f.n <= 16);
    timer_stop(&a.timer);
    loop_close(f.loop);
}

/* Against a plain sorted list: 2,000 timers started and stopped at random places of the heap. */
static void many_timers_keep_their_order(void **state) {
    enum { COUNT = 2000 };
    static struct timer timers[COUNT];
    static int64_t seen[COUNT];
    struct loop *loop;
    assert_int_equal(loop_open(&loop), 0);
    struct timer_heap *heap = &loop->timers;
    uint32_t r = 1;
    for (size_t i = 0; i < COUNT * 2; i++) {
        r = r * 1664525 + 1013904223;
        timer_start(loop, &timers[i % COUNT], 1000 + (r >> 16) % 500, 0, stop, loop);
        r = r * 1664525 + 1013904223;
        if (r >> 30 == 0)
            timer_stop(&timers[(r >> 8) % COUNT]);
    }
    size_t n = 0;
    while (heap->len > 0) {
        seen[n++] = heap->timers[0]->due_ms;
        timer_stop(heap->timers[0]);
    }
    assert_true(n > COUNT / 2);
    for (size_t i = 1; i < n; i++)
        assert_true(seen[i - 1] <= seen[i]);
    for (size_t i = 0; i < COUNT; i++)
        assert_false(timer_is_running(&timers[i]));
    loop_close(loop);
}

struct eager_timer {
    struct timer timer;
    struct loop *loop;
    unsigned times;
};

static void come_again(void *arg) {
    struct eager_timer *eager = arg;
    if (++eager->times < 1000)
        timer_start(eager->loop, &eager->timer, 0, 0, come_again, eager);
}

static void interrupt(uv_async_t *async) {
    loop_stop(async->data);
}

static void a_timer_that_is_always_due_lets_others_have_their_turn(void **state) {
    struct eager_timer eager = {0};
    uv_async_t async;
    assert_int_equal(loop_open(&eager.loop), 0);
    assert_int_equal(uv_async_init(loop_uv(eager.loop), &async, interrupt), 0);
    async.data = eager.loop;
    uv_async_send(&async);
    timer_start(eager.loop, &eager.timer, 0, 0, come_again, &eager);
    loop_run(eager.loop);
    assert_in_range(eager.times, 1, 10);
    timer_stop(&eager.timer);
    uv_close((uv_handle_t *)&async, NULL);
    loop_close(eager.loop);
}

RUN_TESTS(TEST(timers_fire_in_the_order_of_their_times),
          TEST(a_stopped_timer_stays_silent_and_a_restarted_one_moves),
          TEST(a_repeating_timer_repeats_until_it_is_stopped), TEST(many_timers_keep_their_order),
          TEST(a_timer_that_is_always_due_lets_others_have_their_turn))
