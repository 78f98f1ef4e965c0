/* Long computations (argon2) and slow work on files, on libuv's pool, with a bound on how many run
 * and how many wait. */
#ifndef NET_WORKER_H
#define NET_WORKER_H

#include <stddef.h>

struct loop;
struct worker;

typedef void work_fn(void *arg); /* on a pool thread */
/* On the loop; err is ECANCELED when the worker closed before the work ran. */
typedef void work_done_fn(int err, void *arg);

/* Makes libuv's pool this much larger than password hashing and name lookups need, so that they do
 * not wait for threads that a stalled disk blocks. Called before the first loop is opened. An
 * operator's UV_THREADPOOL_SIZE takes precedence. */
void worker_pool_reserve(unsigned threads);

/* Runs at most max_running at once (0 = half the cores, at least one) at the given nice, and queues
 * at most max_waiting behind them. */
struct worker *worker_new(struct loop *loop, size_t max_running, size_t max_waiting, int nice);
/* 0, or EAGAIN when the queue is full. */
int worker_run(struct worker *worker, work_fn *fn, work_done_fn *done, void *arg);
/* Cancels what waits: its done is called at once, with ECANCELED. Work that runs is finished, and
 * its done called, before loop_close returns. NULL is fine. */
void worker_close(struct worker *worker);

#endif
