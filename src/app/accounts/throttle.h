/*
 * Limits how often a key (a client's address, an account) may try. There are two kinds of limits:
 * a token bucket, and failures after which the next try must wait 1, 2, 4 ... s. The number of
 * entries is bounded; the least recently used one goes first. Time is an argument.
 */
#ifndef APP_THROTTLE_H
#define APP_THROTTLE_H

#include "base/list.h"
#include "base/map.h"
#include "base/slice.h"

#include <stdint.h>

struct throttle {
    struct map entries;
    struct list by_use; /* least recently used first */
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
