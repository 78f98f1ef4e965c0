/*
 * SQLite's checkpoints: what is in the log is moved into the database, and the disk waited for. A thread with a connection of its own
 * does it, so that the writer waits for no disk and a writer that stands still is one whose disk stalls.
 */
#ifndef OUTSIDE_STORE_CHECKPOINT_H
#define OUTSIDE_STORE_CHECKPOINT_H

struct db;
struct store_checkpoint;
struct db_url;

/* SQLite, after the tables are there. */
int store_checkpoint_open(struct store_checkpoint **, const struct db_url *);
void store_checkpoint_close(struct store_checkpoint *); /* NULL is fine */

/*
 * The writer's thread, which may have committed. Where nobody else does it, or a log that is written to without a pause has become too
 * long, the writer does it itself. NULL: there is nobody else.
 */
void store_checkpoint_look(struct store_checkpoint *, struct db *writer);

#endif
