/* Detects that a working thread is stuck: it is in the middle of a piece of work, is waiting, and
 * has not run at all for a while. A stalled disk looks like that. A slow disk does not, because the
 * thread runs a little now and then; nor does a thread that only waits for a processor. */
#ifndef NET_STANDSTILL_H
#define NET_STANDSTILL_H

#include <stdatomic.h>
#include <stdint.h>

struct standstill {
    atomic_int thread_id;
    atomic_uint_fast64_t turn; /* odd while it works */
    atomic_bool is_held;       /* it runs, but only to find that it still cannot continue */

    /* Of the watching thread. */
    uint64_t seen_turn, seen_slices;
    int64_t since_ms;
};

/* Called by the working thread. Beginning again without an end is progress too. */
void standstill_begin(struct standstill *s);
void standstill_end(struct standstill *s);
void standstill_hold(struct standstill *s);

/* Called by the watching thread, repeatedly: for how many ms the other has been seen stuck. */
int64_t standstill_look(struct standstill *s, int64_t now_ms);

/* Any thread: id of the work in progress, 0 if idle. An unchanged id means no progress. */
uint64_t standstill_turn(const struct standstill *s);

#endif
