#include "net/loop.h"
#include "net/thread.h"
#include "unit.h"

#include <sys/socket.h>
#include <unistd.h>

struct fixture {
    struct loop *loop;
    struct watch *watch;
    struct deferred first, second;
    int fds[2];
    int events;
    int rounds;
};

static struct fixture open_fixture(void) {
    struct fixture f = {0};
    assert_int_equal(loop_open(&f.loop), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, f.fds), 0);
    return f;
}

static void close_fixture(struct fixture *f) {
    loop_close(f->loop);
    close(f->fds[0]);
    close(f->fds[1]);
}

static void on_events(int events, void *arg) {
    struct fixture *f = arg;
    f->events |= events;
    watch_close(f->watch);
    loop_stop(f->loop);
}

static void a_watch_tells_what_it_was_asked_for(void **state) {
    struct fixture f = open_fixture();
    assert_int_equal(watch_open(&f.watch, f.loop, f.fds[0], on_events, &f), 0);
    watch_set(f.watch, WATCH_READ);
    assert_int_equal(write(f.fds[1], "x", 1), 1);
    loop_run(f.loop);
    assert_int_equal(f.events, WATCH_READ);
    close_fixture(&f);
}

static void nobody_should_come(int events, void *arg) {
    fail();
}

static void stop(void *arg) {
    loop_stop(arg);
}

static void a_closed_watch_is_silent_and_its_descriptor_is_free(void **state) {
    struct fixture f = open_fixture();
    struct timer end = {0};
    assert_int_equal(watch_open(&f.watch, f.loop, f.fds[0], nobody_should_come, &f), 0);
    watch_set(f.watch, WATCH_READ | WATCH_WRITE);
    watch_close(f.watch);
    assert_int_equal(write(f.fds[1], "x", 1), 1);
    timer_start(f.loop, &end, 5, 0, stop, f.loop);
    loop_run(f.loop);
    close_fixture(&f);
}

static void count_down(void *arg) {
    struct fixture *f = arg;
    if (--f->rounds == 0)
        loop_stop(f->loop);
    else
        loop_defer(f->loop, &f->first, count_down, f);
}

static void deferred_work_may_defer_itself_without_blocking_the_loop(void **state) {
    struct fixture f = open_fixture();
    f.rounds = 5;
    loop_defer(f.loop, &f.first, count_down, &f);
    loop_defer(f.loop, &f.first, count_down, &f); /* twice is once */
    loop_run(f.loop);
    assert_int_equal(f.rounds, 0);
    close_fixture(&f);
}

static void drop_second(void *arg) {
    struct fixture *f = arg;
    loop_undefer(f->loop, &f->second);
    loop_stop(f->loop);
}

static void must_not_run(void *arg) {
    fail();
}

static void deferred_work_can_be_taken_back_even_by_what_runs_before_it(void **state) {
    struct fixture f = open_fixture();
    loop_defer(f.loop, &f.first, drop_second, &f);
    loop_defer(f.loop, &f.second, must_not_run, &f);
    loop_run(f.loop);

    loop_defer(f.loop, &f.second, must_not_run, &f);
    loop_undefer(f.loop, &f.second);
    loop_defer(f.loop, &f.first, drop_second, &f);
    loop_run(f.loop);
    close_fixture(&f);
}

static void set_flag(void *arg) {
    *(int *)arg = 1;
}

static void a_thread_runs_and_is_joined(void **state) {
    struct thread *thread;
    int flag = 0;
    assert_int_equal(thread_start(&thread, "a-rather-long-name", 5, set_flag, &flag), 0);
    thread_join(thread);
    assert_int_equal(flag, 1);
}

RUN_TESTS(TEST(a_watch_tells_what_it_was_asked_for),
          TEST(a_closed_watch_is_silent_and_its_descriptor_is_free),
          TEST(deferred_work_may_defer_itself_without_blocking_the_loop),
          TEST(deferred_work_can_be_taken_back_even_by_what_runs_before_it),
          TEST(a_thread_runs_and_is_joined))
