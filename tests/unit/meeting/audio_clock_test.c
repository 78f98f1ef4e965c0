/* PROSA_CLOCK_SEEDS=10000 tries so many networks, from number PROSA_CLOCK_FIRST on;
 * PROSA_CLOCK_HOURS=8 lets one of them last. */
#include "meeting/audio_clock.h"

#include "base/macros.h"
#include "network.h"
#include "unit.h"

#include <stdlib.h>

enum { RATE = 48000, KHZ = RATE / 1000, WITHIN_MS = 200 };

static uint64_t samples_of(int64_t ms) {
    return (uint64_t)ms * KHZ;
}

/* ---- Cases: what has been sent until a moment, collected by ticks ---- */

/* Milliseconds of audio that have arrived after now_ms. */
typedef double arrived_fn(double now_ms);

struct played {
    struct audio_clock clock;
    double recorded_ms;
    unsigned found;
};

static void verdict_apply(struct played *played, enum audio_verdict verdict) {
    double change_ms = (double)played->clock.change / KHZ;
    if (verdict == AUDIO_GAP)
        played->recorded_ms += change_ms;
    if (verdict == AUDIO_FOUND)
        played->recorded_ms -= change_ms;
    played->found += verdict == AUDIO_FOUND;
}

static struct played play_unevenly(arrived_fn *arrived, double ms, int tick, int longest) {
    struct played played = {0};
    audio_clock_init(&played.clock, RATE);
    uint64_t heard = 0;
    uint64_t order = 1;
    for (double now = 0; now <= ms; now += tick + (int)(order >> 33) % (longest - tick + 1)) {
        order = order * 6364136223846793005u + 1442695040888963407u;
        uint64_t there = (uint64_t)(arrived(now) * KHZ);
        if (there <= heard)
            continue;
        played.recorded_ms += (double)(there - heard) / KHZ;
        enum audio_verdict verdict =
            audio_clock_hear(&played.clock, there - heard, (int64_t)now, false);
        heard = there;
        verdict_apply(&played, verdict);
    }
    while (audio_clock_settle(&played.clock) == AUDIO_GAP)
        verdict_apply(&played, AUDIO_GAP);
    return played;
}

static struct played play(arrived_fn *arrived, double ms, int tick) {
    return play_unevenly(arrived, ms, tick, tick);
}

/* A server short of CPU has long ones. */
static const int ticks[] = {20, 60, 80, 100};

static void assert_near(double value, double wanted, double within) {
    if (fabs(value - wanted) > within)
        fail_msg("%.1f, not %.1f", value, wanted);
}

static double one_packet_in_a_hole(double now) {
    return now < 1000 ? now : now < 2000 ? 1000 : now < 2460 ? 1010 : 2450;
}

static void late_audio_is_no_gap_though_one_packet_came_before(void **state) {
    for (size_t i = 0; i < ARRAY_LEN(ticks); i++) {
        struct played played = play(one_packet_in_a_hole, 6000, ticks[i]);
        assert_int_equal(played.clock.gaps, 0);
        assert_near(played.recorded_ms, 2450, 1);
    }
}

static double stall_ms, catch_up;

static double after_a_stall(double now) {
    if (now < 4000)
        return now;
    double there = 4000 + (now < 4000 + stall_ms ? 0 : (now - 4000 - stall_ms) * catch_up);
    return there < now ? there : now;
}

static void a_backlog_is_no_gap_however_slowly_it_comes(void **state) {
    const double cases[][2] = {{3000, 3}, {5000, 10}, {3000, 1.5}, {700, 2}, {20000, 25}};
    for (size_t i = 0; i < ARRAY_LEN(cases) * ARRAY_LEN(ticks); i++) {
        stall_ms = cases[i / ARRAY_LEN(ticks)][0];
        catch_up = cases[i / ARRAY_LEN(ticks)][1];
        struct played played = play(after_a_stall, 60000, ticks[i % ARRAY_LEN(ticks)]);
        assert_int_equal(played.clock.gaps, 0);
        assert_near(played.recorded_ms, 60000, 1);
        assert_near((double)audio_clock_drift_ms(&played.clock), 0, 20);
    }
}

static double a_browsers_timer(double now) {
    double second = floor(now / 1000);
    seed = (uint64_t)second * 7919 + 5;
    chance(2);
    double late = chance(450);
    return second < 1 ? 0 : (now - second * 1000 >= late ? second : second - 1) * 1000;
}

/* What it sends takes its time to arrive. */
static double a_browsers_timer_in_pieces(double now) {
    double there = a_browsers_timer(now);
    for (int ago = 1; ago < 80; ago++)
        if (a_browsers_timer(now - ago) < there)
            return there - 1000 + ago * 1000.0 / 80;
    return there;
}

/* Its last tenth takes a moment more, as on a busy machine. */
static double a_browsers_timer_with_a_tail(double now) {
    return fmax(a_browsers_timer(now - 110), a_browsers_timer(now) - 100);
}

static void a_late_timer_with_a_tail_makes_no_gaps(void **state) {
    for (size_t i = 0; i < ARRAY_LEN(ticks); i++) {
        struct played played = play(a_browsers_timer_with_a_tail, 30900, ticks[i]);
        assert_int_equal(played.clock.gaps, 0);
        assert_near(played.recorded_ms, 30000, 1);
    }
}

static void a_late_timer_makes_no_gaps(void **state) {
    for (size_t i = 0; i < ARRAY_LEN(ticks) * 2; i++) {
        struct played played =
            play(i % 2 ? a_browsers_timer : a_browsers_timer_in_pieces, 30900, ticks[i / 2]);
        bool is_coarse = ticks[i / 2] == 100; /* some of it may look like a loss */
        assert_in_range(played.clock.gaps, 0, is_coarse);
        assert_near(played.recorded_ms, 30000, is_coarse ? 100 : 1);
    }
}

static double a_gated_sender(double now) {
    double cycle = floor(now / 350), in = now - cycle * 350;
    return cycle * 200 + (in < 200 ? in : 200);
}

/* By a timer of 10 ms that is late by up to 20 ms. */
static double a_gated_sender_unevenly(double now) {
    double turn = floor(now / 10);
    return fmax(a_gated_sender(turn * 10 - fmod(turn * 7, 3) * 10), 0);
}

static void the_pauses_of_a_gated_sender_are_time(void **state) {
    for (size_t i = 0; i < ARRAY_LEN(ticks) * 2; i++) {
        struct played played =
            play(i % 2 ? a_gated_sender : a_gated_sender_unevenly, 12100, ticks[i / 2]);
        assert_near(played.recorded_ms, 12100, 100);
    }
    for (int tick = 20; tick <= 100; tick += 5) {
        struct played played = play_unevenly(a_gated_sender, 12100, tick, 100);
        assert_near(played.recorded_ms, 12100, 450); /* the last three may still be in doubt */
    }
}

/* A last burst after a hole, and then the end: enough of it was steady. */
static void the_last_hole_is_decided_before_a_pause(void **state) {
    struct audio_clock clock;
    audio_clock_init(&clock, RATE);
    int64_t now = 0;
    for (; now < 2000; now += 20)
        audio_clock_hear(&clock, samples_of(20), now, false);
    now += 700;
    for (int i = 0; i < 8; i++, now += 20)
        assert_int_equal(audio_clock_hear(&clock, samples_of(20), now, false), AUDIO_FLOWS);
    assert_int_equal(audio_clock_settle(&clock), AUDIO_GAP);
    assert_int_equal(clock.change, samples_of(700));
    assert_int_equal(clock.tail, samples_of(160));
    assert_int_equal(audio_clock_settle(&clock), AUDIO_FLOWS);
}

static double speed;

static double at_a_speed(double now) {
    return now * speed;
}

static void drift_moves_the_anchor_and_never_makes_a_gap(void **state) {
    const double speeds[] = {0.997, 1.003, 0.9999};
    for (size_t i = 0; i < ARRAY_LEN(speeds) * ARRAY_LEN(ticks); i++) {
        speed = speeds[i / ARRAY_LEN(ticks)];
        struct played played = play(at_a_speed, 600000, ticks[i % ARRAY_LEN(ticks)]);
        assert_int_equal(played.clock.gaps, 0);
        assert_near(played.recorded_ms, 600000 * speed, 1);
        assert_near((double)audio_clock_drift_ms(&played.clock), 600000 * (1 - speed), 200);
        assert_near((double)audio_clock_end_ms(&played.clock), 600000, 200);
    }
}

/* Its timer is late now and then, by up to 150 ms, and makes up for it. */
static double at_a_speed_unevenly(double now) {
    double second = floor(now / 700), in = now - second * 700, late = fmod(second * 37, 150);
    return speed * (in < late ? second * 700 : now);
}

static void a_slow_sender_that_is_held_up_lost_nothing(void **state) {
    const double speeds[] = {0.9, 0.95, 0.98, 0.993};
    for (size_t i = 0; i < ARRAY_LEN(speeds) * ARRAY_LEN(ticks); i++) {
        speed = speeds[i / ARRAY_LEN(ticks)];
        struct played even = play(at_a_speed_unevenly, 60000, ticks[i % ARRAY_LEN(ticks)]);
        struct played uneven =
            play_unevenly(at_a_speed_unevenly, 60000, ticks[i % ARRAY_LEN(ticks)], 100);
        assert_near(even.recorded_ms, 60000 * speed, 100);
        assert_near(uneven.recorded_ms, 60000 * speed, 300);
        assert_near((double)audio_clock_end_ms(&even.clock), 60000, 350);
        assert_near((double)audio_clock_end_ms(&uneven.clock), 60000, 450);
    }
}

static void a_wrong_rate_makes_no_gap(void **state) {
    const double speeds[] = {44100.0 / 48000, 1.0 / 3, 2, 48000.0 / 44100};
    for (size_t i = 0; i < ARRAY_LEN(speeds) * ARRAY_LEN(ticks); i++) {
        speed = speeds[i / ARRAY_LEN(ticks)];
        struct played played = play(at_a_speed, 8000, ticks[i % ARRAY_LEN(ticks)]);
        assert_int_equal(played.clock.gaps, 0);
    }
}

static void a_sender_faster_than_time_moves_the_anchor(void **state) {
    struct audio_clock clock;
    audio_clock_init(&clock, RATE);
    for (int64_t i = 1; i <= 1000; i++) {
        assert_int_equal(audio_clock_hear(&clock, samples_of(20), i * 5, false), AUDIO_FLOWS);
        assert_true(audio_clock_end_ms(&clock) <= i * 5 + AUDIO_CLOCK_SLACK_MS);
    }
    assert_int_equal(clock.gaps, 0);
    assert_true(audio_clock_drift_ms(&clock) < -14000);
}

static double in_bursts(double now) {
    return floor(now / 500) * 500;
}

static void regular_bursts_are_no_gaps(void **state) {
    for (size_t i = 0; i < ARRAY_LEN(ticks); i++)
        assert_int_equal(play(in_bursts, 30000, ticks[i]).clock.gaps, 0);
}

/* ---- Steps ---- */

static void the_first_read_ends_when_it_arrives(void **state) {
    struct audio_clock clock;
    audio_clock_init(&clock, RATE);
    assert_int_equal(audio_clock_hear(&clock, samples_of(60), 1000, false), AUDIO_FLOWS);
    assert_int_equal(audio_clock_end_ms(&clock), 1000);
    assert_int_equal(audio_clock_hear(&clock, samples_of(20), 1023, false), AUDIO_FLOWS);
    assert_int_equal(audio_clock_end_ms(&clock), 1020);
}

static void steady_until(struct audio_clock *clock, int64_t *now, int64_t end) {
    for (; *now < end; *now += 20)
        assert_int_equal(audio_clock_hear(clock, samples_of(20), *now, false), AUDIO_FLOWS);
}

/* Loses `ms` and returns how many reads of 20 ms it took to know. */
static int lose(struct audio_clock *clock, int64_t *now, int64_t ms) {
    *now += ms;
    for (int reads = 1;; reads++, *now += 20)
        if (audio_clock_hear(clock, samples_of(20), *now, false) == AUDIO_GAP) {
            *now += 20;
            return reads;
        }
}

static void audio_that_never_came_is_a_gap_at_its_place(void **state) {
    struct audio_clock clock;
    audio_clock_init(&clock, RATE);
    int64_t now = 0;
    steady_until(&clock, &now, 2000);
    uint64_t before = clock.samples;
    int reads = lose(&clock, &now, 1500);
    assert_in_range(reads, 10, 13);
    assert_int_equal(clock.change, samples_of(1500));
    assert_int_equal(clock.tail, samples_of(reads * 20));
    assert_int_equal(clock.samples, before + samples_of(1500 + reads * 20));
    assert_int_equal(audio_clock_end_ms(&clock), now - 20);
    assert_int_equal(audio_clock_drift_ms(&clock), 0);
    assert_int_equal(clock.gaps, 1);
    steady_until(&clock, &now, 20000);
    assert_int_equal(clock.gaps, 1);
}

static void audio_that_comes_after_all_takes_the_place_of_silence(void **state) {
    struct audio_clock clock;
    audio_clock_init(&clock, RATE);
    int64_t now = 0;
    steady_until(&clock, &now, 3000);
    lose(&clock, &now, 800);
    steady_until(&clock, &now, now + 1000);
    uint64_t before = clock.samples;
    enum audio_verdict verdict = audio_clock_hear(&clock, samples_of(320), now, false);
    assert_int_equal(verdict, AUDIO_FOUND);
    assert_int_equal(clock.change, samples_of(300));
    assert_int_equal(clock.samples, before + samples_of(20));
    assert_int_equal(clock.gaps, 1);
    verdict = audio_clock_hear(&clock, samples_of(920), now += 20, false);
    assert_int_equal(verdict, AUDIO_FOUND);
    assert_int_equal(clock.change, samples_of(500)); /* there is no more */
    assert_int_equal(clock.gaps, 0);
}

static void silence_becomes_final(void **state) {
    struct audio_clock clock;
    audio_clock_init(&clock, RATE);
    int64_t now = 0;
    steady_until(&clock, &now, 3000);
    lose(&clock, &now, 800);
    steady_until(&clock, &now, now + AUDIO_CLOCK_FINAL_MS + 100);
    assert_int_equal(audio_clock_hear(&clock, samples_of(320), now, false), AUDIO_FLOWS);
    assert_int_equal(clock.gaps, 1);
}

/* The reader stood still: what waited comes in reads that say that more is waiting. */
static void what_a_late_reader_missed_is_decided_when_all_was_read(void **state) {
    for (int64_t lost_ms = 0; lost_ms <= 4000; lost_ms += 4000) {
        struct audio_clock clock;
        audio_clock_init(&clock, RATE);
        int64_t now = 0;
        steady_until(&clock, &now, 3000);
        now += 12000;
        int64_t left = 12000 - lost_ms;
        for (; left > 1400; left -= 1400, now += 20)
            assert_int_equal(audio_clock_hear(&clock, samples_of(1400), now, true), AUDIO_FLOWS);
        audio_clock_hear(&clock, samples_of(left + (now - 15000) + 20), now, false);
        now += 20;
        uint64_t filled = 0;
        for (int64_t end = now + 3000; now < end; now += 20)
            if (audio_clock_hear(&clock, samples_of(20), now, false) == AUDIO_GAP)
                filled += clock.change;
        assert_int_equal(clock.gaps, lost_ms > 0);
        assert_near((double)filled / KHZ, (double)lost_ms, 30);
    }
}

static void a_told_pause_is_no_gap(void **state) {
    struct audio_clock clock;
    audio_clock_init(&clock, RATE);
    int64_t now = 20;
    steady_until(&clock, &now, 1020);
    assert_int_equal(audio_clock_settle(&clock), AUDIO_FLOWS);
    audio_clock_pause(&clock);
    now += 30000;
    steady_until(&clock, &now, 32020);
    assert_int_equal(clock.gaps, 0);
    assert_int_equal(audio_clock_end_ms(&clock), 32000);
    assert_int_equal(audio_clock_drift_ms(&clock), 0);
}

static void time_that_runs_backwards_harms_nothing(void **state) {
    struct audio_clock clock;
    audio_clock_init(&clock, RATE);
    audio_clock_hear(&clock, samples_of(20), 5000, false);
    for (int i = 0; i < 10; i++)
        audio_clock_hear(&clock, samples_of(20), 1000 - i, false);
    assert_int_equal(clock.gaps, 0);
}

/* ---- Any network: every sample lies where it was captured ---- */

static void packets_move(struct packet *packets, size_t count, const struct audio_clock *clock,
                         enum audio_verdict verdict) {
    uint64_t was =
        verdict == AUDIO_GAP ? clock->samples - clock->change : clock->samples + clock->change;
    for (size_t i = count; i-- > 0 && packets[i].at >= was - clock->tail;)
        packets[i].at += verdict == AUDIO_GAP ? clock->change : -clock->change;
}

/* Packets are collected by ticks. A sender's clock that is slow makes them come later and later. */
static size_t network_run(struct packet *packets, size_t max, struct network *net, int tick,
                          int longest, double slow) {
    size_t count = 0;
    while (net->now_ms < net->end_ms && count < max)
        packets[count++] = network_next(net);
    struct audio_clock clock;
    audio_clock_init(&clock, RATE);
    size_t heard = 0;
    for (int64_t now = tick; heard < count;
         now += tick + (int)chance((unsigned)(longest - tick + 1))) {
        uint64_t samples = 0, before = clock.is_started ? clock.samples : 0;
        for (; heard < count && packets[heard].arrived_ms * (1 + slow) <= (double)now; heard++) {
            packets[heard].at = before + samples;
            samples += samples_of(net->packet_ms);
        }
        if (samples == 0)
            continue;
        enum audio_verdict verdict = audio_clock_hear(&clock, samples, now, false);
        if (verdict != AUDIO_FLOWS)
            packets_move(packets, heard, &clock, verdict);
    }
    if (audio_clock_doubts(&clock))
        while (count > 0 && packets[count - 1].at >= clock.doubt.holes[0].at)
            count--;
    return count;
}

/* Time is the wall's: what a slow clock lacks becomes part of the next gap. */
static void assert_placed(const struct packet *packets, size_t count, uint64_t number,
                          double slow) {
    for (size_t i = 0; i < count; i++) {
        double placed_ms = (double)(packets[i].at - packets[0].at) / KHZ;
        double true_ms = (packets[i].captured_ms - packets[0].captured_ms) * (1 + slow);
        double off_ms = placed_ms - true_ms;
        if (fabs(off_ms) > WITHIN_MS)
            fail_msg("network %u: at %.0f ms audio lies off by %.0f ms", (unsigned)number,
                     packets[i].captured_ms, off_ms);
    }
}

static unsigned from_environment(const char *name, unsigned otherwise) {
    const char *text = getenv(name);
    return text ? (unsigned)atoi(text) : otherwise;
}

static void networks_try(int tick_of(void), int longest, unsigned jitter_most_ms) {
    enum { PACKETS = 6000, SECONDS = 60 };
    struct packet *packets = malloc(PACKETS * sizeof *packets);
    uint64_t first = from_environment("PROSA_CLOCK_FIRST", 1);
    uint64_t end = first + from_environment("PROSA_CLOCK_SEEDS", 300);
    for (uint64_t number = first; number < end; number++) {
        seed = number * 77;
        int tick = tick_of();
        unsigned jitter_ms = chance(3) ? chance(jitter_most_ms) : 0;
        seed = number * 0x9E3779B97F4A7C15u + 1;
        struct network net;
        network_init(&net, SECONDS, jitter_ms);
        size_t count =
            network_run(packets, PACKETS, &net, tick, longest > tick ? longest : tick, 0);
        assert_true(count > 1000);
        assert_placed(packets, count, number, 0);
    }
    free(packets);
}

static int any_tick(void) {
    return 20 + (int)chance(5) * 20;
}

static void any_network_keeps_every_sample_within_200_ms(void **state) {
    networks_try(any_tick, 0, 120);
}

static int a_long_tick(void) {
    return 60;
}

/* Each tick takes what it takes. Beside them less jitter can be told from losses. */
static void so_does_one_at_a_server_short_of_cpu(void **state) {
    networks_try(a_long_tick, 100, 90);
}

static void hours_add_no_errors_up(void **state) {
    unsigned hours = from_environment("PROSA_CLOCK_HOURS", 0);
    double seconds = hours ? hours * 3600.0 : 600;
    size_t max = (size_t)(seconds * 100);
    struct packet *packets = malloc(max * sizeof *packets);
    seed = 2;
    struct network net;
    network_init(&net, seconds, 80);
    const double slow = 50e-6;
    size_t count = network_run(packets, max, &net, 20, 20, slow);
    assert_true(packets[count - 1].captured_ms > seconds * 1000 - 20000);
    assert_placed(packets, count, 0, slow);
    free(packets);
}

RUN_TESTS(TEST(late_audio_is_no_gap_though_one_packet_came_before),
          TEST(a_backlog_is_no_gap_however_slowly_it_comes), TEST(a_late_timer_makes_no_gaps),
          TEST(a_late_timer_with_a_tail_makes_no_gaps), TEST(the_pauses_of_a_gated_sender_are_time),
          TEST(the_last_hole_is_decided_before_a_pause),
          TEST(drift_moves_the_anchor_and_never_makes_a_gap),
          TEST(a_slow_sender_that_is_held_up_lost_nothing), TEST(a_wrong_rate_makes_no_gap),
          TEST(a_sender_faster_than_time_moves_the_anchor), TEST(regular_bursts_are_no_gaps),
          TEST(the_first_read_ends_when_it_arrives),
          TEST(audio_that_never_came_is_a_gap_at_its_place),
          TEST(audio_that_comes_after_all_takes_the_place_of_silence), TEST(silence_becomes_final),
          TEST(what_a_late_reader_missed_is_decided_when_all_was_read),
          TEST(a_told_pause_is_no_gap), TEST(time_that_runs_backwards_harms_nothing),
          TEST(any_network_keeps_every_sample_within_200_ms),
          TEST(so_does_one_at_a_server_short_of_cpu), TEST(hours_add_no_errors_up))
