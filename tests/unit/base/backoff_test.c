#include "base/backoff.h"
#include "unit.h"

static void the_delay_doubles_up_to_its_limit(void **state) {
    static const int64_t full_ms[] = {1000, 1000, 2000, 4000, 8000, 16000, 30000, 30000};
    for (unsigned failures = 0; failures < 8; failures++)
        assert_int_equal(backoff_full_ms(failures, 1000, 30000), full_ms[failures]);
    assert_int_equal(backoff_full_ms(UINT32_MAX, 1000, 30000), 30000);
    assert_int_equal(backoff_full_ms(UINT32_MAX, 3, INT64_MAX), INT64_MAX);
    assert_int_equal(backoff_full_ms(1, 1000, 500), 500);
}

static void half_of_the_delay_is_random(void **state) {
    assert_int_equal(backoff_ms(3, 1000, 30000, 0), 2000);
    assert_int_equal(backoff_ms(3, 1000, 30000, 2000), 4000);
    assert_int_equal(backoff_ms(3, 1000, 30000, 2001), 2000);
    for (uint64_t random = 0; random < 10000; random++) {
        int64_t ms = backoff_ms(1, 1000, 30000, random * 0x9e3779b97f4a7c15);
        assert_in_range(ms, 500, 1000);
    }
    assert_int_equal(backoff_ms(9, 1, 1, UINT64_MAX), 0);
}

RUN_TESTS(TEST(the_delay_doubles_up_to_its_limit), TEST(half_of_the_delay_is_random))
