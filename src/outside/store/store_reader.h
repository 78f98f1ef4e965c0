/*
 * The reader (SQLite): a thread with a connection of its own for calls that only read. It takes
 * over when the writer makes no progress, because its disk stalls or another process holds SQLite's
 * write lock. A read waits for neither; it sees what was committed last.
 */
#ifndef OUTSIDE_STORE_READER_H
#define OUTSIDE_STORE_READER_H

struct db_form;
struct db_url;
struct mailbox;
struct standstill;
struct store_call;
struct store_reader;

/* The tables must exist, in this form. Calls come back to `answers`. */
int store_reader_open(struct store_reader **, const struct db_url *, const struct db_form *,
                      struct mailbox *answers);
void store_reader_close(struct store_reader *); /* runs the calls it has first; NULL is fine */

/* The caller's thread: takes a call that the writer has as well. The first to claim it runs it. */
void store_reader_take(struct store_reader *, struct store_call *);

/* For the thread that watches. */
struct standstill *store_reader_standstill(struct store_reader *);

/* The writer's thread: something may have been committed. NULL is fine. */
void store_reader_touch(struct store_reader *);

/* The writer's thread: the form of the tables has changed. NULL is fine. */
void store_reader_learn(struct store_reader *);

#endif
