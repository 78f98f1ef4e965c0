/* The share of a loop that is for what strangers send: any number of them may send anything at any
 * rate. Who reads for a stranger does it through share_run. What may not run at once waits in line,
 * first come first served, so everybody is served as often as everybody else, whoever sends more.
 * One who waits watches no descriptor for reading and so costs nothing, however many they are.
 *
 * There are two lines:
 *
 * - SHARE_FIRST: the first bytes of connections. 4 ms of each turn of the loop are for them.
 * - SHARE_MORE: all that strangers send later. It gets half of the loop's time at most, in parts of
 *   about 4 ms. A message that takes longer to read is paid for by a longer pause.
 *
 * So a turn is short, and what strangers send late delays no first request. What counts is the
 * thread's own time, so a busy machine takes nothing from a share. Everything belongs to the loop's
 * thread. */
#ifndef NET_SHARE_H
#define NET_SHARE_H

#include "base/list.h"

#include <stdbool.h>

struct loop;

enum share_line { SHARE_FIRST, SHARE_MORE, SHARE_LINES };

struct share_place { /* private; a member of its owner's struct; zeroed = not in line */
    struct list node;
    void (*fn)(void *arg);
    void *arg;
};

/* Calls fn(arg) at once, or when its turn comes: between the callbacks of descriptors and deferred
 * work. Who is in line keeps that place. */
void share_run(struct loop *loop, enum share_line line, struct share_place *place,
               void (*fn)(void *arg), void *arg);
bool share_is_waiting(const struct share_place *place);
void share_leave(struct share_place *place); /* also of one that is not in line */

#endif
