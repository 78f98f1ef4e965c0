/*
 * Puts the meeting's id into the sidecars of recordings that ended while only the room's name was
 * known. (Their rows get the id from the store.) What a crash or an error leaves undone is found at
 * the next start, which reads all sidecars. Control thread only.
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

/* The worker writes the files, one at a time. It is the one that erases, so that a sidecar is never
 * written while its recording is being erased. */
struct settle *settle_new(struct loop *, const struct storage *, struct worker *);

/* Begins nothing more. Call settle_free after the loop has ended, when the worker is done. NULL is
 * fine. */
void settle_stop(struct settle *);
void settle_free(struct settle *);

/* The recording at "<folder>/<file>" belongs to this meeting. */
void settle_add(struct settle *, struct slice path, bool is_video, struct slice meeting_id);

/* All ended recordings of the meeting that lie in another folder than the meeting's. */
void settle_meeting(struct settle *, struct store *, struct slice meeting_id);

#endif
