/* Timers of one loop: plain structs in a heap, no allocation each, stopped at once. Equal times
 * fire in the order they were started. */
#ifndef NET_TIMER_H
#define NET_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

struct loop;

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

/* Calls fn(arg) after_ms from the loop's now, then each repeat_ms (0 = once). A running timer
 * starts anew. A late repeating timer skips what it missed. The struct must stay where it is until
 * it is stopped or has fired its last. */
void timer_start(struct loop *loop, struct timer *timer, int64_t after_ms, int64_t repeat_ms,
                 timer_fn *fn, void *arg);
void timer_stop(struct timer *timer); /* also of one that never started */
bool timer_is_running(const struct timer *timer);

/* The loop's part: one libuv timer for all of them. */
struct timer_heap {
    uv_timer_t alarm;
    int64_t alarm_ms; /* when it goes off; INT64_MAX = never */
    struct timer **timers;
    size_t len, cap;
    uint64_t started;
};

int timer_heap_open(struct timer_heap *heap, uv_loop_t *uv);
void timer_heap_close(struct timer_heap *heap);

#endif
