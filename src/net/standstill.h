/*
 * Whether a thread that works for others stands still: it is in the middle of something, waits, and has not run at all for a while. A
 * disk that stalls looks so; one that is slow lets it run a little now and then, and who waits for a processor does not stand still.
 */
#ifndef NET_STANDSTILL_H
#define NET_STANDSTILL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct standstill {
    atomic_int thread_id;
    atomic_uint_fast64_t turn; /* odd while it works */
    atomic_bool is_held; /* it runs, but only to find that somebody else does not let it go on */

    /* Of the thread that looks. */
    uint64_t seen_turn, seen_slices;
    int64_t since_ms;
};

/* The thread that works. Beginning again, without an end before, is progress. */
void standstill_begin(struct standstill *);
void standstill_end(struct standstill *);
void standstill_hold(struct standstill *);

/* The thread that looks, again and again: for how long the other has been seen to stand still. */
int64_t standstill_look(struct standstill *, int64_t now_ms);

/* Any thread: what it is working at, 0: nothing. The same number later: it has not come further. */
uint64_t standstill_turn(const struct standstill *);

#endif
