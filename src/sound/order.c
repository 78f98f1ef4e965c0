#include "sound/order.h"

#include <assert.h>

/* The value with at most *k counted below it; *k becomes its place among its equals. */
static unsigned value_at(const uint16_t counts[256], size_t *k) {
    unsigned value = 0;
    while (counts[value] <= *k)
        *k -= counts[value++];
    return value;
}

int16_t order_nth(const int16_t *x, size_t n, size_t k) {
    assert(k < n && n <= UINT16_MAX);
    uint16_t high[256] = {0}, low[256] = {0};
    for (size_t i = 0; i < n; i++)
        high[(x[i] >> 8) + 128]++;
    int top = (int)value_at(high, &k) - 128;
    for (size_t i = 0; i < n; i++)
        if (x[i] >> 8 == top)
            low[x[i] & 255]++;
    return (int16_t)(top * 256 + (int)value_at(low, &k));
}

static int16_t least(int16_t a, int16_t b) {
    return a < b ? a : b;
}

static int16_t most(int16_t a, int16_t b) {
    return a > b ? a : b;
}

/* The larger of the two smaller of pairs and the smaller of the two larger hold the middle between
 * them, with the fifth. */
int16_t order_median_of_five(const int16_t x[5]) {
    int16_t low = most(least(x[0], x[1]), least(x[2], x[3]));
    int16_t high = least(most(x[0], x[1]), most(x[2], x[3]));
    return most(least(low, high), least(most(low, high), x[4]));
}
