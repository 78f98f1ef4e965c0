#include "meeting/audio_reads.h"

#include "unit.h"

static struct audio_reads of_reads(int count, const int64_t brought_ms[], int64_t interval_ms) {
    struct audio_reads reads = {0};
    for (int i = 0; i < 20; i++)
        audio_reads_note(&reads, interval_ms, interval_ms - brought_ms[i % count]);
    return reads;
}

static void nothing_is_usual_at_first(void **state) {
    struct audio_reads reads = {0};
    assert_int_equal(audio_reads_spacing_ms(&reads), 0);
    assert_int_equal(audio_reads_missed_ms(&reads), 0);
    assert_false(audio_reads_find_hole(&reads, 500, 480));
    assert_true(audio_reads_find_hole(&reads, 1500, 1480));
}

static void a_read_that_brings_less_than_half_is_a_hole(void **state) {
    struct audio_reads reads = of_reads(1, (int64_t[]){20}, 20);
    assert_int_equal(audio_reads_spacing_ms(&reads), 20);
    assert_false(audio_reads_find_hole(&reads, 20, 0));
    assert_false(audio_reads_find_hole(&reads, 40, 20));
    assert_true(audio_reads_find_hole(&reads, 60, 40));
    assert_true(audio_reads_find_hole(&reads, 170, 150));
}

/* A pause of 100 ms lies in two ticks of 100 ms, as a rule. */
static void a_hole_may_lie_in_two_reads(void **state) {
    struct audio_reads reads = of_reads(1, (int64_t[]){100}, 100);
    assert_false(audio_reads_find_hole(&reads, 100, 45));
    audio_reads_note(&reads, 100, 45);
    assert_int_equal(audio_reads_missed_ms(&reads), 45);
    assert_true(audio_reads_find_hole(&reads, 100, 45));
}

static void who_pauses_often_misses_nothing_as_a_rule(void **state) {
    struct audio_reads gated = of_reads(7, (int64_t[]){100, 100, 0, 50, 100, 50, 50}, 100);
    assert_true(audio_reads_find_hole(&gated, 200, 150));
    struct audio_reads slow = of_reads(1, (int64_t[]){33}, 100);
    assert_false(audio_reads_find_hole(&slow, 100, 67));
}

static void long_times_are_cut(void **state) {
    struct audio_reads reads = {0};
    for (int i = 0; i < 5; i++)
        audio_reads_note(&reads, INT64_C(1) << 40, -(INT64_C(1) << 40));
    assert_int_equal(audio_reads_spacing_ms(&reads), INT16_MAX);
    assert_int_equal(audio_reads_missed_ms(&reads), 0);
}

RUN_TESTS(TEST(nothing_is_usual_at_first), TEST(a_read_that_brings_less_than_half_is_a_hole),
          TEST(a_hole_may_lie_in_two_reads), TEST(who_pauses_often_misses_nothing_as_a_rule),
          TEST(long_times_are_cut))
