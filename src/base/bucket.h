/*
 * A token bucket: `burst` events at once, and one more every `step_us` after that.
 *
 * It is kept as one number, the time at which the bucket is full again (the "theoretical arrival
 * time" of the generic cell rate algorithm, ITU-T I.371). So it needs no refilling, and threads can
 * share a bucket by compare-and-swap: take from a copy, then swap due_us.
 */
#ifndef BASE_BUCKET_H
#define BASE_BUCKET_H

#include <stdint.h>

struct bucket {
    int64_t due_us; /* full from then on; zeroed is a full bucket */
};

/* Takes one token and returns 0. When the bucket is empty, takes nothing and returns the
 * microseconds until the next token. `burst` is at least 1, step_us at least 1. */
int64_t bucket_take(struct bucket *bucket, int64_t step_us, unsigned burst, int64_t now_us);

#endif
