/*
 * Watches the open calls from the caller's thread, so that each is answered soon after its deadline
 * whatever the database waits for.
 *
 * When the writer makes no progress in the middle of its work, the reader runs the calls that only
 * read. A moment later the writer counts as stalled, and requests that have to write are refused
 * until it makes progress again: those still queued are not run, and the one that runs is undone.
 */
#ifndef OUTSIDE_STORE_WATCH_H
#define OUTSIDE_STORE_WATCH_H

#include "base/list.h"
#include "net/timer.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct store_call;
struct store_writer;

struct store_watch {
    struct loop *loop;
    struct store_writer *writer;
    int64_t deadline_ms;
    /* a request waits so long for a writer without progress; 0: until its deadline */
    int64_t stall_ms;
    /* the open calls, the oldest first */
    struct list calls;
    /* runs while there are any, or the writer is stalled */
    struct timer timer;
    /* how long each had made no progress at the last look */
    int64_t writer_still_ms, reader_still_ms;
    int64_t stalled_since_ms;

    /* Any thread: the turn in which the writer is stalled, 0: none; and the number of stalls. */
    atomic_uint_fast64_t stalled_turn;
    atomic_uint_fast64_t stalls;
};

void store_watch_init(struct store_watch *, struct loop *, struct store_writer *,
                      int64_t deadline_ms, int64_t stall_ms);
void store_watch_stop(struct store_watch *);

/* A call that has just been sent to the writer. */
void store_watch_add(struct store_watch *, struct store_call *);

/* Any thread: whether requests that have to write are refused. */
bool store_watch_is_stalled(const struct store_watch *);

#endif
