/* Timers of one loop: plain structs in a heap, no allocation each, stopped at once. Equal times
 * fire in the order they were started.
 *
 * They are ours and not libuv's, because uv_close is asynchronous: a uv_timer_t has to stay in
 * memory until a later turn of the loop, so its owner could not be freed at once. All of a loop's
 * timers share one uv_timer_t, which belongs to the loop. */
#ifndef NET_TIMER_H
#define NET_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct timer_heap;

typedef void timer_fn(void *arg);

struct timer { /* private; zeroed = stopped */
    struct timer_heap *heap;
    timer_fn *fn;
    void *arg;
    int64_t due_ms;
    int64_t repeat_ms;
    uint64_t order;
    size_t slot; /* 1-based place in the heap; 0 = stopped */
};

/* Calls fn(arg) after_ms from the loop's now, then each repeat_ms (0 = once). A running timer is
 * started anew. A late repeating timer skips what it missed. The struct must stay where it is until
 * it is stopped or has fired for the last time. */
void timer_start(struct loop *loop, struct timer *timer, int64_t after_ms, int64_t repeat_ms,
                 timer_fn *fn, void *arg);
void timer_stop(struct timer *timer); /* also of one that never started */
bool timer_is_running(const struct timer *timer);

#endif
