/*
 * The recordings as rows: what the disk thread and the repair tell of files goes into the store, and comes back when the database
 * was away. Those that are old enough are deleted. Control thread only, but for the function that says otherwise.
 */
#ifndef APP_RECORDINGS_H
#define APP_RECORDINGS_H

#include "base/slice.h"

#include <stdint.h>

struct counter_table;
struct loop;
struct recording_info;
struct recordings;
struct storage;
struct store;
struct worker;

int recordings_open(struct recordings **, struct loop *, const struct storage *, unsigned ttl_days);

/* The store has been opened: rows are written from now on, and old recordings looked for. */
void recordings_start(struct recordings *, struct store *);

/*
 * After disk and repair, which send here, and before the store closes, which is given the last rows. What workers still have ends
 * with the loop, and only then may recordings be freed. NULL is fine.
 */
void recordings_close(struct recordings *);
void recordings_free(struct recordings *);

/* Any thread: for struct disk_settings and repair_start, with the recordings as `user`. */
void recordings_on_report(const struct recording_info *, void *user);

/* The store knows the meeting: sidecars of it that still say the room's name are put right. */
void recordings_settle(struct recordings *, struct slice meeting_id);

/* For work with files that must not hold up the loop: at most so many threads wait for the disk. */
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
