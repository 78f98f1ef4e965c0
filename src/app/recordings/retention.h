/*
 * Deletes recordings that are older than RECORDING_TTL_DAYS, and pipeline logs that nothing has
 * been written to for so long. A sweep runs every hour: batches of the oldest rows, for each the
 * file on a worker and then the row, and at the end the logs. Control thread only.
 */
#ifndef APP_RETENTION_H
#define APP_RETENTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct retention;
struct second_clock;
struct store;

struct retention_settings {
    struct loop *loop;
    const struct storage *storage;
    struct worker *worker;            /* deletes the files */
    unsigned ttl_days;                /* 0: recordings are kept for ever */
    const struct second_clock *clock; /* while it doubts the time, nothing is deleted */
    uint64_t *expired;                /* counts the deleted recordings */
};

struct retention *retention_new(const struct retention_settings *);

/* The store is open. The first sweep begins a minute later. */
void retention_start(struct retention *, struct store *);

/* Begins nothing more. Call retention_free after the loop has ended, when the worker is done. NULL
 * is fine. */
void retention_stop(struct retention *);
void retention_free(struct retention *);

/* ---- The order of a sweep (pure) ---- */

struct retention_sweep {
    size_t batch;     /* rows that are listed at once */
    size_t count, at; /* of the rows listed */
    /* Rows whose file could not be deleted. They stay the oldest, so the next list skips them. */
    size_t kept;
};

enum retention_step {
    RETENTION_LIST, /* the next batch, from `kept` on */
    RETENTION_ROW,  /* the row `at` */
    RETENTION_LOGS, /* all rows are done */
};

/* A list of so many rows came. */
void retention_listed(struct retention_sweep *, size_t count);

/* The row `at` is done: deleted, or kept. */
void retention_row_done(struct retention_sweep *, bool is_deleted);

enum retention_step retention_next(const struct retention_sweep *);

#endif
