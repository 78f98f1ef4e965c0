/*
 * Meetings that are being erased: files and log lines by their rows, then the rows, then the meeting. Once begun it goes on to its end,
 * whether whoever asked still waits, and through a disk or a database that stalls. Control thread only.
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
/* After the listener, before the recordings and the store close. What was not done keeps its rows. NULL is fine. */
void erasures_close(struct erasures *);

/*
 * Answers the errand (whose job it becomes): 200 and what was erased; 202 when the disk keeps it waiting, and it goes on by itself;
 * 503 when that is known before anything is begun; 409, 500 when a file could not be deleted.
 */
void erasure_start(struct erasures *, struct errand *, struct slice meeting_id, struct slice actor);

#endif
