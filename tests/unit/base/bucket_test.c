#include "base/bucket.h"
#include "unit.h"

enum { STEP_US = 100, BURST = 3 };

static void a_burst_passes_and_then_one_a_step(void **state) {
    struct bucket bucket = {0};
    for (int i = 0; i < BURST; i++)
        assert_int_equal(bucket_take(&bucket, STEP_US, BURST, 1000), 0);
    assert_int_equal(bucket_take(&bucket, STEP_US, BURST, 1000), STEP_US);
    assert_int_equal(bucket_take(&bucket, STEP_US, BURST, 1099), 1);
    assert_int_equal(bucket_take(&bucket, STEP_US, BURST, 1100), 0);
    assert_int_equal(bucket_take(&bucket, STEP_US, BURST, 1100), STEP_US);
}

static void a_long_silence_saves_one_burst_only(void **state) {
    struct bucket bucket = {0};
    assert_int_equal(bucket_take(&bucket, STEP_US, BURST, 1000), 0);
    for (int i = 0; i < BURST; i++)
        assert_int_equal(bucket_take(&bucket, STEP_US, BURST, 1000000), 0);
    assert_int_equal(bucket_take(&bucket, STEP_US, BURST, 1000000), STEP_US);
}

static void refusals_cost_nothing(void **state) {
    struct bucket bucket = {0};
    unsigned taken = 0;
    for (int64_t now_us = 0; now_us < 100 * STEP_US; now_us++)
        taken += bucket_take(&bucket, STEP_US, BURST, now_us) == 0;
    assert_int_equal(taken, BURST + 99);
}

static void a_burst_of_one_is_a_steady_pace(void **state) {
    struct bucket bucket = {0};
    assert_int_equal(bucket_take(&bucket, STEP_US, 1, 5), 0);
    assert_int_equal(bucket_take(&bucket, STEP_US, 1, 6), STEP_US - 1);
    assert_int_equal(bucket_take(&bucket, STEP_US, 1, 5 + STEP_US), 0);
}

RUN_TESTS(TEST(a_burst_passes_and_then_one_a_step), TEST(a_long_silence_saves_one_burst_only),
          TEST(refusals_cost_nothing), TEST(a_burst_of_one_is_a_steady_pace))
