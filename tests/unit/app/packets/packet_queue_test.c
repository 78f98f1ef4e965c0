/* Packets in any order come out in theirs, and nobody waits for ever. */
#include "app/packets/packet_queue.h"

#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

#define MS INT64_C(1000000)

static struct queued packet_of(int64_t seq, const char *text) {
    return (struct queued){.placed = {seq, seq * 960}, .ticks = 960, .payload = slice_from(text)};
}

static bool put(struct packet_queue *q, int64_t seq, const char *text, int64_t ms) {
    struct queued packet = packet_of(seq, text);
    return packet_queue_put(q, &packet, ms * MS, INT64_MAX);
}

static void open_at(struct packet_queue *q, int64_t seq) {
    struct queued out;
    assert_false(put(q, seq, "first", 0));
    assert_false(packet_queue_take(q, 10 * MS, 100, INT64_MAX, &out));
    assert_true(packet_queue_take(q, 40 * MS, 100, INT64_MAX, &out));
    assert_int_equal(out.placed.seq, seq);
    assert_int_equal(out.lost, 0);
    assert_false(packet_queue_take(q, 40 * MS, 100, INT64_MAX, &out));
}

static void what_comes_in_order_passes(void **state) {
    struct packet_queue q = {0};
    open_at(&q, 5);
    for (int64_t seq = 6; seq < 1000; seq++)
        assert_true(put(&q, seq, "x", 60 + seq));
    assert_null(q.waiting);
    packet_queue_free(&q);
}

static void the_first_waits_for_what_it_overtook(void **state) {
    struct packet_queue q = {0};
    struct queued out;
    assert_false(put(&q, 1 << 20, "b", 0));
    assert_false(put(&q, (1 << 20) - 1, "a", 1));
    assert_true(packet_queue_take(&q, 41 * MS, 100, INT64_MAX, &out));
    assert_slice_equal(out.payload, "a");
    assert_true(packet_queue_take(&q, 41 * MS, 100, INT64_MAX, &out));
    assert_slice_equal(out.payload, "b");
    packet_queue_free(&q);
}

static void a_missing_one_is_waited_for(void **state) {
    struct packet_queue q = {0};
    struct queued out;
    open_at(&q, 5);
    assert_false(put(&q, 7, "seven", 100));
    assert_false(put(&q, 8, "eight", 120));
    assert_false(packet_queue_take(&q, 150 * MS, 100, INT64_MAX, &out));
    assert_false(put(&q, 6, "six", 160)); /* in time */
    assert_true(packet_queue_take(&q, 160 * MS, 100, INT64_MAX, &out));
    assert_slice_equal(out.payload, "six");
    assert_int_equal(out.lost, 0);
    assert_true(packet_queue_take(&q, 160 * MS, 100, INT64_MAX, &out));
    assert_true(packet_queue_take(&q, 160 * MS, 100, INT64_MAX, &out));
    assert_slice_equal(out.payload, "eight");
    assert_false(packet_queue_take(&q, 160 * MS, 100, INT64_MAX, &out));
    assert_null(q.waiting);
    packet_queue_free(&q);
}

static void what_never_comes_is_lost(void **state) {
    struct packet_queue q = {0};
    struct queued out;
    open_at(&q, 5);
    put(&q, 8, "eight", 100);
    assert_false(packet_queue_take(&q, 199 * MS, 100, INT64_MAX, &out));
    assert_true(packet_queue_take(&q, 200 * MS, 100, INT64_MAX, &out));
    assert_int_equal(out.lost, 2);
    assert_false(put(&q, 7, "late", 210));
    assert_int_equal(q.late, 1);
    packet_queue_free(&q);
}

static void what_is_in_doubt_stays(void **state) {
    struct packet_queue q = {0};
    struct queued out, packet = packet_of(6, "six");
    open_at(&q, 5);
    assert_false(packet_queue_put(&q, &packet, 100 * MS, 6));
    assert_false(packet_queue_take(&q, 9000 * MS, 100, 6, &out));
    assert_true(packet_queue_take(&q, 9000 * MS, 100, INT64_MAX, &out));
    packet_queue_free(&q);
}

static void a_full_queue_waits_for_nothing(void **state) {
    struct packet_queue q = {0};
    struct queued out;
    open_at(&q, 5);
    static char big[1400];
    unsigned taken = 0;
    for (int64_t seq = 7; seq < 2000; seq++) { /* 6 never comes, and no time passes */
        struct queued packet = {.placed = {seq, 0}, .ticks = 960, .payload = slice_of(big, 1400)};
        while (packet_queue_is_full(&q, &packet)) {
            assert_true(packet_queue_take(&q, 100 * MS, 0, INT64_MAX, &out));
            taken++;
        }
        taken += packet_queue_put(&q, &packet, 100 * MS, INT64_MAX);
        while (packet_queue_take(&q, 100 * MS, 1000, INT64_MAX, &out))
            taken++;
        assert_true(q.room <= 4 * PACKET_QUEUE_BYTES);
    }
    assert_int_equal(taken, 2000 - 7);
    packet_queue_free(&q);
}

/* Seconds of packets that are in doubt come at once: the first of them make room for the rest. */
static void a_flood_in_doubt_loses_nothing(void **state) {
    struct packet_queue q = {0};
    struct queued out;
    open_at(&q, 5);
    int64_t next = 6;
    for (int64_t seq = 6; seq < 3000; seq++) {
        struct queued packet = packet_of(seq, "x");
        while (packet_queue_is_full(&q, &packet)) {
            assert_true(packet_queue_take(&q, 100 * MS, 0, INT64_MAX, &out));
            assert_int_equal(out.placed.seq, next++);
            assert_int_equal(out.lost, 0);
        }
        assert_false(packet_queue_put(&q, &packet, 100 * MS, 6));
        assert_false(packet_queue_take(&q, 100 * MS, 1000, 6, &out));
    }
    assert_true(next > 2000);
    while (packet_queue_take(&q, 100 * MS, 1000, INT64_MAX, &out))
        assert_int_equal(out.placed.seq, next++);
    assert_int_equal(next, 3000);
    packet_queue_free(&q);
}

/* Nobody waits for what the first may have overtaken when it ends. */
static void the_only_packet_is_taken_at_the_end(void **state) {
    struct packet_queue q = {0};
    struct queued out;
    assert_false(put(&q, 7, "only", 100));
    assert_false(packet_queue_take(&q, 101 * MS, 1000, INT64_MAX, &out));
    assert_true(packet_queue_take(&q, 101 * MS, 0, INT64_MAX, &out));
    assert_slice_equal(out.payload, "only");
    packet_queue_free(&q);
}

/* What comes out is what went in, in order, and each packet that is missing is told. */
static void random_orders_come_out_sorted(void **state) {
    uint32_t seed = 9;
    for (int round = 0; round < 200; round++) {
        struct packet_queue q = {0};
        int64_t first = -1, next = -1, told = 0, taken = 0;
        for (int64_t i = 0; i < 600; i++) {
            seed = seed * 1664525 + 1013904223;
            int64_t seq = i - (seed >> 20) % 12;
            if (seq < 0 || (seed >> 8) % 8 == 0)
                continue;
            char text[16];
            snprintf(text, sizeof text, "%d", (int)seq);
            struct queued packet = packet_of(seq, text), out;
            packet.payload.len++; /* with its end */
            bool passed = packet_queue_put(&q, &packet, i * 20 * MS, INT64_MAX);
            if (passed)
                out = packet;
            while (passed || packet_queue_take(&q, i * 20 * MS, 200, INT64_MAX, &out)) {
                assert_true(next < 0 || out.placed.seq == next + out.lost);
                assert_int_equal(strtol(out.payload.ptr, NULL, 10), out.placed.seq);
                first = first < 0 ? out.placed.seq : first;
                next = out.placed.seq + 1;
                told += out.lost;
                taken++;
                passed = false;
            }
        }
        assert_true(taken > 250);
        assert_int_equal(taken + told, next - first);
        packet_queue_free(&q);
    }
}

RUN_TESTS(TEST(what_comes_in_order_passes), TEST(the_first_waits_for_what_it_overtook),
          TEST(a_missing_one_is_waited_for), TEST(what_never_comes_is_lost),
          TEST(what_is_in_doubt_stays), TEST(a_full_queue_waits_for_nothing),
          TEST(a_flood_in_doubt_loses_nothing), TEST(the_only_packet_is_taken_at_the_end),
          TEST(random_orders_come_out_sorted))
