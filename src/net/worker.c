#include "net/worker.h"

#include "base/mem.h"
#include "net/loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME_THREADS = 2 };

struct work {
    uv_work_t request;
    struct worker *worker;
    struct work *next;
    work_fn *fn;
    work_done_fn *done;
    void *arg;
};

struct worker {
    struct loop *loop;
    size_t max_running, max_waiting;
    size_t running, waiting;
    int nice;
    bool is_closed;
    struct work *first, **last; /* waiting */
};

static void on_pool(uv_work_t *request) {
    struct work *work = CONTAINER_OF(request, struct work, request);
    if (work->worker->nice != 0)
        thread_set_nice(work->worker->nice);
    work->fn(work->arg);
}

static void on_done(uv_work_t *request, int status);

static void start_next(struct worker *worker) {
    while (worker->first && worker->running < worker->max_running) {
        struct work *work = worker->first;
        worker->first = work->next;
        if (!worker->first)
            worker->last = &worker->first;
        worker->waiting--;
        worker->running++;
        uv_queue_work(loop_uv(worker->loop), &work->request, on_pool, on_done);
    }
}

static void on_done(uv_work_t *request, int status) {
    struct work *work = CONTAINER_OF(request, struct work, request);
    struct worker *worker = work->worker;
    worker->running--;
    work->done(-status, work->arg);
    mem_free(work);
    if (!worker->is_closed)
        start_next(worker);
    else if (worker->running == 0)
        mem_free(worker);
}

static unsigned half_of_cores(void) {
    unsigned cores = uv_available_parallelism();
    return cores > 1 ? cores / 2 : 1;
}

void worker_pool_reserve(unsigned threads) {
    char size[16];
    snprintf(size, sizeof size, "%u", threads + half_of_cores() + NAME_THREADS);
    setenv("UV_THREADPOOL_SIZE", size, 0);
}

int worker_open(struct worker **out, struct loop *loop, size_t max_running, size_t max_waiting,
                int nice) {
    struct worker *worker = mem_alloc(sizeof *worker);
    worker->loop = loop;
    worker->max_running = max_running ? max_running : half_of_cores();
    worker->max_waiting = max_waiting;
    worker->nice = nice;
    worker->last = &worker->first;
    *out = worker;
    return 0;
}

int worker_run(struct worker *worker, work_fn *fn, work_done_fn *done, void *arg) {
    if (worker->running >= worker->max_running && worker->waiting >= worker->max_waiting)
        return EAGAIN;
    struct work *work = mem_alloc(sizeof *work);
    work->worker = worker;
    work->fn = fn;
    work->done = done;
    work->arg = arg;
    *worker->last = work;
    worker->last = &work->next;
    worker->waiting++;
    start_next(worker);
    return 0;
}

void worker_close(struct worker *worker) {
    if (!worker)
        return;
    worker->is_closed = true;
    while (worker->first) {
        struct work *work = worker->first;
        worker->first = work->next;
        work->done(ECANCELED, work->arg);
        mem_free(work);
    }
    if (worker->running == 0)
        mem_free(worker);
}
