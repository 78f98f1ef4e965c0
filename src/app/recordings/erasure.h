/*
 * Erases meetings: the files and log lines of their recordings, then the rows of those, then the
 * meeting. Once an erasure has begun it continues to its end, also when the client leaves, or while
 * the disk or the database stalls. Control thread only.
 */
#ifndef APP_ERASURE_H
#define APP_ERASURE_H

#include "base/slice.h"

struct erasures;
struct errand;
struct loop;
struct recordings;
struct store;

struct erasures *erasures_open(struct loop *, struct store *, struct recordings *);
/* Call it when the listener has closed, and before the recordings and the store close. What is not
 * erased yet keeps its row. NULL is fine. */
void erasures_close(struct erasures *);

/*
 * Answers the errand, whose job the erasure becomes: 200 with the counts of what was erased; 202
 * when the disk or the database stalls and the erasure continues by itself; 503 when the stall is
 * known before anything has begun; 409 while the meeting is active or being recorded; 500 when a
 * file could not be deleted.
 */
void erasure_start(struct erasures *, struct errand *, struct slice meeting_id, struct slice actor);
/* The same for what the meeting holds of one person. */
void erasure_start_person(struct erasures *, struct errand *, struct slice meeting_id,
                          struct slice participant, struct slice actor);

#endif
