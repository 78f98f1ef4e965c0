#include "sound/pcm.h"

#include "unit.h"

static void test_one_sample_breaks_the_silence(void **state) {
    (void)state;
    int16_t pcm[300] = {0};

    for (size_t n = 0; n <= 300; n++)
        assert_true(pcm_is_zero(pcm, n));
    for (size_t i = 0; i < 300; i++) {
        pcm[i] = i % 2 ? 1 : -1;
        assert_false(pcm_is_zero(pcm, 300));
        assert_true(pcm_is_zero(pcm, i));
        pcm[i] = 0;
    }
}

static void test_what_is_not_zero_is_counted(void **state) {
    (void)state;
    const int16_t pcm[] = {0, 1, -1, 0, 300, INT16_MIN, 0};

    assert_int_equal(pcm_nonzero(pcm, 7), 4);
    assert_int_equal(pcm_nonzero(pcm, 1), 0);
}

static void test_clipped_from_either_side(void **state) {
    (void)state;
    const int16_t pcm[] = {32439, 32440, 32767, -32439, -32440, INT16_MIN, 0};

    assert_int_equal(pcm_clipped(pcm, 7), 4);
    assert_int_equal(pcm_clipped(pcm, 0), 0);
}

RUN_TESTS(TEST(test_one_sample_breaks_the_silence), TEST(test_what_is_not_zero_is_counted),
          TEST(test_clipped_from_either_side))
