/*
 * Feedback events on their way into the table. Any thread admits an event, which is copied; the
 * writer's thread orders the events and writes them in batches.
 */
#ifndef OUTSIDE_FEEDBACK_QUEUE_H
#define OUTSIDE_FEEDBACK_QUEUE_H

#include "outside/store/feedback_id.h"
#include "outside/store/store_private.h"

struct db_value;

enum { FEEDBACK_BATCH = 200 /* rows of a transaction */, FEEDBACK_COLUMNS = 15 };

/* An event and, in the same block, its texts. */
struct queued_feedback {
    struct mail mail;
    struct store_feedback event;
    char uuid[FEEDBACK_UUID_SIZE]; /* of its id, for a table of such */
    char text[];
};

struct feedback_queue {
    /* The writer's thread. */
    struct mail *first, *last;
    size_t waiting;
    int64_t ttl_ms;
    struct db_value *values; /* of one batch */

    /* Any thread. */
    size_t max;
    atomic_size_t queued; /* admitted and not yet written, also those still in the mailbox */
    atomic_uint_fast64_t written, dropped, refused, batch_us_max;
};

void feedback_queue_init(struct feedback_queue *, size_t max, unsigned ttl_days);
void feedback_queue_free(struct feedback_queue *);

/* Any thread. NULL: the queue is full, which is counted. */
struct queued_feedback *feedback_queue_admit(struct feedback_queue *,
                                             const struct store_feedback *);
void feedback_queue_push(struct feedback_queue *, struct queued_feedback *);

/*
 * Writes the oldest batch. EAGAIN, EPROTO: all events stay, in order. An event that the database
 * will never take is dropped, so that it does not hold up the others.
 */
int feedback_queue_write(struct feedback_queue *, struct db *);

/* Sets the members that are the queue's. */
void feedback_queue_stats(struct feedback_queue *, struct store_stats *);

#endif
