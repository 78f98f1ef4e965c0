#include "outside/store/store_watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "net/loop.h"
#include "net/standstill.h"
#include "outside/store/store_private.h"
#include "outside/store/store_reader.h"
#include "outside/store/store_writer.h"

#include <errno.h>

enum {
    LOOK_MS = 5,
    OVERTAKE_MS = 15, /* then the reader helps, which costs nothing */
    LATE_MS = 250,    /* past its deadline the writer normally answers a call within this */
};

bool store_watch_is_stalled(const struct store_watch *watch) {
    uint64_t turn = atomic_load(&watch->stalled_turn);
    return turn != 0 && turn == standstill_turn(store_writer_standstill(watch->writer));
}

static void begin_stall(struct store_watch *watch, int64_t now_ms) {
    if (watch->stalled_since_ms == 0) {
        watch->stalled_since_ms = now_ms - watch->writer_still_ms;
        atomic_fetch_add(&watch->stalls, 1);
        log_warn("store", "database stalled; refusing writes");
    }
    atomic_store(&watch->stalled_turn, standstill_turn(store_writer_standstill(watch->writer)));
}

static void end_stall(struct store_watch *watch, int64_t now_ms) {
    if (watch->stalled_since_ms)
        log_info("store", "database stall over",
                 log_int("stalledMs", now_ms - watch->stalled_since_ms));
    watch->stalled_since_ms = 0;
    atomic_store(&watch->stalled_turn, 0);
}

static void look_at_threads(struct store_watch *watch, int64_t now_ms) {
    struct store_reader *reader = store_writer_reader(watch->writer);
    watch->writer_still_ms = standstill_look(store_writer_standstill(watch->writer), now_ms);
    watch->reader_still_ms = reader ? standstill_look(store_reader_standstill(reader), now_ms) : 0;
    if (watch->stall_ms && watch->writer_still_ms >= watch->stall_ms)
        begin_stall(watch, now_ms);
    else if (!store_watch_is_stalled(watch))
        end_stall(watch, now_ms);
}

/* Gives the call to the reader as well, if it only reads and the writer makes no progress. */
static void watch_hasten(struct store_watch *watch, struct store_call *call) {
    struct store_reader *reader = store_writer_reader(watch->writer);
    bool is_still = watch->writer_still_ms >= OVERTAKE_MS || store_watch_is_stalled(watch);
    if (reader && call->may_overtake && call->mails == 1 && is_still)
        store_reader_take(reader, call);
}

/* Answers EAGAIN. A call that is not running yet never runs; one that runs does not commit. */
static void watch_give_up(struct store_call *call) {
    if (!store_call_claim(call, STORE_CALLER))
        atomic_store(&call->is_given_up, true);
    store_call_answer(call, EAGAIN);
}

/* Whether the thread that runs the call, or would run it next, is stalled or connects. */
static bool watch_is_stuck(const struct store_watch *watch, const struct store_call *call) {
    int runner = atomic_load(&call->runner);
    if (call->may_overtake && store_writer_reader(watch->writer) && runner != STORE_WRITER)
        return watch->stall_ms && watch->reader_still_ms >= watch->stall_ms && call->mails > 1;
    return store_watch_is_stalled(watch) || store_writer_is_connecting(watch->writer);
}

static void on_watch_look(void *arg) {
    struct store_watch *watch = arg;
    int64_t now_ms = clock_mono_ms();
    look_at_threads(watch, now_ms);
    if (list_is_empty(&watch->calls) && !store_watch_is_stalled(watch)) {
        timer_stop(&watch->timer);
        return;
    }
    /* A callback may add calls; those are looked at the next time. */
    const struct list *last = watch->calls.prev;
    LIST_EACH(&watch->calls, node) {
        struct store_call *call = CONTAINER_OF(node, struct store_call, open);
        watch_hasten(watch, call);
        if (now_ms - call->posted_ms >= watch->deadline_ms + LATE_MS ||
            (!call->is_patient && watch_is_stuck(watch, call)))
            watch_give_up(call);
        if (node == last)
            break;
    }
}

void store_watch_init(struct store_watch *watch, struct loop *loop, struct store_writer *writer,
                      int64_t deadline_ms, int64_t stall_ms) {
    watch->loop = loop;
    watch->writer = writer;
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
        timer_start(watch->loop, &watch->timer, LOOK_MS, LOOK_MS, on_watch_look, watch);
    watch_hasten(watch, call);
}
