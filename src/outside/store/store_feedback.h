/* The queue of feedback events on their way into the table. Private to the files store*.c. */
#ifndef OUTSIDE_STORE_FEEDBACK_H
#define OUTSIDE_STORE_FEEDBACK_H

#include "net/mailbox.h"
#include "outside/store/store.h"

#include <stdatomic.h>

struct db;
struct db_value;

enum {
    FEEDBACK_BATCH = 200, /* rows a transaction at most */
    FEEDBACK_COLUMNS = 15,
    FEEDBACK_GATHER_MS = 100, /* what the first of a batch waits for others */
};

/* One event and its texts in one block. */
struct feedback_row {
    struct mail mail;
    struct store_feedback event;
    char text[];
};

struct feedback_queue {
    /* The store's thread. */
    struct mail *first, *last;
    size_t waiting;
    int64_t ttl_ms;
    struct db_value *values; /* of one batch */

    /* Any thread. */
    size_t max;
    atomic_size_t queued; /* admitted and not yet written: those in the mailbox too */
    atomic_uint_fast64_t written, dropped, refused, batch_us_max;
};

void feedback_queue_open(struct feedback_queue *, size_t max, unsigned ttl_days);
void feedback_queue_close(struct feedback_queue *);

/* A row with a copy of the event, or NULL when the queue is full. Any thread. */
struct feedback_row *feedback_queue_admit(struct feedback_queue *, const struct store_feedback *);
void feedback_queue_push(struct feedback_queue *, struct feedback_row *);

/*
 * Writes the oldest batch. EAGAIN: all stay, in order. A row that the database will never take is
 * given up, so that it does not hold up the others.
 */
int feedback_queue_write(struct feedback_queue *, struct db *);

void feedback_queue_stats(struct feedback_queue *, struct store_stats *);

#endif
