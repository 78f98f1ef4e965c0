#include "outside/store_watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/loop.h"
#include "net/thread.h"
#include "outside/store_call.h"
#include "outside/store_reader.h"

#include <errno.h>

enum {
    LOOK_MS = 20,
    STILL_MS = 30,   /* a writer that has been busy for so long, and neither ran nor wanted to */
    STILL_LOOKS = 2, /* at so many looks in a row, stands still */
    LATE_MS = 250,   /* beyond the deadline; normally the writer answers */
};

/* It has had the oldest call for long; and who waits for the processor does not stand still. */
static bool writer_stands_still(const struct store_watch *watch, int64_t now_ms) {
    const struct store_call *oldest = CONTAINER_OF(watch->calls.next, struct store_call, open);
    return watch->reader && now_ms - oldest->posted_ms >= STILL_MS &&
           !thread_is_runnable(atomic_load(&watch->writer_id));
}

static void goes_on(struct store_watch *watch) {
    watch->still_looks = 0;
    if (atomic_exchange(&watch->stalled, false))
        log_info("store", "the database goes on");
}

static void look_at_writer(struct store_watch *watch, int64_t now_ms) {
    if (!writer_stands_still(watch, now_ms)) {
        goes_on(watch);
        return;
    }
    if (watch->still_looks++ == 0)
        watch->still_since_ms = now_ms;
    bool is_stalled = now_ms - watch->still_since_ms >= watch->deadline_ms;
    if (!atomic_exchange(&watch->stalled, is_stalled) && is_stalled)
        log_error("store", "the database stands still; who has to write is refused");
}

void store_watch_hasten(struct store_watch *watch, struct store_call *call) {
    if (call->may_overtake && call->mails == 1 && watch->still_looks >= STILL_LOOKS)
        store_reader_take(watch->reader, call);
}

/* What the writer has begun it may still finish; the rest it leaves alone. */
static void give_up(struct store_call *call) {
    store_call_claim(call, STORE_CALLER);
    store_call_answer(call, EAGAIN);
}

static void on_look(void *arg) {
    struct store_watch *watch = arg;
    int64_t now_ms = clock_mono_ms();
    if (list_is_empty(&watch->calls)) {
        goes_on(watch);
        timer_stop(&watch->timer);
        return;
    }
    look_at_writer(watch, now_ms);
    LIST_EACH(&watch->calls, node) {
        struct store_call *call = CONTAINER_OF(node, struct store_call, open);
        store_watch_hasten(watch, call);
        if (now_ms - call->posted_ms >= watch->deadline_ms + LATE_MS ||
            (atomic_load(&watch->stalled) && !call->may_overtake))
            give_up(call);
    }
}

void store_watch_init(struct store_watch *watch, struct loop *loop, int64_t deadline_ms) {
    watch->loop = loop;
    watch->deadline_ms = deadline_ms;
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
