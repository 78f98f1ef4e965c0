/*
 * The calls that are open, seen from the caller's thread: nobody waits much longer than the deadline, whatever the database waits for.
 * A writer that stands still is overtaken by questions that only read, and a moment later the requests that have to write are refused,
 * until it goes on: those in the queue are then not done, the one that it works at is undone.
 */
#ifndef OUTSIDE_STORE_WATCH_H
#define OUTSIDE_STORE_WATCH_H

#include "base/list.h"
#include "net/standstill.h"
#include "net/timer.h"

struct store_call;
struct store_reader;

struct store_watch {
    struct loop *loop;
    struct store_reader *reader; /* NULL: nobody reads beside the writer */
    int64_t deadline_ms;
    int64_t
        stall_ms; /* for how long a request waits for a writer that stands still; 0: to its deadline */
    struct list calls;  /* the oldest first */
    struct timer timer; /* while there are any, or it stalls */
    struct standstill writer;
    int64_t still_ms, reader_still_ms; /* at the last look */
    atomic_uint_fast64_t
        stalled_turn; /* any thread: what the writer stands still at for too long */
    atomic_uint_fast64_t stalls;
    atomic_bool is_connecting; /* any thread: and that may take a migration's time */
    int64_t stalled_since_ms;
};

void store_watch_init(struct store_watch *, struct loop *, int64_t deadline_ms, int64_t stall_ms);
void store_watch_stop(struct store_watch *);

/* A call that was sent to the writer a moment ago, or may overtake it from now on. */
void store_watch_add(struct store_watch *, struct store_call *);
void store_watch_hasten(struct store_watch *, struct store_call *);

/* Any thread: who has to write is refused. */
bool store_watch_is_stalled(const struct store_watch *);

#endif
