#include "net/timer.h"

#include "base/mem.h"
#include "net/loop_private.h"

#include <assert.h>

static int64_t heap_now(const struct timer_heap *heap) {
    return (int64_t)uv_now(heap->alarm.loop);
}

static bool is_before(const struct timer *a, const struct timer *b) {
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->order < b->order;
}

static void put(struct timer_heap *heap, size_t slot, struct timer *timer) {
    heap->timers[slot - 1] = timer;
    timer->slot = slot;
}

static void sift_up(struct timer_heap *heap, struct timer *timer, size_t slot) {
    while (slot > 1 && is_before(timer, heap->timers[slot / 2 - 1])) {
        put(heap, slot, heap->timers[slot / 2 - 1]);
        slot /= 2;
    }
    put(heap, slot, timer);
}

static void sift_down(struct timer_heap *heap, struct timer *timer, size_t slot) {
    for (;;) {
        size_t child = slot * 2;
        if (child > heap->len)
            break;
        if (child < heap->len && is_before(heap->timers[child], heap->timers[child - 1]))
            child++;
        if (!is_before(heap->timers[child - 1], timer))
            break;
        put(heap, slot, heap->timers[child - 1]);
        slot = child;
    }
    put(heap, slot, timer);
}

static void timer_on_alarm(uv_timer_t *alarm);

/* The alarm may go off too early (its timer was stopped), never too late. */
static void set_alarm(struct timer_heap *heap, int64_t least_ms) {
    if (heap->len == 0 || heap->timers[0]->due_ms >= heap->alarm_ms)
        return;
    heap->alarm_ms = heap->timers[0]->due_ms;
    int64_t wait_ms = heap->alarm_ms - heap_now(heap);
    uv_timer_start(&heap->alarm, timer_on_alarm,
                   (uint64_t)(wait_ms > least_ms ? wait_ms : least_ms), 0);
}

static void insert(struct timer_heap *heap, struct timer *timer) {
    if (heap->len == heap->cap) {
        heap->cap = heap->cap ? heap->cap * 2 : 16;
        heap->timers = mem_resize(heap->timers, heap->cap * sizeof *heap->timers);
    }
    heap->len++;
    timer->order = heap->started++;
    sift_up(heap, timer, heap->len);
}

static void fire(struct timer_heap *heap, struct timer *timer, int64_t now_ms) {
    timer_stop(timer);
    if (timer->repeat_ms > 0) {
        timer->due_ms += timer->repeat_ms;
        if (timer->due_ms <= now_ms)
            timer->due_ms = now_ms + timer->repeat_ms;
        insert(heap, timer);
    }
    timer->fn(timer->arg); /* may free the timer */
}

static void timer_on_alarm(uv_timer_t *alarm) {
    struct timer_heap *heap = CONTAINER_OF(alarm, struct timer_heap, alarm);
    int64_t now_ms = heap_now(heap);
    /* Timers started from now on wait for the next turn, even when due at once. An alarm of 0 ms
     * would go off in this one: libuv serves all that are due before it looks at anything else. */
    uint64_t until = heap->started;
    heap->alarm_ms = INT64_MIN; /* so that no timer_start below sets the alarm */
    while (heap->len > 0 && heap->timers[0]->due_ms <= now_ms && heap->timers[0]->order < until)
        fire(heap, heap->timers[0], now_ms);
    heap->alarm_ms = INT64_MAX;
    set_alarm(heap, 1);
}

void timer_start(struct loop *loop, struct timer *timer, int64_t after_ms, int64_t repeat_ms,
                 timer_fn *fn, void *arg) {
    assert(after_ms >= 0 && repeat_ms >= 0);
    timer_stop(timer);
    timer->heap = &loop->timers;
    timer->fn = fn;
    timer->arg = arg;
    timer->due_ms = loop_now_ms(loop) + after_ms;
    timer->repeat_ms = repeat_ms;
    insert(timer->heap, timer);
    set_alarm(timer->heap, 0);
}

void timer_stop(struct timer *timer) {
    if (timer->slot == 0)
        return;
    struct timer_heap *heap = timer->heap;
    struct timer *last = heap->timers[--heap->len];
    size_t slot = timer->slot;
    timer->slot = 0;
    if (last == timer)
        return;
    if (slot > 1 && is_before(last, heap->timers[slot / 2 - 1]))
        sift_up(heap, last, slot);
    else
        sift_down(heap, last, slot);
}

bool timer_is_running(const struct timer *timer) {
    return timer->slot != 0;
}

void timer_heap_init(struct timer_heap *heap, uv_loop_t *uv) {
    *heap = (struct timer_heap){.alarm_ms = INT64_MAX};
    uv_timer_init(uv, &heap->alarm);
}

void timer_heap_close(struct timer_heap *heap) {
    assert(heap->len == 0 && "a timer outlived its owner");
    mem_free(heap->timers);
    uv_close((uv_handle_t *)&heap->alarm, NULL);
}
