/*
 * The rows of recordings: what the disk thread and the repair report about files is written to the
 * store, or waits here while the database is away. Owns the two helpers that change recordings
 * later, settle and retention, and the workers that read and delete files. Control thread only,
 * except for the function that says otherwise.
 */
#ifndef APP_RECORDINGS_H
#define APP_RECORDINGS_H

#include "base/slice.h"

#include <stdint.h>

struct loop;
struct recording_info;
struct recordings;
struct second_clock;
struct storage;
struct store;

int recordings_open(struct recordings **, struct loop *, const struct storage *, unsigned ttl_days,
                    const struct second_clock *);

/* The row of a recording that has ended is written, and to which meeting it belongs; may come again.
 * Call it before recordings_start(). */
typedef void recordings_ended_fn(const struct recording_info *, struct slice meeting_id, void *user);
void recordings_listen(struct recordings *, recordings_ended_fn *, void *user);

/* The store has been opened: from now on rows are written and old recordings deleted. */
void recordings_start(struct recordings *, struct store *);

/*
 * Close after disk and repair, which send here, and before the store, which is given the last rows.
 * Free after the loop has ended, when the workers are done. NULL is fine.
 */
void recordings_close(struct recordings *);
void recordings_free(struct recordings *);

/* Any thread: for struct disk_config and repair_start, with the recordings as `user`. */
void recordings_on_report(const struct recording_info *, void *user);

/* The session is stored: sidecars that still have the room's name get the meeting's id. */
void recordings_settle(struct recordings *, struct slice meeting_id);

/* Workers for files, and how many threads of each may wait for the disk. */
enum { RECORDINGS_READERS = 2, RECORDINGS_ERASERS = 1 };
struct worker *recordings_reader(const struct recordings *);
struct worker *recordings_eraser(const struct recordings *);
const struct storage *recordings_storage(const struct recordings *);

struct recordings_stats {
    uint64_t rows;    /* written */
    uint64_t waiting; /* for the database */
    uint64_t dropped; /* too many were waiting */
    uint64_t expired; /* deleted after RECORDING_TTL_DAYS */
};

/* How the metrics show it. */
extern const struct counter_table recordings_counters;
const struct recordings_stats *recordings_stats(const struct recordings *);

#endif
