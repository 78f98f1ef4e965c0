/* Long computations (argon2) and blocking lookups on libuv's pool, with a bound on how many run and
 * how many wait. */
#ifndef NET_WORKER_H
#define NET_WORKER_H

#include <stddef.h>

struct loop;
struct worker;

typedef void work_fn(void *arg); /* on a pool thread */
typedef void
work_done_fn(int err,
             void *arg); /* on the loop; err ECANCELED when the worker closed before it ran */

/* Before the first loop: the pool gets so many threads beside those that hash passwords and look names up, so that a disk
 * that stalls leaves these alone. UV_THREADPOOL_SIZE wins. */
void worker_pool_reserve(unsigned threads);

/* At most max_running at once (0 = half the cores, at least one) at the given nice, and max_waiting
 * behind them. */
int worker_open(struct worker **, struct loop *, size_t max_running, size_t max_waiting, int nice);
int worker_run(struct worker *, work_fn *, work_done_fn *,
               void *arg); /* 0, or EAGAIN when the queue is full */
/* Cancels what waits (done with ECANCELED at once); what runs is finished, its done called, before
 * loop_close returns. */
void worker_close(struct worker *);

#endif
