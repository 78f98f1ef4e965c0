#include "outside/hume/hume_limiter.h"

#include "base/macros.h"
#include "unit.h"

static void two_handshakes_at_once_and_then_one_in_each_step(void **state) {
    struct hume_limiter limiter = {0};
    const int64_t begin_us = 1000000, step_us = 50000;
    assert_true(hume_limiter_take(&limiter, step_us, begin_us));
    assert_true(hume_limiter_take(&limiter, step_us, begin_us));
    assert_false(hume_limiter_take(&limiter, step_us, begin_us));
    for (int i = 1; i < 100; i++) {
        assert_false(hume_limiter_take(&limiter, step_us, begin_us + i * step_us - 1));
        assert_true(hume_limiter_take(&limiter, step_us, begin_us + i * step_us));
    }
}

static void those_who_would_wait_too_long_find_no_room(void **state) {
    struct hume_limiter limiter = {0};
    atomic_store(&limiter.waiting, HUME_WAIT_MS / 1000 * HUME_HANDSHAKES_PER_SECOND - 1);
    assert_true(hume_limiter_has_room(&limiter));
    atomic_fetch_add(&limiter.waiting, 1);
    assert_false(hume_limiter_has_room(&limiter));
}

static void the_bound_of_audio_that_waits(void **state) {
    static const struct {
        unsigned tracks;
        double megabytes;
    } cases[] = {{0, 1.05},   {1, 1.05},   {10, 1.05},  {100, 7.5},
                 {200, 29.9}, {240, 43.4}, {5000, 43.4}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        double megabytes = (double)hume_limiter_room_bytes(cases[i].tracks) / 1e6;
        assert_true(megabytes > cases[i].megabytes - 0.05 && megabytes < cases[i].megabytes + 0.05);
    }
    struct hume_limiter limiter = {0};
    atomic_store(&limiter.tracks, 100);
    atomic_store(&limiter.kept_bytes, hume_limiter_room_bytes(100) - 1);
    assert_false(hume_limiter_is_full(&limiter));
    atomic_fetch_add(&limiter.kept_bytes, 1);
    assert_true(hume_limiter_is_full(&limiter));
}

RUN_TESTS(TEST(two_handshakes_at_once_and_then_one_in_each_step),
          TEST(those_who_would_wait_too_long_find_no_room), TEST(the_bound_of_audio_that_waits))
