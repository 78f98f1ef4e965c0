/* Threads with a name and a priority. */
#ifndef NET_THREAD_H
#define NET_THREAD_H

#include <stdbool.h>
#include <stdint.h>

struct thread;
typedef void thread_main_fn(void *arg);

/* The name shows in top and gdb (at most 15 bytes); nice as for thread_set_nice. */
int thread_start(struct thread **out, const char *name, int nice, thread_main_fn *fn, void *arg);
void thread_join(struct thread *thread); /* and frees; NULL is fine */
/* For a thread that is stuck at the end of the process: it is not waited for. */
void thread_abandon(struct thread *thread);

/* The kernel's id of the calling thread. */
int thread_id(void);
/* Whether a thread of this process is running, or waits for nothing but a processor. */
bool thread_is_runnable(int id);
/* How many times a thread has been given a processor; 0 where the kernel does not tell. */
uint64_t thread_slices(int id);

/* Lowers the calling thread's priority; best effort. 0 leaves it alone. */
void thread_set_nice(int nice);

#endif
