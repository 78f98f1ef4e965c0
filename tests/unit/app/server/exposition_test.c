#include "app/server/exposition.h"
#include "base/macros.h"
#include "unit.h"

#include <stdatomic.h>

struct door_stats {
    uint64_t open, taken, busy_us;
    uint64_t refused[3];
    uint64_t hidden;
    struct histogram wait;
};

struct room_stats {
    uint64_t refused_full, longest_ms;
    atomic_uint_fast64_t written;
};

static const char *cause_name(unsigned index) {
    static const char *const names[] = {"late", "loud"};
    return names[index];
}

static const struct histogram_bounds wait_bounds = {2, {5, 100}};

#define DOOR(member) offsetof(struct door_stats, member)
#define ROOM(member) offsetof(struct room_stats, member)

static const struct counter door_rows[] = {
    {"door_open", "Open now.", COUNTER_GAUGE, DOOR(open)},
    {"door_taken_total", "Taken.", COUNTER_SUM, DOOR(taken)},
    {"door_busy_seconds_total", "Time spent.", COUNTER_SUM, DOOR(busy_us), .divisor = 1000000},
    {"refused_total", "Refused, by cause.", COUNTER_SUM, DOOR(refused[1]), .label = "cause",
     .count = 2, .value_of = cause_name},
    {NULL, NULL, COUNTER_SUM, DOOR(hidden)},
    {"door_wait_seconds", "How long.", COUNTER_SUM, DOOR(wait), .bounds = &wait_bounds},
};
static const struct counter room_rows[] = {
    {"refused_total", NULL, COUNTER_SUM, ROOM(refused_full), .label = "cause", .value = "full"},
    {"room_seconds_max", "Longest.", COUNTER_MAX, ROOM(longest_ms), .divisor = 1000},
    {"room_written_total", "Written.", COUNTER_SUM, ROOM(written), .is_atomic = true},
};
static const struct counter_table door_table = {door_rows, ARRAY_LEN(door_rows)};
static const struct counter_table room_table = {room_rows, ARRAY_LEN(room_rows)};

static void a_gauge_may_have_a_label(void **state) {
    struct buf out = {0};
    exposition_gauge(&out, "up", "It runs.", NULL, NULL, 0.25);
    exposition_gauge(&out, "info", "The version.", "version", "1.2", 1);
    assert_slice_equal(buf_slice(&out), "# HELP up It runs.\n"
                                        "# TYPE up gauge\n"
                                        "up 0.25\n"
                                        "# HELP info The version.\n"
                                        "# TYPE info gauge\n"
                                        "info{version=\"1.2\"} 1\n");
    buf_free(&out);
}

static void tables_are_printed_metric_by_metric(void **state) {
    struct door_stats door = {
        .open = 3, .taken = 1ull << 52, .busy_us = 1500000, .refused = {9, 8, 7}, .hidden = 6};
    struct room_stats room = {.refused_full = 5, .longest_ms = 40};
    const struct exposition_source sources[] = {{&door_table, &door}, {&room_table, &room}};
    struct buf out = {0};

    atomic_store(&room.written, 11);
    exposition_counters(&out, sources, ARRAY_LEN(sources));
    assert_slice_equal(buf_slice(&out), "# HELP door_open Open now.\n"
                                        "# TYPE door_open gauge\n"
                                        "door_open 3\n"
                                        "# HELP door_taken_total Taken.\n"
                                        "# TYPE door_taken_total counter\n"
                                        "door_taken_total 4.5035996273705e+15\n"
                                        "# HELP door_busy_seconds_total Time spent.\n"
                                        "# TYPE door_busy_seconds_total counter\n"
                                        "door_busy_seconds_total 1.5\n"
                                        "# HELP refused_total Refused, by cause.\n"
                                        "# TYPE refused_total counter\n"
                                        "refused_total{cause=\"late\"} 8\n"
                                        "refused_total{cause=\"loud\"} 7\n"
                                        "refused_total{cause=\"full\"} 5\n"
                                        "# HELP door_wait_seconds How long.\n"
                                        "# TYPE door_wait_seconds histogram\n"
                                        "door_wait_seconds_bucket{le=\"0.005\"} 0\n"
                                        "door_wait_seconds_bucket{le=\"0.1\"} 0\n"
                                        "door_wait_seconds_bucket{le=\"+Inf\"} 0\n"
                                        "door_wait_seconds_sum 0\n"
                                        "door_wait_seconds_count 0\n"
                                        "# HELP room_seconds_max Longest.\n"
                                        "# TYPE room_seconds_max gauge\n"
                                        "room_seconds_max 0.04\n"
                                        "# HELP room_written_total Written.\n"
                                        "# TYPE room_written_total counter\n"
                                        "room_written_total 11\n");
    buf_free(&out);
}

static void a_histogram_adds_up_its_buckets(void **state) {
    static const struct counter row = {"w", "How long.", COUNTER_SUM, DOOR(wait),
                                       .bounds = &wait_bounds};
    static const struct counter_table table = {&row, 1};
    struct door_stats door = {0};
    struct buf out = {0};

    histogram_add(&door.wait, &wait_bounds, 5);
    histogram_add(&door.wait, &wait_bounds, 6);
    histogram_add(&door.wait, &wait_bounds, 100);
    histogram_add(&door.wait, &wait_bounds, 101);
    exposition_counters(&out, &(struct exposition_source){&table, &door}, 1);
    assert_slice_equal(buf_slice(&out), "# HELP w How long.\n"
                                        "# TYPE w histogram\n"
                                        "w_bucket{le=\"0.005\"} 1\n"
                                        "w_bucket{le=\"0.1\"} 3\n"
                                        "w_bucket{le=\"+Inf\"} 4\n"
                                        "w_sum 0.212\n"
                                        "w_count 4\n");
    buf_free(&out);
}

static void histograms_are_added_like_counters(void **state) {
    struct door_stats total = {0}, part = {.taken = 2};
    histogram_add(&part.wait, &wait_bounds, 6);
    histogram_add(&part.wait, &wait_bounds, 700);
    counters_add(door_rows, ARRAY_LEN(door_rows), &total, &part);
    counters_add(door_rows, ARRAY_LEN(door_rows), &total, &part);
    assert_int_equal(total.taken, 4);
    assert_int_equal(total.wait.counts[0], 0);
    assert_int_equal(total.wait.counts[1], 2);
    assert_int_equal(total.wait.counts[2], 2);
    assert_int_equal(total.wait.sum_ms, 1412);
}

RUN_TESTS(TEST(a_gauge_may_have_a_label), TEST(tables_are_printed_metric_by_metric),
          TEST(a_histogram_adds_up_its_buckets), TEST(histograms_are_added_like_counters))
