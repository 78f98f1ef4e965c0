/*
 * How often somebody may try. Two kinds of counters, bounded in number (the longest unused goes
 * first), on a clock that is given: buckets that refill, and failures that make the next try wait
 * 1, 2, 4 ... s.
 */
#ifndef APP_THROTTLE_H
#define APP_THROTTLE_H

#include "base/list.h"
#include "base/map.h"
#include "base/slice.h"

#include <stdint.h>

struct throttle {
    struct map entries;
    struct list by_use; /* longest unused first */
    unsigned max;
};

enum { THROTTLE_FREE_FAILURES = 5, THROTTLE_WAIT_MAX_S = 15 * 60 };

void throttle_open(struct throttle *, uint64_t seed, unsigned max_entries);
void throttle_close(struct throttle *);

/* Takes one of `count` tries per `window_ms`. 0, or the seconds to wait. */
unsigned throttle_take(struct throttle *, struct slice key, unsigned count, int64_t window_ms,
                       int64_t now_ms);

/* Seconds until this key may try again after its failures; 0: now. */
unsigned throttle_wait(struct throttle *, struct slice key, int64_t now_ms);
void throttle_fail(struct throttle *, struct slice key, int64_t now_ms);
void throttle_forgive(struct throttle *, struct slice key);

#endif
