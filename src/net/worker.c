#include "net/worker.h"

#include "base/mem.h"
#include "net/loop.h"
#include "net/thread.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME_THREADS = 2 };

struct worker_task {
    uv_work_t request;
    struct worker *worker;
    struct worker_task *next;
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
    struct worker_task *first, **last; /* waiting */
};

static void worker_on_pool(uv_work_t *request) {
    struct worker_task *task = CONTAINER_OF(request, struct worker_task, request);
    thread_set_nice(task->worker->nice);
    task->fn(task->arg);
}

static void worker_on_done(uv_work_t *request, int status);

static void start_next(struct worker *worker) {
    while (worker->first && worker->running < worker->max_running) {
        struct worker_task *task = worker->first;
        worker->first = task->next;
        if (!worker->first)
            worker->last = &worker->first;
        worker->waiting--;
        worker->running++;
        uv_queue_work(loop_uv(worker->loop), &task->request, worker_on_pool, worker_on_done);
    }
}

static void worker_on_done(uv_work_t *request, int status) {
    struct worker_task *task = CONTAINER_OF(request, struct worker_task, request);
    struct worker *worker = task->worker;
    worker->running--;
    task->done(-status, task->arg);
    mem_free(task);
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

struct worker *worker_new(struct loop *loop, size_t max_running, size_t max_waiting, int nice) {
    struct worker *worker = mem_alloc(sizeof *worker);
    worker->loop = loop;
    worker->max_running = max_running ? max_running : half_of_cores();
    worker->max_waiting = max_waiting;
    worker->nice = nice;
    worker->last = &worker->first;
    return worker;
}

int worker_run(struct worker *worker, work_fn *fn, work_done_fn *done, void *arg) {
    if (worker->running >= worker->max_running && worker->waiting >= worker->max_waiting)
        return EAGAIN;
    struct worker_task *task = mem_alloc(sizeof *task);
    task->worker = worker;
    task->fn = fn;
    task->done = done;
    task->arg = arg;
    *worker->last = task;
    worker->last = &task->next;
    worker->waiting++;
    start_next(worker);
    return 0;
}

void worker_close(struct worker *worker) {
    if (!worker)
        return;
    worker->is_closed = true;
    while (worker->first) {
        struct worker_task *task = worker->first;
        worker->first = task->next;
        task->done(ECANCELED, task->arg);
        mem_free(task);
    }
    if (worker->running == 0)
        mem_free(worker);
}
