/*
 * Recordings that ended while their meeting was known by its room's name alone: when the session is known, the store gives their rows
 * the meeting's id, and here their sidecars get it, too. What a crash or an error leaves undone is found again when the next start
 * tells of its sidecars. Control thread only.
 */
#ifndef APP_SETTLE_H
#define APP_SETTLE_H

#include "base/slice.h"

#include <stdbool.h>

struct loop;
struct settle;
struct storage;
struct store;
struct worker;

/* The worker waits for the disk, one file at a time; it is the one that erases, so that neither gets in the other's way. */
struct settle *settle_new(struct loop *, const struct storage *, struct worker *);

/* Nothing is begun any more; settle_free after the loop, when what a worker had is done. NULL is fine. */
void settle_stop(struct settle *);
void settle_free(struct settle *);

/* The recording at "<folder>/<file>" is of this meeting. */
void settle_add(struct settle *, struct slice path, bool is_video, struct slice meeting_id);

/* All of a meeting whose folder is not the meeting's own. */
void settle_meeting(struct settle *, struct store *, struct slice meeting_id);

#endif
