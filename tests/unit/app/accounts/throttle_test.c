#include "app/accounts/throttle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void a_bucket_empties_and_refills(void **state) {
    struct throttle t;
    throttle_open(&t, 1, 100);
    for (int i = 0; i < 20; i++)
        assert_int_equal(throttle_take(&t, SLICE("a"), 20, 60000, 1000), 0);
    assert_int_equal(throttle_take(&t, SLICE("a"), 20, 60000, 1000),
                     4); /* one each three seconds */
    assert_int_equal(throttle_take(&t, SLICE("b"), 20, 60000, 1000), 0);
    assert_int_equal(throttle_take(&t, SLICE("a"), 20, 60000, 1000 + 3001), 0);
    assert_int_not_equal(throttle_take(&t, SLICE("a"), 20, 60000, 1000 + 3001), 0);
    for (int i = 0; i < 20; i++)
        assert_int_equal(throttle_take(&t, SLICE("a"), 20, 60000, 200000), 0);
    throttle_close(&t);
}

static void failures_wait_longer_and_longer(void **state) {
    struct throttle t;
    static const unsigned waits[] = {0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900};
    int64_t now_ms = 0;
    throttle_open(&t, 1, 100);
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        throttle_fail(&t, SLICE("a"), now_ms);
        assert_int_equal(throttle_wait(&t, SLICE("a"), now_ms), waits[i]);
        now_ms += waits[i] * 1000;
        assert_int_equal(throttle_wait(&t, SLICE("a"), now_ms), 0);
    }
    assert_int_equal(throttle_wait(&t, SLICE("b"), now_ms), 0);
    throttle_fail(&t, SLICE("a"), now_ms);
    throttle_forgive(&t, SLICE("a"));
    assert_int_equal(throttle_wait(&t, SLICE("a"), now_ms), 0);
    throttle_fail(&t, SLICE("a"), now_ms);
    assert_int_equal(throttle_wait(&t, SLICE("a"), now_ms), 0);
    throttle_close(&t);
}

static void strangers_cannot_fill_the_memory(void **state) {
    struct throttle t;
    throttle_open(&t, 1, 50);
    for (int i = 0; i < 5; i++)
        throttle_fail(&t, SLICE("kept"), 0);
    for (int i = 0; i < 1000; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        throttle_take(&t, slice_from(key), 1, 1000, 0);
        if (i % 40 == 0)
            throttle_fail(&t, SLICE("kept"), 0); /* in use: the longest unused go first */
    }
    assert_int_equal(t.entries.len, 50);
    assert_int_not_equal(throttle_wait(&t, SLICE("kept"), 0), 0);
    throttle_close(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_empties_and_refills),
        cmocka_unit_test(failures_wait_longer_and_longer),
        cmocka_unit_test(strangers_cannot_fill_the_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
