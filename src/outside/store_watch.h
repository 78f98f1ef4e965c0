/*
 * The calls that are open, seen from the caller's thread: nobody waits much longer than the deadline, whatever the database waits for.
 * A writer that stands still is overtaken by questions that only read, and who has to write is refused at once when that lasts.
 */
#ifndef OUTSIDE_STORE_WATCH_H
#define OUTSIDE_STORE_WATCH_H

#include "base/list.h"
#include "net/timer.h"

#include <stdatomic.h>

struct store_call;
struct store_reader;

struct store_watch {
    struct loop *loop;
    struct store_reader *reader; /* NULL: nobody reads beside the writer */
    int64_t deadline_ms;
    struct list calls;  /* the oldest first */
    struct timer timer; /* while there are any */
    unsigned still_looks;
    int64_t still_since_ms;
    atomic_int writer_id; /* of its thread, once it runs */
    atomic_bool stalled;  /* any thread: the writer has stood still for longer than the deadline */
};

void store_watch_init(struct store_watch *, struct loop *, int64_t deadline_ms);
void store_watch_stop(struct store_watch *);

/* A call that was sent to the writer a moment ago, or may overtake it from now on. */
void store_watch_add(struct store_watch *, struct store_call *);
void store_watch_hasten(struct store_watch *, struct store_call *);

#endif
