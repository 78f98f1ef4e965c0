#include "net/loop.h"

#include "base/mem.h"
#include "net/loop_private.h"

#include <assert.h>
#include <signal.h>

/* ---- deferred work ---- */

static void link_deferred(struct deferred **link, struct deferred *work) {
    work->next = *link;
    work->link = link;
    if (work->next)
        work->next->link = &work->next;
    *link = work;
}

static void unlink_deferred(struct deferred *work) {
    *work->link = work->next;
    if (work->next)
        work->next->link = work->link;
    work->next = NULL;
    work->link = NULL;
}

void loop_defer(struct loop *loop, struct deferred *work, void (*fn)(void *arg), void *arg) {
    if (work->link)
        return;
    work->fn = fn;
    work->arg = arg;
    link_deferred(loop->deferred_end, work);
    loop->deferred_end = &work->next;
}

void loop_undefer(struct loop *loop, struct deferred *work) {
    if (!work->link)
        return;
    if (loop->deferred_end == &work->next)
        loop->deferred_end = work->link;
    unlink_deferred(work);
}

static void loop_on_hurry(uv_idle_t *hurry) {
}

/* Runs what is queued now. Work that it queues in turn waits for the next round, so work that keeps
 * deferring itself cannot starve the descriptors. */
static void run_deferred(struct loop *loop) {
    loop->running = loop->deferred;
    if (loop->running)
        loop->running->link = &loop->running;
    loop->deferred = NULL;
    loop->deferred_end = &loop->deferred;
    while (loop->running) {
        struct deferred *work = loop->running;
        unlink_deferred(work);
        work->fn(work->arg);
    }
    if (loop->deferred)
        uv_idle_start(&loop->hurry, loop_on_hurry);
    else
        uv_idle_stop(&loop->hurry);
}

static void loop_on_before(uv_prepare_t *before) {
    run_deferred(CONTAINER_OF(before, struct loop, before));
}

static void loop_on_after(uv_check_t *after) {
    struct loop *loop = CONTAINER_OF(after, struct loop, after);
    share_end_turn(loop);
    run_deferred(loop);
}

/* ---- the loop ---- */

int loop_open(struct loop **out) {
    struct loop *loop = mem_alloc(sizeof *loop);
    int err = -uv_loop_init(&loop->uv);
    if (err) {
        mem_free(loop);
        return err;
    }
    err = -uv_async_init(&loop->uv, &loop->anchor, NULL);
    if (err) {
        uv_loop_close(&loop->uv);
        mem_free(loop);
        return err;
    }
    /* A peer that went away must not end the process: TLS writes have no MSG_NOSIGNAL. */
    signal(SIGPIPE, SIG_IGN);
    loop->deferred_end = &loop->deferred;
    share_open(&loop->share);
    timer_heap_init(&loop->timers, &loop->uv);
    uv_prepare_init(&loop->uv, &loop->before);
    uv_prepare_start(&loop->before, loop_on_before);
    uv_check_init(&loop->uv, &loop->after);
    uv_check_start(&loop->after, loop_on_after);
    uv_idle_init(&loop->uv, &loop->hurry);
    *out = loop;
    return 0;
}

void loop_run(struct loop *loop) {
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop) {
    uv_stop(&loop->uv);
}

void loop_close(struct loop *loop) {
    if (!loop)
        return;
    while (loop->deferred) /* frees what was dropped in the last turn */
        run_deferred(loop);
    share_close(&loop->share);
    timer_heap_close(&loop->timers);
    uv_close((uv_handle_t *)&loop->before, NULL);
    uv_close((uv_handle_t *)&loop->after, NULL);
    uv_close((uv_handle_t *)&loop->hurry, NULL);
    uv_close((uv_handle_t *)&loop->anchor, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    int err = uv_loop_close(&loop->uv);
    assert(err == 0 && "something on this loop was not closed");
    (void)err;
    mem_free(loop->scratch);
    mem_free(loop);
}

uv_loop_t *loop_uv(struct loop *loop) {
    return &loop->uv;
}

int64_t loop_now_ms(const struct loop *loop) {
    return (int64_t)uv_now(&loop->uv);
}

uint8_t *loop_scratch(struct loop *loop) {
    if (!loop->scratch)
        loop->scratch = mem_alloc_raw(LOOP_SCRATCH_BYTES);
    return loop->scratch;
}

/* ---- descriptors ---- */

struct watch {
    uv_poll_t poll;
    watch_fn *fn;
    void *arg;
    int events;
};

static void watch_on_poll(uv_poll_t *poll, int status, int events) {
    struct watch *watch = CONTAINER_OF(poll, struct watch, poll);
    int asked = watch->events;
    if (status < 0)
        watch->events = 0; /* libuv stops watching a descriptor that shows an error */
    watch->fn(status < 0 || events == 0 ? asked : events, watch->arg);
}

int watch_open(struct watch **out, struct loop *loop, int fd, watch_fn *fn, void *arg) {
    struct watch *watch = mem_alloc(sizeof *watch);
    int err = -uv_poll_init(&loop->uv, &watch->poll, fd);
    if (err) {
        mem_free(watch);
        return err;
    }
    watch->fn = fn;
    watch->arg = arg;
    *out = watch;
    return 0;
}

void watch_set(struct watch *watch, int events) {
    if (events == watch->events)
        return;
    watch->events = events;
    if (events)
        uv_poll_start(&watch->poll, events, watch_on_poll);
    else
        uv_poll_stop(&watch->poll);
}

static void watch_on_closed(uv_handle_t *handle) {
    mem_free(CONTAINER_OF(handle, struct watch, poll));
}

void watch_close(struct watch *watch) {
    if (!watch)
        return;
    /* libuv takes the descriptor out of epoll here, at once; only its memory waits. */
    uv_close((uv_handle_t *)&watch->poll, watch_on_closed);
}
