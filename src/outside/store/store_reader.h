/*
 * Reading beside a writer that stands still, because its disk stalls or another process holds SQLite's write lock. A reader need not
 * wait for either: a thread with a connection of its own takes questions that only read and have waited for too long. What they
 * see is what was committed last.
 */
#ifndef OUTSIDE_STORE_READER_H
#define OUTSIDE_STORE_READER_H

struct mailbox;
struct standstill;
struct store_call;
struct store_reader;
struct db_url;

/* SQLite, after the tables are there. Calls come back to `answers`. */
int store_reader_open(struct store_reader **, const struct db_url *, struct mailbox *answers);
void store_reader_close(struct store_reader *); /* answers what it has; NULL is fine */

/* The caller's thread: a call that is with the writer, too. Who begins it first answers it. */
void store_reader_take(struct store_reader *, struct store_call *);

/* To be looked at by the caller's thread. */
struct standstill *store_reader_standstill(struct store_reader *);

/* The writer's thread: something may have been committed. NULL is fine. */
void store_reader_touch(struct store_reader *);

#endif
