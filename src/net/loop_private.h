/* Private to loop.c (the loop, its deferred work, its descriptors), timer.c (its timers) and share.c
 * (what strangers get of it). */
#ifndef NET_LOOP_PRIVATE_H
#define NET_LOOP_PRIVATE_H

#include "net/loop.h"
#include "net/share.h"

/* All timers of a loop, and the one libuv timer that wakes it for them. */
struct timer_heap {
    uv_timer_t alarm;
    int64_t alarm_ms; /* when it goes off; INT64_MAX = never */
    struct timer **timers;
    size_t len, cap;
    uint64_t started;
};

/* Who waits, and what has been used. */
struct share {
    struct list lines[SHARE_LINES];
    uint64_t used_ns[SHARE_LINES]; /* in this turn */
    uint64_t paid_until_ns;  /* SHARE_MORE has paid for its time up to here */
    uint64_t rests_until_ns; /* and runs again from here on */
    struct timer wake;
    bool is_running;
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
    struct share share;
};

void timer_heap_init(struct timer_heap *heap, uv_loop_t *uv);
void timer_heap_close(struct timer_heap *heap);

void share_open(struct share *share);
/* Serves those in line. */
void share_end_turn(struct loop *loop);
void share_close(struct share *share);

#endif
