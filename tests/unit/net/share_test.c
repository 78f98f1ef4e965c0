#include "net/share.h"

#include "base/clock.h"
#include "base/macros.h"
#include "base/mem.h"
#include "net/loop.h"
#include "unit.h"

enum { ASKERS = 200, END_MS = 400 };

struct asker {
    struct share_place place;
    struct crowd *crowd;
    unsigned served;
};

/* Those who ask again as soon as they were served. */
struct crowd {
    struct loop *loop;
    struct timer tick, end;
    struct asker askers[ASKERS];
    enum share_line line;
    uint64_t cost_ns; /* of one */
    uint64_t used_ns, turn_ns, worst_ns;
    unsigned ticks, gone;
};

static void spend(uint64_t ns) {
    uint64_t until_ns = clock_thread_ns() + ns;
    while (clock_thread_ns() < until_ns)
        ;
}

static void take(void *arg) {
    struct asker *asker = arg;
    struct crowd *crowd = asker->crowd;
    uint64_t from_ns = clock_thread_ns();
    asker->served++;
    spend(crowd->cost_ns);
    uint64_t took_ns = clock_thread_ns() - from_ns;
    crowd->used_ns += took_ns;
    crowd->turn_ns += took_ns;
    share_run(crowd->loop, crowd->line, &asker->place, take, asker);
}

/* Timers come once a turn. */
static void on_tick(void *arg) {
    struct crowd *crowd = arg;
    if (crowd->turn_ns > crowd->worst_ns)
        crowd->worst_ns = crowd->turn_ns;
    crowd->turn_ns = 0;
    crowd->ticks++;
}

static void on_end(void *arg) {
    struct crowd *crowd = arg;
    for (unsigned i = 0; i < ASKERS; i++)
        share_leave(&crowd->askers[i].place);
    timer_stop(&crowd->tick);
    loop_stop(crowd->loop);
}

/* Returns the processor's time of the whole thread meanwhile. */
static uint64_t run_crowd(struct crowd *crowd, enum share_line line, uint64_t cost_ns) {
    *crowd = (struct crowd){.line = line, .cost_ns = cost_ns};
    assert_int_equal(loop_open(&crowd->loop), 0);
    timer_start(crowd->loop, &crowd->tick, 0, 1, on_tick, crowd);
    timer_start(crowd->loop, &crowd->end, END_MS, 0, on_end, crowd);
    for (unsigned i = 0; i < ASKERS; i++)
        crowd->askers[i].crowd = crowd;
    uint64_t from_ns = clock_thread_ns();
    for (unsigned i = 0; i < ASKERS; i++)
        share_run(crowd->loop, line, &crowd->askers[i].place, take, &crowd->askers[i]);
    loop_run(crowd->loop);
    uint64_t all_ns = clock_thread_ns() - from_ns;
    loop_close(crowd->loop);
    return all_ns;
}

static void assert_fair(const struct crowd *crowd) {
    unsigned least = UINT32_MAX, most = 0;
    /* The first one asked when nobody waited. */
    for (unsigned i = 1; i < ASKERS; i++) {
        least = crowd->askers[i].served < least ? crowd->askers[i].served : least;
        most = crowd->askers[i].served > most ? crowd->askers[i].served : most;
    }
    assert_true(most <= least + 1);
}

static void strangers_get_half_of_the_time_and_all_the_same(void **state) {
    struct crowd *crowd = mem_alloc(sizeof *crowd);
    uint64_t from_ns = clock_mono_ns();
    run_crowd(crowd, SHARE_MORE, 50000);
    uint64_t wall_ns = clock_mono_ns() - from_ns;
    /* A part more for the one that was free at the beginning; 1.1 for the last one of each part. */
    assert_true((double)crowd->used_ns <= 1.1 * ((double)wall_ns / 2 + 4e6));
    assert_true(crowd->worst_ns < 9000000); /* the end of one turn, and the beginning of the next */
    assert_true(crowd->used_ns > 0);
    assert_fair(crowd);
    mem_free(crowd);
}

static void what_takes_long_is_paid_for(void **state) {
    struct crowd *crowd = mem_alloc(sizeof *crowd);
    uint64_t from_ns = clock_mono_ns();
    run_crowd(crowd, SHARE_MORE, 20000000);
    uint64_t wall_ns = clock_mono_ns() - from_ns;
    assert_true((double)crowd->used_ns <= (double)wall_ns / 2 + 24e6);
    mem_free(crowd);
}

static void first_bytes_come_in_every_turn(void **state) {
    struct crowd *crowd = mem_alloc(sizeof *crowd);
    run_crowd(crowd, SHARE_FIRST, 50000);
    assert_true(crowd->ticks >= 2);
    assert_true(crowd->worst_ns < 9000000);
    assert_fair(crowd);
    mem_free(crowd);
}

static void count(void *arg) {
    ++*(unsigned *)arg;
}

static void who_leaves_is_not_called(void **state) {
    struct crowd crowd = {0};
    struct share_place here = {0}, gone = {0};
    unsigned calls = 0;
    assert_int_equal(loop_open(&crowd.loop), 0);
    crowd.askers[0].crowd = &crowd;
    assert_false(share_is_waiting(&here));
    share_leave(&here);
    /* The first call takes more than a part, so the others wait. */
    crowd.cost_ns = 20000000;
    crowd.line = SHARE_MORE;
    share_run(crowd.loop, SHARE_MORE, &crowd.askers[0].place, take, &crowd.askers[0]);
    share_run(crowd.loop, SHARE_MORE, &here, count, &calls);
    share_run(crowd.loop, SHARE_MORE, &gone, count, &calls);
    assert_true(share_is_waiting(&here) && share_is_waiting(&gone));
    share_run(crowd.loop, SHARE_MORE, &here, count, &calls); /* it has its place */
    share_leave(&gone);
    share_leave(&crowd.askers[0].place);
    assert_int_equal(calls, 0);
    timer_start(crowd.loop, &crowd.end, 200, 0, on_end, &crowd);
    loop_run(crowd.loop);
    assert_int_equal(calls, 1);
    assert_false(share_is_waiting(&here));
    loop_close(crowd.loop);
}

RUN_TESTS(TEST(strangers_get_half_of_the_time_and_all_the_same), TEST(what_takes_long_is_paid_for),
          TEST(first_bytes_come_in_every_turn), TEST(who_leaves_is_not_called))
