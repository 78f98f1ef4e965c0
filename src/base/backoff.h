/*
 * How long to wait before the next attempt: longer after each failure in a row, up to a limit, and
 * partly at random.
 *
 * The jitter is "equal jitter" (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog,
 * 2015): half of the delay is certain, the other half random. Clients that failed together do not
 * return together, yet none returns at once.
 */
#ifndef BASE_BACKOFF_H
#define BASE_BACKOFF_H

#include <stdint.h>

/* first_ms after the first failure in a row, doubled after each further one, at most max_ms.
 * 0 failures count as one. */
int64_t backoff_full_ms(unsigned failures, int64_t first_ms, int64_t max_ms);

/* The same delay with jitter: from half of it to all of it. `random` is rand_u64(). */
int64_t backoff_ms(unsigned failures, int64_t first_ms, int64_t max_ms, uint64_t random);

#endif
