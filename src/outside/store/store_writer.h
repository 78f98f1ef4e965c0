/*
 * The writer: a thread with the connection that writes. It runs calls one after the other, writes
 * queued feedback in batches, deletes what has expired, and reconnects when the database went away.
 *
 * With SQLite it opens two helpers, each a thread with a connection of its own: a reader and the
 * checkpoints.
 */
#ifndef OUTSIDE_STORE_WRITER_H
#define OUTSIDE_STORE_WRITER_H

#include "outside/files/second_clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db_url;
struct mailbox;
struct standstill;
struct store_call;
struct store_feedback;
struct store_reader;
struct store_stats;
struct store_writer;

struct store_writer_settings {
    const struct db_url *url; /* outlives the writer */
    struct mailbox *answers;  /* where calls come back to */
    int64_t deadline_ms;      /* of a call */
    size_t feedback_queue_max;
    unsigned feedback_ttl_days;
    const struct second_clock *clock; /* NULL is fine */
};

/* Connects and starts the thread, also while the database is away. Errors as store_open(). */
int store_writer_open(struct store_writer **, const struct store_writer_settings *, char *why,
                      size_t why_bytes);
/* Writes what is queued, for at most patience_ms, and ends all threads. What comes back later is
 * still delivered to `answers`. */
void store_writer_stop(struct store_writer *, unsigned patience_ms);
void store_writer_close(struct store_writer *); /* stopped before; NULL is fine */

/* The caller's thread. */
void store_writer_take(struct store_writer *, struct store_call *);
/* Any thread. False: the queue is full. */
bool store_writer_add_feedback(struct store_writer *, const struct store_feedback *);

/* For the thread that watches. */
struct standstill *store_writer_standstill(struct store_writer *);
/* Whether it makes a connection, which may wait for a migration. */
bool store_writer_is_connecting(const struct store_writer *);
struct store_reader *store_writer_reader(const struct store_writer *); /* NULL: there is none */

void store_writer_stats(struct store_writer *, struct store_stats *); /* any thread */

#endif
