#include "base/clock.h"
#include "net/loop.h"
#include "net/standstill.h"
#include "net/thread.h"
#include "unit.h"

#include <poll.h>
#include <unistd.h>

enum { LONG_MS = 200 };

struct labourer {
    struct standstill standstill;
    struct thread *thread;
    int pipe[2];
    int nap_ms; /* -1: asleep until it is woken; 0: never asleep */
    bool is_held;
    atomic_bool is_over;
};

static void work(void *arg) {
    struct labourer *l = arg;
    struct pollfd fd = {.fd = l->pipe[0], .events = POLLIN};
    atomic_store(&l->standstill.thread_id, thread_id());
    standstill_begin(&l->standstill);
    while (!atomic_load(&l->is_over)) {
        if (l->nap_ms)
            poll(&fd, 1, l->nap_ms);
        if (l->is_held)
            standstill_hold(&l->standstill);
    }
    standstill_end(&l->standstill);
}

static void start(struct labourer *l) {
    assert_int_equal(pipe(l->pipe), 0);
    assert_int_equal(thread_start(&l->thread, "labourer", 0, work, l), 0);
    while (standstill_turn(&l->standstill) == 0)
        usleep(1000);
}

static void stop(struct labourer *l) {
    atomic_store(&l->is_over, true);
    assert_int_equal(write(l->pipe[1], "", 1), 1);
    thread_join(l->thread);
    assert_int_equal(standstill_turn(&l->standstill), 0);
    assert_int_equal(standstill_look(&l->standstill, clock_mono_ms()), 0);
    close(l->pipe[0]);
    close(l->pipe[1]);
}

/* The longest standstill seen until it is long, or `ms` are over. */
static int64_t watch(struct labourer *l, int64_t ms) {
    int64_t most_ms = 0, until_ms = clock_mono_ms() + ms;
    while (most_ms < LONG_MS && clock_mono_ms() < until_ms) {
        int64_t still_ms = standstill_look(&l->standstill, clock_mono_ms());
        most_ms = still_ms > most_ms ? still_ms : most_ms;
        usleep(2000);
    }
    return most_ms;
}

static void who_waits_in_one_piece_stands_still(void **state) {
    struct labourer l = {.nap_ms = -1};
    start(&l);
    assert_true(watch(&l, 30000) >= LONG_MS);
    stop(&l);
}

static void who_gets_on_a_little_does_not(void **state) {
    struct labourer l = {.nap_ms = 5};
    if (thread_slices(thread_id()) == 0)
        skip();
    start(&l);
    assert_true(watch(&l, 1000) < LONG_MS);
    stop(&l);
}

static void who_is_held_does(void **state) {
    struct labourer l = {.nap_ms = 5, .is_held = true};
    start(&l);
    assert_true(watch(&l, 30000) >= LONG_MS);
    stop(&l);
}

static void who_computes_or_has_nothing_to_do_does_not(void **state) {
    struct labourer l = {.nap_ms = 0};
    start(&l);
    assert_int_equal(watch(&l, 300), 0);
    stop(&l);
    assert_int_equal(watch(&l, 10), 0);
}

static void who_begins_again_has_come_further(void **state) {
    struct standstill s = {0};
    standstill_begin(&s);
    uint64_t turn = standstill_turn(&s);
    assert_true(turn != 0);
    standstill_begin(&s);
    assert_true(standstill_turn(&s) != turn && standstill_turn(&s) != 0);
    standstill_end(&s);
    standstill_end(&s);
    assert_int_equal(standstill_turn(&s), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_waits_in_one_piece_stands_still),
        cmocka_unit_test(who_gets_on_a_little_does_not),
        cmocka_unit_test(who_is_held_does),
        cmocka_unit_test(who_computes_or_has_nothing_to_do_does_not),
        cmocka_unit_test(who_begins_again_has_come_further),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
