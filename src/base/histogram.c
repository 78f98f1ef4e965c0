#include "base/histogram.h"

void histogram_add(struct histogram *histogram, const struct histogram_bounds *bounds, int64_t ms) {
    if (ms < 0)
        ms = 0;
    size_t i = 0;
    while (i < bounds->count && ms > bounds->ms[i])
        i++;
    histogram->counts[i]++;
    histogram->sum_ms += (uint64_t)ms;
}
