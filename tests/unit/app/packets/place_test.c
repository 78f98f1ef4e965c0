/* Packets of publishers that are right, wrong and broken, over networks that are the same. */
#include "app/packets/place.h"

#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MS INT64_C(1000000)
#define NS INT64_C(1000000000)

enum { RATE = 48000, FRAME = 960 };

/* A publisher and the network behind it: what it sends next, and when that arrives. */
struct world {
    struct place place;
    uint32_t ssrc, timestamp, seed;
    uint16_t seq;
    int64_t now_ns, way_ns; /* the first moves on by a frame with each packet */
    int64_t jitter_ns;
    struct place_answer last;
    int64_t at; /* of the last packet that was taken */
    unsigned taken, dropped, held;
};

static struct world world_new(uint32_t timestamp, uint16_t seq) {
    struct world w = {.ssrc = 7, .timestamp = timestamp, .seq = seq, .now_ns = 100 * NS};
    w.seed = 1;
    w.way_ns = 5 * MS;
    place_init(&w.place, RATE);
    return w;
}

static uint32_t random_below(struct world *w, uint32_t below) {
    w->seed = w->seed * 1664525 + 1013904223;
    return below ? (w->seed >> 8) % below : 0;
}

static void hear(struct world *w, uint32_t ssrc, uint16_t seq, uint32_t timestamp,
                 int64_t arrived_ns) {
    const struct place_packet packet = {ssrc, timestamp, seq, FRAME, arrived_ns};
    w->last = place_hear(&w->place, &packet);
    w->taken += w->last.verdict == PLACE_TAKEN;
    w->held += w->last.verdict == PLACE_HELD;
    w->dropped += w->last.verdict == PLACE_DROPPED;
    if (w->last.verdict == PLACE_TAKEN)
        w->at = place_at(&w->place, w->last.packet);
}

/* One frame, spoken until now and sent. */
static void send(struct world *w) {
    w->now_ns += 20 * MS;
    int64_t late_ns = (int64_t)random_below(w, (uint32_t)(w->jitter_ns / 1000)) * 1000;
    hear(w, w->ssrc, w->seq++, w->timestamp, w->now_ns + w->way_ns + late_ns);
    w->timestamp += FRAME;
}

static void send_many(struct world *w, unsigned frames) {
    for (unsigned i = 0; i < frames; i++)
        send(w);
}

/* How far the time that a packet is given is from when it was spoken and could arrive at the
 * earliest, ms. */
static double error_ms(const struct world *w) {
    int64_t end_ns = align_time_ns(&w->place.align, w->at + FRAME);
    return (double)(end_ns - (w->now_ns + w->way_ns)) / 1e6;
}

static void assert_true_time(const struct world *w, double within_ms) {
    double error = error_ms(w);
    if (error < -within_ms || error > within_ms)
        fail_msg("off by %.2f ms", error);
}

static void speech_lies_where_timestamps_say(void **state) {
    struct world w = world_new(0xfffff000, 65500); /* both wrap soon */
    w.jitter_ns = 30 * MS;
    int64_t last = -FRAME;
    for (int i = 0; i < 1000; i++) {
        send(&w);
        assert_int_equal(w.at, last + FRAME);
        last = w.at;
    }
    assert_int_equal(w.taken, 1000);
    assert_int_equal(w.place.steps + w.place.epochs, 0);
    assert_true_time(&w, 1);
}

/* Silence is left out: numbers go on, timestamps leap as time does. */
static void left_out_silence_has_its_time(void **state) {
    struct world w = world_new(1000, 1);
    send_many(&w, 200);
    for (int i = 0; i < 100; i++) {
        unsigned frames = 1 + random_below(&w, 200);
        w.now_ns += frames * 20 * MS;
        w.timestamp += frames * FRAME;
        int64_t before = w.at;
        send(&w);
        assert_int_equal(w.at, before + FRAME * (int64_t)(frames + 1));
    }
    assert_int_equal(w.place.steps + w.place.epochs, 0);
}

/* Numbers and timestamps go on as if nothing had been, 18 s later. */
static void a_capture_that_stalled_leaves_a_gap(void **state) {
    struct world w = world_new(5, 5);
    send_many(&w, 300);
    int64_t before = w.at;
    w.now_ns += 18 * NS;
    struct placed after;
    send(&w);
    after = w.last.packet;
    assert_true(place_limit(&w.place) == after.seq); /* it waits */
    for (int i = 0; i < 60 && w.place.doubt.is_open; i++)
        send(&w);
    assert_false(w.place.doubt.is_open);
    int64_t gap = place_at(&w.place, after) - before - FRAME;
    assert_in_range(gap, 18 * RATE - 480, 18 * RATE + 480);
    send_many(&w, 300);
    assert_int_equal(w.place.steps, 1);
    assert_true_time(&w, 10);
}

/* Held up for three seconds, released at once: nothing is missing. */
static void a_burst_after_a_stall_leaves_no_gap(void **state) {
    struct world w = world_new(5, 5);
    send_many(&w, 300);
    int64_t before = w.at;
    w.now_ns += 3 * NS;
    for (int i = 0; i < 150; i++) { /* what was spoken meanwhile */
        hear(&w, w.ssrc, w.seq++, w.timestamp, w.now_ns + w.way_ns);
        w.timestamp += FRAME;
    }
    assert_int_equal(w.at, before + 150 * FRAME);
    assert_false(w.place.doubt.is_open);
    send_many(&w, 300);
    assert_int_equal(w.place.steps + w.place.epochs, 0);
    assert_int_equal(w.at, before + 450 * FRAME);
    assert_true_time(&w, 1);
}

/* The stale packet and the leap behind it are one gap, not two. */
static void a_stale_packet_before_a_leap_counts_once(void **state) {
    struct world w = world_new(5, 5);
    send_many(&w, 300);
    int64_t before = w.at;
    w.now_ns += 3 * NS;
    hear(&w, w.ssrc, w.seq++, w.timestamp, w.now_ns + w.way_ns);
    assert_int_equal(w.at, before + FRAME);
    w.timestamp += 151 * FRAME;
    send(&w);
    assert_int_equal(w.at, before + 152 * FRAME);
    send_many(&w, 100);
    assert_int_equal(w.place.steps + w.place.epochs, 0);
    assert_true_time(&w, 25);
}

/* A backlog comes first: half a second in one instant. */
static void a_backlog_at_the_start_is_no_anchor(void **state) {
    struct world w = world_new(77, 9);
    w.now_ns += 25 * 20 * MS;
    for (int i = 0; i < 25; i++) {
        hear(&w, w.ssrc, w.seq++, w.timestamp, w.now_ns + w.way_ns);
        w.timestamp += FRAME;
    }
    send_many(&w, 200);
    assert_true_time(&w, 1);
    assert_int_equal(w.at, 224 * FRAME);
    assert_int_equal(w.place.steps + w.place.epochs, 0);
}

/* Packets that were asked for again come first, 300 ms late. */
static void a_repair_at_the_start_is_no_anchor(void **state) {
    struct world w = world_new(77, 9);
    for (int i = 0; i < 15; i++) {
        w.now_ns += 20 * MS;
        hear(&w, w.ssrc, w.seq++, w.timestamp, w.now_ns + w.way_ns + 300 * MS);
        w.timestamp += FRAME;
    }
    w.now_ns += 300 * MS;
    w.timestamp += 15 * FRAME;
    w.seq += 15;
    send_many(&w, 200);
    assert_true_time(&w, 1);
    assert_int_equal(w.place.steps + w.place.epochs, 0);
}

static void drift(int ppm) {
    struct world w = world_new(1, 1);
    w.jitter_ns = 8 * MS;
    int64_t start_ns = w.now_ns;
    for (int64_t i = 1; i <= INT64_C(8) * 3600 * 50; i++) {
        w.now_ns = start_ns + i * 20 * MS + i * 20 * ppm; /* ns: 20 ms * ppm / 10^6 */
        int64_t late_ns = (int64_t)random_below(&w, 8000) * 1000;
        hear(&w, w.ssrc, w.seq++, w.timestamp, w.now_ns + w.way_ns + late_ns);
        w.timestamp += FRAME;
        if (i > 3000)
            assert_true_time(&w, 8);
    }
    assert_int_equal(w.place.steps + w.place.epochs, 0);
    assert_int_equal(w.at, (INT64_C(8) * 3600 * 50 - 1) * FRAME); /* nothing was dropped */
    int64_t moved_ms = w.place.align.moved_ns / MS;
    assert_in_range(moved_ms - INT64_C(28800) * ppm / 1000 + 20, 0, 40);
}

static void eight_hours_of_a_slow_clock(void **state) {
    drift(500);
}

static void eight_hours_of_a_fast_clock(void **state) {
    drift(-500);
}

/* A second that the network needs longer, for seconds, moves nothing for good. */
static void drift_does_not_run_away_with_congestion(void **state) {
    struct world w = world_new(1, 1);
    send_many(&w, 500);
    w.way_ns += 100 * MS;
    send_many(&w, 500);
    w.way_ns -= 100 * MS;
    send_many(&w, 1500);
    assert_int_equal(w.place.steps + w.place.epochs, 0);
    assert_true_time(&w, 3);
}

static void one_absurd_timestamp_is_dropped(void **state) {
    static const uint32_t leaps[] = {0x80000000, 0x7fffffff, 0x80000001, 48000 * 3600,
                                     (uint32_t)-48000 * 3600};
    for (unsigned i = 0; i <= sizeof leaps / sizeof *leaps; i++) {
        struct world w = world_new(123456789, 5);
        send_many(&w, 300);
        int64_t before = w.at;
        w.now_ns += 20 * MS;
        uint32_t timestamp = i == 0 ? 0 : w.timestamp + leaps[i - 1];
        hear(&w, w.ssrc, w.seq++, timestamp, w.now_ns + w.way_ns);
        assert_int_equal(w.last.verdict, PLACE_HELD);
        w.timestamp += FRAME;
        send_many(&w, 300);
        assert_int_equal(w.at, before + 301 * FRAME);
        assert_int_equal(w.place.dropped, 1);
        assert_int_equal(w.place.steps + w.place.epochs, 0);
    }
}

/* Timestamps start anew for good: the time is that of arrival, however far they leap. */
static void timestamps_that_start_anew_are_placed_by_arrival(void **state) {
    static const uint32_t starts[] = {0, 1u << 31, 48000 * 3600, 123456789 - 48000 * 60};
    for (unsigned i = 0; i < sizeof starts / sizeof *starts; i++) {
        struct world w = world_new(123456789, 5);
        send_many(&w, 300);
        int64_t before = w.at;
        w.now_ns += 2 * NS; /* somebody changed their microphone */
        w.timestamp = starts[i];
        send(&w);
        send(&w);
        assert_int_equal(w.last.held_count, 1);
        int64_t gap = place_at(&w.place, w.place.held[0].placed) - before - FRAME;
        assert_in_range(gap, 2 * RATE - 480, 2 * RATE + 480);
        assert_int_equal(w.place.held[0].placed.seq + 1, w.last.packet.seq);
        send_many(&w, 300);
        assert_int_equal(w.place.epochs, 1);
        assert_true_time(&w, 3);
    }
}

static void a_packet_from_before_a_new_start_is_dropped(void **state) {
    struct world w = world_new(123456789, 30000);
    send_many(&w, 300);
    uint16_t old_seq = (uint16_t)(w.seq - 3);
    uint32_t old_timestamp = w.timestamp - 3 * FRAME;
    w.seq = 100;
    w.timestamp = 4242;
    send_many(&w, 10);
    int64_t before = w.at;
    hear(&w, w.ssrc, old_seq, old_timestamp, w.now_ns + w.way_ns);
    assert_int_equal(w.last.verdict, PLACE_HELD);
    send_many(&w, 10);
    assert_int_equal(w.at, before + 10 * FRAME);
    assert_int_equal(w.place.epochs, 1);
}

/* The same SSRC, far back in its numbers: nothing of it is lost. */
static void numbers_that_go_back_begin_anew(void **state) {
    struct world w = world_new(99, 21294);
    send_many(&w, 300);
    int64_t seq = w.last.packet.seq;
    w.seq = 12676;
    send(&w);
    send(&w);
    assert_int_equal(w.last.held_count, 1);
    assert_int_equal(w.place.held[0].placed.seq, seq + 1);
    assert_int_equal(w.last.packet.seq, seq + 2);
    send_many(&w, 300);
    assert_int_equal(w.at, 601 * FRAME);
    assert_int_equal(w.taken, 601);
    assert_int_equal(place_sent_seq(&w.place, w.last.packet.seq), (uint16_t)(w.seq - 1));
    assert_true_time(&w, 1);
}

/* Another SSRC without a word, and packets of the former one behind it. */
static void another_ssrc_goes_on_in_the_same_time(void **state) {
    struct world w = world_new(99, 5);
    send_many(&w, 300);
    int64_t before = w.at, seq = w.last.packet.seq;
    uint16_t old_seq = w.seq;
    uint32_t old_timestamp = w.timestamp;
    w.ssrc = 8;
    w.seq = 40000;
    w.timestamp = 0x12345678;
    for (int i = 0; i < 5; i++) {
        send(&w);
        uint16_t straggler = (uint16_t)(old_seq + i);
        hear(&w, 7, straggler, old_timestamp + (uint32_t)i * FRAME, w.now_ns + w.way_ns);
    }
    assert_int_equal(w.place.ssrc, 8);
    send_many(&w, 100);
    assert_int_equal(w.place.epochs, 1);
    assert_true(w.at >= before + 103 * FRAME && w.at <= before + 106 * FRAME);
    assert_int_equal(w.last.packet.seq, seq + 105 + 1); /* the first straggler was in time */
    assert_true_time(&w, 25);
}

static void wrapping_is_told_from_being_overtaken(void **state) {
    struct world w = world_new(0, 0);
    w.now_ns += 20 * MS;
    hear(&w, w.ssrc, 0, 0, w.now_ns + w.way_ns);
    hear(&w, w.ssrc, 65535, (uint32_t)-FRAME, w.now_ns + w.way_ns + MS);
    assert_int_equal(w.last.verdict, PLACE_TAKEN);
    assert_int_equal(w.at, -FRAME);
    w.seq = 1;
    w.timestamp = FRAME;
    for (int i = 0; i < 70000; i++) { /* over the wrap */
        send(&w);
        assert_int_equal(w.last.verdict, PLACE_TAKEN);
    }
    assert_int_equal(w.at, INT64_C(70000) * FRAME);
}

/* Longer than 2^31 ticks: the timestamp alone would be ambiguous. */
static void thirteen_hours_of_mute(void **state) {
    struct world w = world_new(777, 5);
    send_many(&w, 300);
    int64_t before = w.at;
    w.now_ns += INT64_C(13) * 3600 * NS;
    w.timestamp += (uint32_t)(INT64_C(13) * 3600 * RATE);
    send_many(&w, 300);
    assert_int_equal(w.at, before + INT64_C(13) * 3600 * RATE + 300 * FRAME);
    assert_int_equal(w.place.steps + w.place.epochs, 0);
    assert_true_time(&w, 1);
}

static void timestamps_that_stood_still(int64_t mute_ns, uint32_t advance) {
    struct world w = world_new(777, 5);
    send_many(&w, 300);
    int64_t before = w.at;
    w.now_ns += mute_ns;
    w.timestamp += advance;
    send(&w);
    struct placed after = w.last.packet;
    send_many(&w, 30);
    assert_false(w.place.doubt.is_open);
    int64_t gap = place_at(&w.place, after) - before - FRAME;
    int64_t expected = mute_ns / MS * 48;
    assert_in_range(gap - expected + 480, 0, 960);
    send_many(&w, 300);
    assert_true_time(&w, 12);
}

static void timestamps_that_stood_still_over_a_mute(void **state) {
    timestamps_that_stood_still(60 * NS, 2000);
    timestamps_that_stood_still(3600 * NS, 0);
}

/* 51 frames of silence, of which the first repeats a timestamp and the others are 961 apart; then
 * speech again at its own time. */
static void frames_of_a_mute_step_oddly_and_change_nothing(void **state) {
    struct world w = world_new(777, 5);
    send_many(&w, 300);
    int64_t before = w.at;
    int64_t from_ns = w.now_ns;
    uint32_t last = w.timestamp - FRAME;
    for (uint32_t i = 0; i <= 50; i++) {
        w.now_ns += 20 * MS;
        hear(&w, w.ssrc, w.seq++, last + i * 961, w.now_ns + w.way_ns);
        assert_int_equal(w.last.verdict, PLACE_TAKEN);
        assert_int_equal(w.at, before + i * 961);
    }
    w.now_ns = from_ns + 30 * NS;
    w.timestamp += 1500 * FRAME;
    send_many(&w, 100);
    assert_int_equal(w.at, before + 1600 * FRAME);
    assert_int_equal(w.place.steps + w.place.epochs, 0);
    assert_true_time(&w, 1);
}

/* Slowly caught up: a step that was too long is taken back. */
static void a_step_that_was_too_long_goes_back(void **state) {
    struct world w = world_new(777, 5);
    send_many(&w, 300);
    int64_t late_ns = 2 * NS;
    for (int i = 0; i < 400; i++) { /* a fifth faster than it was spoken */
        w.now_ns += 20 * MS;
        hear(&w, w.ssrc, w.seq++, w.timestamp, w.now_ns + w.way_ns + late_ns);
        w.timestamp += FRAME;
        late_ns = late_ns > 4 * MS ? late_ns - 4 * MS : 0;
        if (i == 0) /* the hole before the first of them */
            assert_true(w.place.doubt.is_open);
    }
    send_many(&w, 1500);
    assert_int_equal(w.place.epochs, 0);
    assert_true_time(&w, 200);
}

/* Whatever a publisher and a network do: positions and numbers of what is newest never go back far,
 * and no time is made up. */
static void nothing_makes_time_up(void **state) {
    for (uint32_t seed = 1; seed <= 300; seed++) {
        struct world w = world_new(seed * 1000003, (uint16_t)(seed * 77));
        w.seed = seed;
        w.jitter_ns = random_below(&w, 60) * MS;
        int64_t start_ns = w.now_ns, highest = 0, seq = 0;
        for (int i = 0; i < 2000; i++) {
            switch (random_below(&w, 60)) {
            case 0:
                w.timestamp += random_below(&w, UINT32_MAX);
                break;
            case 1:
                w.seq = (uint16_t)random_below(&w, 65536);
                break;
            case 2:
                w.ssrc = random_below(&w, 3);
                break;
            case 3:
                w.now_ns += random_below(&w, 5000) * MS;
                break;
            case 4:
                w.seq -= (uint16_t)random_below(&w, 50);
                break;
            default:
                break;
            }
            send(&w);
            place_tick(&w.place, w.now_ns);
            if (w.last.verdict != PLACE_TAKEN)
                continue;
            if (w.last.packet.seq > seq)
                seq = w.last.packet.seq;
            if (w.at > highest)
                highest = w.at;
            int64_t passed = (w.now_ns + 300 * MS - start_ns) / MS * 48;
            if (highest > passed + 6 * RATE)
                fail_msg("seed %u: %lld samples in %lld", seed, (long long)highest,
                         (long long)passed);
        }
    }
}

/* Three people on one network, each with a clock, a jitter and a drift of their own, silences and a
 * loss: what they say at the same time has the same time. */
static void people_of_a_room_share_one_time(void **state) {
    enum { PEOPLE = 3 };
    static const int ppm[PEOPLE] = {0, 200, -300};
    struct world w[PEOPLE];
    for (uint32_t k = 0; k < PEOPLE; k++) {
        w[k] = world_new(k * 0x12345678u, (uint16_t)(k * 20000));
        w[k].ssrc = k;
        w[k].seed = k + 1;
        w[k].jitter_ns = (int64_t)(k * 12 + 4) * MS;
    }
    int64_t start_ns = w[0].now_ns;
    double worst = 0;
    for (int64_t i = 1; i <= 90000; i++) { /* half an hour */
        for (uint32_t k = 0; k < PEOPLE; k++) {
            struct world *p = &w[k];
            bool is_silent = (i / 500 + k) % 4 == 0, is_lost = random_below(p, 50) == 0;
            p->now_ns = start_ns + i * 20 * MS + i * 20 * ppm[k];
            p->timestamp += FRAME;
            if (is_silent)
                continue;
            p->seq++;
            int64_t late_ns = (int64_t)random_below(p, (uint32_t)(p->jitter_ns / 1000)) * 1000;
            if (!is_lost)
                hear(p, p->ssrc, p->seq, p->timestamp, p->now_ns + p->way_ns + late_ns);
            if (!is_lost && i > 500 && fabs(error_ms(p)) > worst)
                worst = fabs(error_ms(p));
        }
    }
    if (worst > 5) /* so between two of them at most twice that */
        fail_msg("off by %.2f ms", worst);
    for (uint32_t k = 0; k < PEOPLE; k++)
        assert_int_equal(w[k].place.steps + w[k].place.epochs + w[k].place.dropped, 0);
}

/* The packets that a real server sent for speech, a mute and an unmute. */
static void a_captured_mute_has_its_true_time(void **state) {
    static const struct {
        double ms;
        uint16_t seq;
        uint32_t timestamp;
    } packets[] = {
#include "mute_packets.h"
    };
    struct place place;
    place_init(&place, RATE);
    int64_t first = 0, at = 0;
    for (size_t i = 0; i < sizeof packets / sizeof *packets; i++) {
        const struct place_packet packet = {1, packets[i].timestamp, packets[i].seq, FRAME,
                                            (int64_t)(packets[i].ms * 1e6) + NS};
        struct place_answer answer = place_hear(&place, &packet);
        assert_int_equal(answer.verdict, PLACE_TAKEN);
        at = place_at(&place, answer.packet);
        if (i == 0)
            first = at;
    }
    size_t last = sizeof packets / sizeof *packets - 1;
    assert_int_equal(at - first, packets[last].timestamp - packets[0].timestamp);
    assert_int_equal(place.steps + place.epochs + place.dropped, 0);
}

RUN_TESTS(TEST(speech_lies_where_timestamps_say), TEST(left_out_silence_has_its_time),
          TEST(a_capture_that_stalled_leaves_a_gap), TEST(a_burst_after_a_stall_leaves_no_gap),
          TEST(a_stale_packet_before_a_leap_counts_once), TEST(a_backlog_at_the_start_is_no_anchor),
          TEST(a_repair_at_the_start_is_no_anchor), TEST(eight_hours_of_a_slow_clock),
          TEST(eight_hours_of_a_fast_clock), TEST(drift_does_not_run_away_with_congestion),
          TEST(one_absurd_timestamp_is_dropped),
          TEST(timestamps_that_start_anew_are_placed_by_arrival),
          TEST(a_packet_from_before_a_new_start_is_dropped), TEST(numbers_that_go_back_begin_anew),
          TEST(another_ssrc_goes_on_in_the_same_time), TEST(wrapping_is_told_from_being_overtaken),
          TEST(thirteen_hours_of_mute), TEST(timestamps_that_stood_still_over_a_mute),
          TEST(frames_of_a_mute_step_oddly_and_change_nothing),
          TEST(a_step_that_was_too_long_goes_back), TEST(nothing_makes_time_up),
          TEST(people_of_a_room_share_one_time), TEST(a_captured_mute_has_its_true_time))
