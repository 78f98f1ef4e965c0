#include "net/loop.h"
#include "net/worker.h"
#include "unit.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

struct bench {
    struct loop *loop;
    struct worker *worker;
    atomic_int running, most;
    int done, canceled, expected;
};

static void work(void *arg) {
    struct bench *bench = arg;
    int now = atomic_fetch_add(&bench->running, 1) + 1;
    if (now > atomic_load(&bench->most))
        atomic_store(&bench->most, now);
    usleep(1000);
    atomic_fetch_sub(&bench->running, 1);
}

static void on_done(int err, void *arg) {
    struct bench *bench = arg;
    if (err == ECANCELED)
        bench->canceled++;
    else
        assert_int_equal(err, 0);
    if (++bench->done == bench->expected)
        loop_stop(bench->loop);
}

static void at_most_so_many_run_and_so_many_wait(void **state) {
    struct bench bench = {.expected = 5};
    assert_int_equal(loop_open(&bench.loop), 0);
    bench.worker = worker_new(bench.loop, 1, 4, 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(worker_run(bench.worker, work, on_done, &bench), 0);
    assert_int_equal(worker_run(bench.worker, work, on_done, &bench), EAGAIN);
    loop_run(bench.loop);
    assert_int_equal(bench.done, 5);
    assert_int_equal(bench.most, 1);
    worker_close(bench.worker);
    loop_close(bench.loop);
}

static void closing_cancels_what_waits_and_finishes_what_runs(void **state) {
    struct bench bench = {.expected = -1};
    assert_int_equal(loop_open(&bench.loop), 0);
    bench.worker = worker_new(bench.loop, 1, 4, 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(worker_run(bench.worker, work, on_done, &bench), 0);
    worker_close(bench.worker);
    assert_int_equal(bench.canceled, 2);
    loop_close(bench.loop);
    assert_int_equal(bench.done, 3);
}

RUN_TESTS(TEST(at_most_so_many_run_and_so_many_wait),
          TEST(closing_cancels_what_waits_and_finishes_what_runs))
