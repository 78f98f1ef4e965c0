/* A thread's event loop: libuv with what each of our threads needs around it. Everything here
 * belongs to the thread that runs the loop; the one thing other threads may do is mailbox_send
 * (net/mailbox.h).
 *
 * Lifetimes:
 * 1. A loop outlives everything that was opened on it.
 * 2. A watch may be closed at any time, also from its own callback. After that the callback does
 *    not come again, and the descriptor may be closed or handed to another thread.
 * 3. Deferred work runs in the same turn, after the descriptors' callbacks and before the loop
 *    waits. */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "net/timer.h"

#include <stdint.h>
#include <uv.h>

struct loop;

int loop_open(struct loop **out);  /* also ignores SIGPIPE, for the whole process */
void loop_run(struct loop *loop);  /* until loop_stop */
void loop_stop(struct loop *loop); /* from the loop's own thread */
/* Lets pending closes complete and frees the loop. Everything opened on it must have been closed.
 * NULL is fine. */
void loop_close(struct loop *loop);
uv_loop_t *loop_uv(struct loop *loop);

int64_t loop_now_ms(const struct loop *loop); /* monotonic, fixed for a turn of the loop */

/* The one receive buffer of all that read on this loop. Its contents last until the callback that
 * filled it returns. */
enum { LOOP_SCRATCH_BYTES = 128 * 1024 };
uint8_t *loop_scratch(struct loop *);

/* Work put off to the end of this turn. A member of its owner's struct; queued twice, it runs
 * once. */
struct deferred { /* private; zeroed = not queued */
    struct deferred *next, **link;
    void (*fn)(void *arg);
    void *arg;
};
void loop_defer(struct loop *loop, struct deferred *work, void (*fn)(void *arg), void *arg);
void loop_undefer(struct loop *loop, struct deferred *work); /* also of one that is not queued */

/* A descriptor being watched. */
struct watch;
enum { WATCH_READ = UV_READABLE, WATCH_WRITE = UV_WRITABLE, WATCH_HANGUP = UV_DISCONNECT };
typedef void watch_fn(int events, void *arg); /* an error shows as every event asked for */
/* Watches nothing until watch_set. */
int watch_open(struct watch **out, struct loop *loop, int fd, watch_fn *fn, void *arg);
void watch_set(struct watch *watch, int events); /* 0 = nothing; cheap when unchanged */
void watch_close(struct watch *watch);           /* NULL is fine */

#endif
