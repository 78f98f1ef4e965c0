/* Private to loop.c (the loop, its deferred work, its descriptors) and timer.c (its timers). */
#ifndef NET_LOOP_PRIVATE_H
#define NET_LOOP_PRIVATE_H

#include "net/loop.h"

/* All timers of a loop, and the one libuv timer that wakes it for them. */
struct timer_heap {
    uv_timer_t alarm;
    int64_t alarm_ms; /* when it goes off; INT64_MAX = never */
    struct timer **timers;
    size_t len, cap;
    uint64_t started;
};

struct loop {
    uv_loop_t uv;
    struct timer_heap timers;
    uv_async_t anchor;   /* keeps uv_run from returning while nothing else is open */
    uv_prepare_t before; /* deferred work of timers */
    uv_check_t after;    /* deferred work of descriptors and mailboxes */
    uv_idle_t hurry;     /* runs while deferred work waits for the next turn: do not block */
    struct deferred *deferred, **deferred_end;
    struct deferred *running; /* what the current round has still to run */
    uint8_t *scratch;
    uint32_t round;           /* of loop_grants; from 1 */
    uint64_t grants_until_ns; /* in this turn; 0: nobody has asked yet */
    bool has_put_off;         /* somebody who has not had their part in this round */
};

void timer_heap_init(struct timer_heap *heap, uv_loop_t *uv);
void timer_heap_close(struct timer_heap *heap);

#endif
