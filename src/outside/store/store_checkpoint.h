/*
 * Checkpoints (SQLite): a thread with a connection of its own moves the log into the database and
 * waits for the disk. The writer never waits for an fsync then, so a writer without progress means
 * a disk that stalls.
 */
#ifndef OUTSIDE_STORE_CHECKPOINT_H
#define OUTSIDE_STORE_CHECKPOINT_H

struct db;
struct db_url;
struct store_checkpoint;

/* The tables must exist. */
int store_checkpoint_open(struct store_checkpoint **, const struct db_url *);
void store_checkpoint_close(struct store_checkpoint *); /* NULL is fine */

/*
 * The writer's thread, after it may have committed: orders a checkpoint when the log is long
 * enough. Without this thread (NULL), or when the log became far too long because it is written to
 * without a pause, the writer makes the checkpoint itself.
 */
void store_checkpoint_look(struct store_checkpoint *, struct db *writer);

#endif
