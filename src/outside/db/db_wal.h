/*
 * A commit of SQLite's is its last write to the log. Whoever asked for it may have been told meanwhile that the database does not
 * answer: then that write fails, SQLite undoes the transaction, and "no answer" meant "not done". Private to store_sqlite.c.
 */
#ifndef OUTSIDE_DB_WAL_H
#define OUTSIDE_DB_WAL_H

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>

struct store_wal {
    sqlite3_vfs vfs; /* SQLite's own, but for the log */
    sqlite3_vfs *real;
    char name[32];
    const atomic_bool *const *given_up; /* of whom it works for; what it points to may be NULL */
};

/* A name for sqlite3_open_v2. Lives as long as the connection; one of its own each. */
const char *store_wal_register(struct store_wal *, const atomic_bool *const *given_up);
void store_wal_unregister(struct store_wal *);

#endif
