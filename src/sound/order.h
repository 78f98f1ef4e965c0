/* Order statistics without sorting: medians and percentiles of a few hundred numbers, once a second
 * for everybody who speaks. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The value that sorting would put at place k < n. Shuffles x. Hoare's quickselect: O(n) on
 * average, O(n^2) at worst. */
int16_t order_nth(int16_t *x, size_t n, size_t k);

/* The middle of five neighbours. */
int16_t order_median_of_five(const int16_t x[5]);
