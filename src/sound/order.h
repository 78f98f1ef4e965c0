/* Order statistics without sorting: medians and percentiles of a few hundred numbers, once a second
 * for everybody who speaks. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The value that sorting would put at place k < n <= 65535: counted by its high byte, then those that
 * share it by the low one. */
int16_t order_nth(const int16_t *x, size_t n, size_t k);

/* The middle of five neighbours. */
int16_t order_median_of_five(const int16_t x[5]);
