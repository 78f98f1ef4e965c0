#include "net/share.h"

#include "base/clock.h"
#include "base/macros.h"
#include "net/loop_private.h"

enum { PART_NS = 4 * 1000 * 1000 };

/* Each line may use its part of a turn. MORE also has a debt, which its pauses pay: once it owes
 * anything it rests until a part is free again. What is run puts nothing else in front of those in
 * line. */
static bool may_run(const struct share *share, enum share_line line) {
    return !share->is_running && share->used_ns[line] < PART_NS &&
           (line == SHARE_FIRST || uv_hrtime() >= share->rests_until_ns);
}

static void charge(struct share *share, enum share_line line, uint64_t cost_ns) {
    uint64_t now_ns = uv_hrtime();
    share->used_ns[line] += cost_ns;
    if (line == SHARE_FIRST)
        return;
    if (share->paid_until_ns + PART_NS < now_ns - cost_ns)
        share->paid_until_ns = now_ns - cost_ns - PART_NS;
    share->paid_until_ns += 2 * cost_ns;
    if (share->paid_until_ns > now_ns)
        share->rests_until_ns = share->paid_until_ns + PART_NS;
}

static void run_now(struct share *share, enum share_line line, void (*fn)(void *arg), void *arg) {
    uint64_t began_ns = clock_thread_ns();
    share->is_running = true;
    fn(arg);
    share->is_running = false;
    charge(share, line, clock_thread_ns() - began_ns);
}

/* The loop ends its turn when it wakes, and so serves those in line. */
static void share_on_wake(void *arg) {
    (void)arg;
}

static void wake_later(struct loop *loop) {
    struct share *share = &loop->share;
    uint64_t now_ns = uv_hrtime(), wait_ns = 0;
    if (list_is_empty(&share->lines[SHARE_FIRST]) && share->rests_until_ns > now_ns)
        wait_ns = share->rests_until_ns - now_ns;
    timer_start(loop, &share->wake, (int64_t)((wait_ns + 999999) / 1000000), 0, share_on_wake,
                NULL);
}

void share_run(struct loop *loop, enum share_line line, struct share_place *place,
               void (*fn)(void *arg), void *arg) {
    struct share *share = &loop->share;
    if (share_is_waiting(place))
        return;
    if (list_is_empty(&share->lines[line]) && may_run(share, line)) {
        run_now(share, line, fn, arg);
        return;
    }
    place->fn = fn;
    place->arg = arg;
    list_add(&share->lines[line], &place->node);
    if (line == SHARE_FIRST || !timer_is_running(&share->wake))
        wake_later(loop);
}

bool share_is_waiting(const struct share_place *place) {
    return place->node.next && !list_is_empty(&place->node);
}

void share_leave(struct share_place *place) {
    if (share_is_waiting(place))
        list_remove(&place->node);
}

/* ---- For the loop ---- */

void share_open(struct share *share) {
    for (int line = 0; line < SHARE_LINES; line++)
        list_init(&share->lines[line]);
}

static void serve(struct share *share, enum share_line line) {
    while (!list_is_empty(&share->lines[line]) && may_run(share, line)) {
        struct list *node = list_take_first(&share->lines[line]);
        struct share_place *place = CONTAINER_OF(node, struct share_place, node);
        run_now(share, line, place->fn, place->arg);
    }
}

void share_end_turn(struct loop *loop) {
    struct share *share = &loop->share;
    serve(share, SHARE_FIRST);
    serve(share, SHARE_MORE);
    share->used_ns[SHARE_FIRST] = share->used_ns[SHARE_MORE] = 0;
    if (!list_is_empty(&share->lines[SHARE_FIRST]) || !list_is_empty(&share->lines[SHARE_MORE]))
        wake_later(loop);
}

void share_close(struct share *share) {
    timer_stop(&share->wake);
}
