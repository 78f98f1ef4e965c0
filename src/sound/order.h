/* Order statistics without sorting: medians and percentiles of a few hundred numbers, needed once a
 * second for each person who speaks. */
#ifndef SOUND_ORDER_H
#define SOUND_ORDER_H

#include <stddef.h>
#include <stdint.h>

/* The value that sorting would put at place k < n <= 65535. Counts values by their high byte, then
 * those that share the wanted high byte by their low byte. */
int16_t order_nth(const int16_t *x, size_t n, size_t k);

/* The middle of five neighbours. */
int16_t order_median_of_five(const int16_t x[5]);

#endif
