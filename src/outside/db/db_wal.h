/*
 * Lets a commit of SQLite's fail after the caller has given up on it.
 *
 * SQLite commits with its last write to the log. By then the caller may already have been told that
 * the database does not answer. The write then fails, SQLite undoes the transaction, and "no
 * answer" keeps meaning "not done".
 */
#ifndef OUTSIDE_DB_WAL_H
#define OUTSIDE_DB_WAL_H

#include <sqlite3.h>
#include <stdatomic.h>

struct db_wal {
    /* SQLite's own, except for how the log is opened */
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    /* of the log: SQLite's own, except for writing */
    sqlite3_io_methods methods;
    const sqlite3_io_methods *real_methods;
    char name[32];
    /* points to the flag of the call that runs, or to NULL */
    const atomic_bool *const *given_up;
};

/* Returns a name for sqlite3_open_v2, NULL on failure. Each connection that writes needs its own,
 * which must outlive it. */
const char *db_wal_register(struct db_wal *, const atomic_bool *const *given_up);
void db_wal_unregister(struct db_wal *);

#endif
