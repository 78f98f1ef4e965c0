#include "sound/order.h"
#include "unit.h"

#include <stdlib.h>

static uint32_t seed = 1;

static int16_t number(unsigned spread) {
    seed = seed * 1664525u + 1013904223u;
    return (int16_t)((seed >> 8) % spread - spread / 2);
}

static int ascending(const void *a, const void *b) {
    return *(const int16_t *)a - *(const int16_t *)b;
}

static void any_place_is_what_sorting_puts_there(void **state) {
    int16_t x[1000], sorted[1000];
    for (int round = 0; round < 3000; round++) {
        size_t n = 1 + (size_t)(seed >> 5) % (round < 20 ? 1000 : 40), k = (size_t)(seed >> 9) % n;
        unsigned spread = round % 3 == 0 ? 3 : 30000;
        for (size_t i = 0; i < n; i++)
            x[i] = sorted[i] = number(spread);
        qsort(sorted, n, sizeof *sorted, ascending);
        assert_int_equal(order_nth(x, n, k), sorted[k]);
        seed += 77;
    }
}

static void the_middle_of_five_is_the_third_in_every_order(void **state) {
    for (int code = 0; code < 5 * 5 * 5 * 5 * 5; code++) {
        int16_t x[5], sorted[5];
        for (int i = 0, rest = code; i < 5; i++, rest /= 5)
            x[i] = sorted[i] = (int16_t)(rest % 5);
        qsort(sorted, 5, sizeof *sorted, ascending);
        assert_int_equal(order_median_of_five(x), sorted[2]);
    }
}

RUN_TESTS(TEST(any_place_is_what_sorting_puts_there),
          TEST(the_middle_of_five_is_the_third_in_every_order))
