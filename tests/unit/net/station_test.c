#include "base/mem.h"
#include "net/station.h"
#include "unit.h"

#include <pthread.h>

enum { NOTES = 100 };

struct desk {
    struct station *station;
    int notes;
    pthread_t thread; /* that delivered the latest */
};

struct note {
    struct mail mail;
    int number;
    bool is_last;
};

static void deliver_note(struct mail *mail, void *owner) {
    struct note *note = (struct note *)mail;
    struct desk *desk = owner;
    assert_int_equal(note->number, desk->notes++);
    desk->thread = pthread_self();
    if (note->is_last)
        station_stop(desk->station);
    mem_free(note);
}

static void send_note(struct desk *desk, int number, bool is_last) {
    struct note *note = mem_alloc(sizeof *note);
    *note = (struct note){{.deliver = deliver_note}, number, is_last};
    station_send(desk->station, &note->mail);
}

static void its_thread_delivers_what_came_before_the_end(void **state) {
    struct desk desk = {0};
    assert_int_equal(station_open(&desk.station, &desk), 0);
    for (int i = 0; i < NOTES / 2; i++)
        send_note(&desk, i, false);
    assert_int_equal(station_depth(desk.station), NOTES / 2);
    assert_int_equal(station_start(desk.station, "desk", 0), 0);
    for (int i = NOTES / 2; i < NOTES; i++)
        send_note(&desk, i, false);
    station_end(desk.station);
    assert_int_equal(desk.notes, NOTES);
    assert_false(pthread_equal(desk.thread, pthread_self()));
    station_end(desk.station);
    station_close(desk.station);
}

static void it_may_stop_by_itself(void **state) {
    struct desk desk = {0};
    assert_int_equal(station_open(&desk.station, &desk), 0);
    send_note(&desk, 0, true);
    assert_int_equal(station_start(desk.station, "desk", 0), 0);
    station_wait(desk.station);
    assert_int_equal(desk.notes, 1);
    station_close(desk.station);
}

static void shutting_it_delivers_what_came_after_the_end(void **state) {
    struct desk desk = {0};
    assert_int_equal(station_open(&desk.station, &desk), 0);
    assert_int_equal(station_start(desk.station, "desk", 0), 0);
    station_end(desk.station);
    send_note(&desk, 0, false);
    assert_int_equal(desk.notes, 0);
    station_shut(desk.station);
    assert_int_equal(desk.notes, 1);
    assert_non_null(station_loop(desk.station));
    station_close(desk.station);
}

static void on_a_loop_of_another_that_loop_delivers(void **state) {
    struct desk desk = {0};
    struct loop *loop;
    assert_int_equal(loop_open(&loop), 0);
    assert_int_equal(station_open_on(&desk.station, loop, &desk), 0);
    assert_ptr_equal(station_loop(desk.station), loop);
    send_note(&desk, 0, true);
    loop_run(loop);
    assert_int_equal(desk.notes, 1);
    assert_true(pthread_equal(desk.thread, pthread_self()));
    send_note(&desk, 1, false);
    station_close(desk.station);
    assert_int_equal(desk.notes, 2);
    loop_close(loop);
}

static void none_is_closed_quietly(void **state) {
    station_end(NULL);
    station_close(NULL);
}

RUN_TESTS(TEST(its_thread_delivers_what_came_before_the_end), TEST(it_may_stop_by_itself),
          TEST(shutting_it_delivers_what_came_after_the_end),
          TEST(on_a_loop_of_another_that_loop_delivers), TEST(none_is_closed_quietly))
