#include "base/mem.h"
#include "net/station.h"
#include "unit.h"

enum { LETTERS = 1000 };

struct owner {
    struct station *station;
    unsigned heard[LETTERS + 1];
    unsigned count;
};

struct letter {
    struct mail mail;
    unsigned number;
};

static void deliver(struct mail *mail, void *arg) {
    struct owner *owner = arg;
    struct letter *letter = (struct letter *)mail;
    owner->heard[owner->count++] = letter->number;
    mem_free(letter);
}

static void deliver_and_stop(struct mail *mail, void *arg) {
    struct owner *owner = arg;
    deliver(mail, arg);
    station_stop(owner->station);
}

static void write_to(struct station *station, unsigned number,
                     void (*fn)(struct mail *mail, void *arg)) {
    struct letter *letter = mem_alloc(sizeof *letter);
    letter->mail.deliver = fn;
    letter->number = number;
    station_send(station, &letter->mail);
}

static void mail_is_delivered_in_order_before_the_end(void **state) {
    struct owner owner = {0};
    assert_int_equal(station_open(&owner.station, &owner), 0);
    assert_int_equal(station_start(owner.station, "station", 0), 0);
    for (unsigned i = 0; i < LETTERS; i++)
        write_to(owner.station, i, deliver);
    station_end(owner.station);
    assert_int_equal(owner.count, LETTERS);
    for (unsigned i = 0; i < LETTERS; i++)
        assert_int_equal(owner.heard[i], i);
    assert_int_equal(station_depth(owner.station), 0);
    station_end(owner.station); /* has ended already */
    station_close(owner.station);
}

/* Mail of before the start waits; what is sent after the stop is delivered by station_close. */
static void a_station_may_stop_itself(void **state) {
    struct owner owner = {0};
    assert_int_equal(station_open(&owner.station, &owner), 0);
    write_to(owner.station, 1, deliver);
    write_to(owner.station, 2, deliver_and_stop);
    assert_int_equal(station_depth(owner.station), 2);
    assert_int_equal(station_start(owner.station, "station", 0), 0);
    station_wait(owner.station);
    assert_int_equal(owner.count, 2);
    write_to(owner.station, 3, deliver);
    assert_int_equal(owner.count, 2);
    station_close(owner.station);
    assert_int_equal(owner.count, 3);
    assert_int_equal(owner.heard[2], 3);
}

static void one_that_never_started_is_closed_with_its_mail(void **state) {
    struct owner owner = {0};
    assert_int_equal(station_open(&owner.station, &owner), 0);
    write_to(owner.station, 7, deliver);
    station_close(owner.station);
    assert_int_equal(owner.count, 1);
    station_close(NULL);
}

RUN_TESTS(TEST(mail_is_delivered_in_order_before_the_end), TEST(a_station_may_stop_itself),
          TEST(one_that_never_started_is_closed_with_its_mail))
