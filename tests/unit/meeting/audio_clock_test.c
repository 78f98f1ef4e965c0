#include "meeting/audio_clock.h"
#include "unit.h"

#include <stdlib.h>

enum { RATE = 48000 };

static uint64_t seed;

static unsigned chance(unsigned below) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((seed >> 33) % below);
}

static uint64_t samples_of(int64_t ms) {
    return (uint64_t)ms * RATE / 1000;
}

/* Plays `ms` of a sender that is exact and late by up to `jitter_ms`, in reads of 20 ms. */
static void play(struct audio_clock *clock, int64_t *now_ms, int64_t ms, unsigned jitter_ms) {
    for (int64_t at = 20; at <= ms; at += 20)
        assert_int_equal(audio_clock_hear(clock, samples_of(20),
                                          *now_ms + at + (jitter_ms ? chance(jitter_ms) : 0)),
                         AUDIO_FLOWS);
    *now_ms += ms;
}

static void the_first_read_ends_when_it_arrives(void **state) {
    struct audio_clock clock;
    audio_clock_init(&clock, RATE);
    assert_int_equal(audio_clock_hear(&clock, samples_of(60), 1000), AUDIO_FLOWS);
    assert_int_equal(audio_clock_end_ms(&clock), 1000);
    assert_int_equal(audio_clock_hear(&clock, samples_of(20), 1023), AUDIO_FLOWS);
    assert_int_equal(audio_clock_end_ms(&clock), 1020);
}

static void late_audio_that_catches_up_is_no_gap(void **state) {
    struct audio_clock clock;
    audio_clock_init(&clock, RATE);
    int64_t now = 0;
    play(&clock, &now, 2000, 0);
    /* A second of nothing, then everything in pieces within 240 ms. */
    now += 1000;
    for (int i = 0; i < 12; i++) {
        enum audio_verdict verdict = audio_clock_hear(&clock, samples_of(100), now);
        assert_int_equal(verdict, i < 9 ? AUDIO_DOUBT : AUDIO_FLOWS);
        now += 20;
    }
    assert_int_equal(clock.gaps, 0);
    assert_in_range(audio_clock_end_ms(&clock), 3190, 3210);
}

static void a_burst_that_brings_all_raises_no_doubt(void **state) {
    struct audio_clock clock;
    audio_clock_init(&clock, RATE);
    int64_t now = 0;
    play(&clock, &now, 2000, 0);
    assert_int_equal(audio_clock_hear(&clock, samples_of(900), now + 950), AUDIO_FLOWS);
    assert_int_equal(clock.gaps, 0);
}

static void audio_that_never_came_is_a_gap_at_its_place(void **state) {
    struct audio_clock clock;
    audio_clock_init(&clock, RATE);
    int64_t now = 0;
    play(&clock, &now, 2000, 0);
    now += 1500;
    uint64_t before = clock.samples;
    enum audio_verdict verdict;
    int reads = 0;
    do {
        now += 20;
        reads++;
        verdict = audio_clock_hear(&clock, samples_of(20), now);
    } while (verdict == AUDIO_DOUBT);
    assert_int_equal(verdict, AUDIO_GAP);
    assert_int_equal(reads, 16); /* 300 ms after the first */
    assert_int_equal(clock.gap_samples, samples_of(1500));
    assert_int_equal(clock.samples, before + samples_of(1500 + reads * 20));
    assert_int_equal(audio_clock_end_ms(&clock), now);
    assert_int_equal(audio_clock_drift_ms(&clock), 0);
}

static void doubt_ends_without_another_sample(void **state) {
    struct audio_clock clock;
    audio_clock_init(&clock, RATE);
    int64_t now = 0;
    play(&clock, &now, 1000, 0);
    assert_int_equal(audio_clock_hear(&clock, samples_of(20), now + 800), AUDIO_DOUBT);
    assert_int_equal(audio_clock_tick(&clock, now + 1000), AUDIO_DOUBT);
    assert_int_equal(audio_clock_tick(&clock, now + 1100), AUDIO_GAP);
    assert_int_equal(clock.gap_samples, samples_of(780));
    assert_int_equal(audio_clock_tick(&clock, now + 1200), AUDIO_FLOWS);
}

static void a_short_stop_is_no_gap_whatever_follows(void **state) {
    struct audio_clock clock;
    audio_clock_init(&clock, RATE);
    int64_t now = 0;
    play(&clock, &now, 1000, 0);
    now += 190; /* and 190 ms of audio are lost */
    play(&clock, &now, 5000, 0);
    assert_int_equal(clock.gaps, 0);
    assert_in_range(audio_clock_drift_ms(&clock), 180, 200);
}

static void slow_drift_moves_the_anchor_and_never_makes_a_gap(void **state) {
    struct audio_clock clock;
    audio_clock_init(&clock, RATE);
    /* 0.3 % slow for ten minutes: 1.8 s behind in the end */
    for (int64_t i = 1; i <= 30000; i++)
        assert_int_equal(audio_clock_hear(&clock, samples_of(20), i * 20 + i * 20 * 3 / 1000),
                         AUDIO_FLOWS);
    assert_int_equal(clock.gaps, 0);
    assert_in_range(audio_clock_drift_ms(&clock), 1780, 1820);
    assert_in_range(600000 + 1800 - audio_clock_end_ms(&clock), 0, 220);
}

static void a_sender_faster_than_time_moves_the_anchor(void **state) {
    struct audio_clock clock;
    audio_clock_init(&clock, RATE);
    for (int64_t i = 1; i <= 1000; i++) {
        assert_int_equal(audio_clock_hear(&clock, samples_of(20), i * 5), AUDIO_FLOWS);
        assert_true(audio_clock_end_ms(&clock) <= i * 5 + AUDIO_CLOCK_SLACK_MS);
    }
    assert_int_equal(clock.gaps, 0);
    assert_true(audio_clock_drift_ms(&clock) < -14000);
}

static void a_told_pause_is_no_gap(void **state) {
    struct audio_clock clock;
    audio_clock_init(&clock, RATE);
    int64_t now = 0;
    play(&clock, &now, 1000, 0);
    audio_clock_pause(&clock);
    now += 30000;
    play(&clock, &now, 1000, 0);
    assert_int_equal(clock.gaps, 0);
    assert_int_equal(audio_clock_end_ms(&clock), 32000);
    assert_int_equal(audio_clock_drift_ms(&clock), 0);
}

static void time_that_runs_backwards_harms_nothing(void **state) {
    struct audio_clock clock;
    audio_clock_init(&clock, RATE);
    audio_clock_hear(&clock, samples_of(20), 5000);
    for (int i = 0; i < 10; i++)
        audio_clock_hear(&clock, samples_of(20), 1000 - i);
    assert_int_equal(clock.gaps, 0);
}

/* For any arrival: samples heard and samples inserted, the drift taken off, are wall time within the
 * slack and the second that drift needs to show. */
static void recorded_time_is_wall_time_within_the_drift(void **state) {
    for (seed = 1; seed <= 400; seed++) {
        struct audio_clock clock;
        static const unsigned rates[] = {8000, 44100, 48000};
        unsigned rate = rates[chance(3)];
        audio_clock_init(&clock, rate);
        int64_t now = 100000, lost_ms = 0;
        uint64_t sent = 0, inserted = 0;
        audio_clock_hear(&clock, rate / 50, now);
        sent += rate / 50;
        int64_t start = now - 20, audio_ms = 20;
        double skew = ((double)chance(2001) - 1000) / 1e5; /* up to 1 % */
        for (int i = 0; i < 3000; i++) {
            if (chance(400) == 0)
                lost_ms += 300 + chance(3000); /* these never come */
            audio_ms += 20;
            int64_t due = start + lost_ms + (int64_t)((double)audio_ms * (1 + skew));
            int64_t arrival = due + (chance(200) == 0 ? chance(900) : chance(60));
            if (arrival > now)
                now = arrival;
            sent += rate / 50;
            if (audio_clock_hear(&clock, rate / 50, now) == AUDIO_GAP)
                inserted += clock.gap_samples;
            if (chance(5) == 0 && audio_clock_tick(&clock, now) == AUDIO_GAP)
                inserted += clock.gap_samples;
        }
        int64_t recorded_ms = (int64_t)((sent + inserted) * 1000 / rate);
        int64_t off = now - start - recorded_ms - audio_clock_drift_ms(&clock);
        assert_true(llabs(off) <= AUDIO_CLOCK_SLACK_MS + 1000);
        assert_true(audio_clock_end_ms(&clock) <= now + AUDIO_CLOCK_SLACK_MS);
    }
}

RUN_TESTS(TEST(the_first_read_ends_when_it_arrives), TEST(late_audio_that_catches_up_is_no_gap),
          TEST(a_burst_that_brings_all_raises_no_doubt),
          TEST(audio_that_never_came_is_a_gap_at_its_place),
          TEST(doubt_ends_without_another_sample), TEST(a_short_stop_is_no_gap_whatever_follows),
          TEST(slow_drift_moves_the_anchor_and_never_makes_a_gap),
          TEST(a_sender_faster_than_time_moves_the_anchor), TEST(a_told_pause_is_no_gap),
          TEST(time_that_runs_backwards_harms_nothing),
          TEST(recorded_time_is_wall_time_within_the_drift))
