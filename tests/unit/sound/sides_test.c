#include "sound/sides.h"
#include "unit.h"

#include <math.h>

enum { RATE = 48000, WINDOW = RATE * SIDES_WINDOW_MS / 1000, FRAMES = 20 * WINDOW };

static int16_t pcm[2 * FRAMES], mono[FRAMES];

static void fill(size_t from, size_t to, int16_t left, int16_t right) {
    for (size_t i = from; i < to; i++) {
        pcm[2 * i] = i % 2 ? left : (int16_t)-left;
        pcm[2 * i + 1] = i % 2 ? right : (int16_t)-right;
    }
}

static float take(struct sides *s, size_t piece) {
    float total = 0;
    sides_init(s, RATE);
    for (size_t at = 0; at < FRAMES; at += piece) {
        size_t n = piece < FRAMES - at ? piece : FRAMES - at;
        total += sides_take(s, kernels_best(), pcm + 2 * at, n, 2, mono + at);
    }
    return total;
}

static void the_louder_side_is_taken_from_the_next_window_on(void **state) {
    struct sides s;
    fill(0, FRAMES, 100, 5000);
    take(&s, FRAMES);
    assert_int_equal(mono[WINDOW - 1], 100);
    assert_int_equal(mono[WINDOW + 1], 5000);
    assert_int_equal(s.louder, 1);
}

static void similar_sides_do_not_take_turns(void **state) {
    struct sides s;
    for (size_t at = 0; at < FRAMES; at += 2 * WINDOW) {
        fill(at, at + WINDOW, 5000, 6000);
        fill(at + WINDOW, at + 2 * WINDOW, 6000, 5000);
    }
    take(&s, FRAMES);
    for (size_t i = 0; i < FRAMES; i++)
        assert_int_equal(mono[i], pcm[2 * i]);
}

static void the_level_is_the_mean_of_both_powers(void **state) {
    struct sides s;
    fill(0, FRAMES, 16384, -16384); /* a sum would be silent */
    assert_true(fabsf(take(&s, FRAMES) / FRAMES - 0.25f) < 1e-4f);
    fill(0, FRAMES, 16384, 0);
    assert_true(fabsf(take(&s, FRAMES) / FRAMES - 0.125f) < 1e-4f);
}

static void pieces_make_no_difference(void **state) {
    static int16_t whole[FRAMES];
    struct sides s;
    fill(0, 3 * WINDOW, 3000, 10);
    fill(3 * WINDOW, 9 * WINDOW, 10, 3000);
    fill(9 * WINDOW, FRAMES, 3000, 10);
    take(&s, FRAMES);
    memcpy(whole, mono, sizeof whole);
    for (size_t piece = 1; piece < 2000; piece = piece * 3 + 1) {
        take(&s, piece);
        assert_memory_equal(mono, whole, sizeof whole);
    }
}

static void zeros_may_be_passed_over(void **state) {
    struct sides heard, passed;
    fill(0, FRAMES, 10, 3000);
    take(&heard, FRAMES);
    passed = heard;
    fill(0, FRAMES, 0, 0);
    sides_take(&heard, kernels_best(), pcm, 5 * WINDOW / 2, 2, mono);
    sides_pass(&passed, 5 * WINDOW / 2);
    assert_memory_equal(&heard, &passed, sizeof heard);
}

RUN_TESTS(TEST(the_louder_side_is_taken_from_the_next_window_on),
          TEST(similar_sides_do_not_take_turns), TEST(the_level_is_the_mean_of_both_powers),
          TEST(pieces_make_no_difference), TEST(zeros_may_be_passed_over))
