/* Timers of one loop: plain structs in a heap, no allocation each, stopped at once. Equal times
 * fire in the order started. */
#ifndef NET_TIMER_H
#define NET_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;

typedef void timer_fn(void *arg);

struct timer { /* private; zeroed = stopped */
    struct loop *loop;
    timer_fn *fn;
    void *arg;
    int64_t due_ms;
    int64_t repeat_ms;
    uint64_t order;
    size_t slot; /* 1-based place in the heap; 0 = stopped */
};

/* Calls fn(arg) after_ms from the loop's now, then each repeat_ms (0 = once). A running timer
 * starts anew. A late repeating timer skips what it missed. The struct must stay where it is until
 * it is stopped or has fired its last. */
void timer_start(struct loop *, struct timer *, int64_t after_ms, int64_t repeat_ms, timer_fn *fn,
                 void *arg);
void timer_stop(struct timer *); /* also of one that never started */
bool timer_is_running(const struct timer *);

#endif
