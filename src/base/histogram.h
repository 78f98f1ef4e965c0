/*
 * How often durations of which length occurred: one count for each upper bound, one for what lies
 * beyond the last, and the sum of all. It holds nothing but uint64_t, so histograms of several
 * threads are added up like other counters.
 */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_BOUNDS_MAX = 12 };

struct histogram_bounds {
    size_t count;
    unsigned ms[HISTOGRAM_BOUNDS_MAX]; /* ascending; a bound belongs to the count below it */
};

struct histogram {
    uint64_t counts[HISTOGRAM_BOUNDS_MAX + 1]; /* bounds->count + 1 of them are in use */
    uint64_t sum_ms;
};

/* Below zero, as between clocks that differ a little, counts as 0. */
void histogram_add(struct histogram *histogram, const struct histogram_bounds *bounds, int64_t ms);

#endif
