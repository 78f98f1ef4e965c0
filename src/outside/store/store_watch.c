#include "outside/store/store_watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/loop.h"
#include "outside/store/store_private.h"
#include "outside/store/store_reader.h"

#include <errno.h>

enum {
    LOOK_MS = 5,
    OVERTAKE_MS =
        15,        /* a writer that has stood still for so long is overtaken: that costs nothing */
    LATE_MS = 250, /* beyond the deadline; normally the writer answers */
};

bool store_watch_is_stalled(const struct store_watch *watch) {
    uint64_t turn = atomic_load(&watch->stalled_turn);
    return turn != 0 && turn == standstill_turn(&watch->writer);
}

static void begin_stall(struct store_watch *watch, int64_t now_ms) {
    if (watch->stalled_since_ms == 0) {
        watch->stalled_since_ms = now_ms - watch->still_ms;
        atomic_fetch_add(&watch->stalls, 1);
        log_warn("store", "the database stands still; who has to write is refused");
    }
    atomic_store(&watch->stalled_turn, standstill_turn(&watch->writer));
}

static void end_stall(struct store_watch *watch, int64_t now_ms) {
    if (watch->stalled_since_ms)
        log_info("store", "the database goes on",
                 log_int("stoodStillMs", now_ms - watch->stalled_since_ms));
    watch->stalled_since_ms = 0;
    atomic_store(&watch->stalled_turn, 0);
}

static void look_at_writer(struct store_watch *watch, int64_t now_ms) {
    watch->still_ms = standstill_look(&watch->writer, now_ms);
    watch->reader_still_ms =
        watch->reader ? standstill_look(store_reader_standstill(watch->reader), now_ms) : 0;
    if (watch->stall_ms && watch->still_ms >= watch->stall_ms)
        begin_stall(watch, now_ms);
    else if (!store_watch_is_stalled(watch))
        end_stall(watch, now_ms);
}

void store_watch_hasten(struct store_watch *watch, struct store_call *call) {
    bool stands_still = watch->still_ms >= OVERTAKE_MS || store_watch_is_stalled(watch);
    if (watch->reader && call->may_overtake && call->mails == 1 && stands_still)
        store_reader_take(watch->reader, call);
}

/* What is left in a queue is not begun any more, and what was begun not committed. */
static void give_up(struct store_call *call) {
    if (!store_call_claim(call, STORE_CALLER))
        atomic_store(&call->is_given_up, true);
    store_call_answer(call, EAGAIN);
}

/* Whether it waits for somebody who stands still, with nobody to take it over. */
static bool is_stuck(const struct store_watch *watch, const struct store_call *call) {
    int runner = atomic_load(&call->runner);
    if (call->may_overtake && watch->reader && runner != STORE_WRITER)
        return watch->stall_ms && watch->reader_still_ms >= watch->stall_ms && call->mails > 1;
    return store_watch_is_stalled(watch) || atomic_load(&watch->is_connecting);
}

static void on_look(void *arg) {
    struct store_watch *watch = arg;
    int64_t now_ms = clock_mono_ms();
    look_at_writer(watch, now_ms);
    if (list_is_empty(&watch->calls) && !store_watch_is_stalled(watch)) {
        timer_stop(&watch->timer);
        return;
    }
    const struct list *last = watch->calls.prev; /* an answer may lead to another call */
    LIST_EACH(&watch->calls, node) {
        struct store_call *call = CONTAINER_OF(node, struct store_call, open);
        store_watch_hasten(watch, call);
        if (now_ms - call->posted_ms >= watch->deadline_ms + LATE_MS ||
            (!call->is_patient && is_stuck(watch, call)))
            give_up(call);
        if (node == last)
            break;
    }
}

void store_watch_init(struct store_watch *watch, struct loop *loop, int64_t deadline_ms,
                      int64_t stall_ms) {
    watch->loop = loop;
    watch->deadline_ms = deadline_ms;
    watch->stall_ms = stall_ms;
    list_init(&watch->calls);
}

void store_watch_stop(struct store_watch *watch) {
    timer_stop(&watch->timer);
}

void store_watch_add(struct store_watch *watch, struct store_call *call) {
    list_add(&watch->calls, &call->open);
    if (!timer_is_running(&watch->timer))
        timer_start(watch->loop, &watch->timer, LOOK_MS, LOOK_MS, on_look, watch);
    store_watch_hasten(watch, call);
}
