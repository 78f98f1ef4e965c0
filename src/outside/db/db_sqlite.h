/*
 * SQLite: one connection writes, the others read or move the log into the database.
 *
 * The database is in WAL mode: a commit appends its pages to a log beside the database, and a
 * checkpoint moves them into the database file later.
 */
#ifndef OUTSIDE_DB_SQLITE_H
#define OUTSIDE_DB_SQLITE_H

#include <stddef.h>
#include <stdint.h>

struct db;
struct db_url;

/* The connection that writes. Makes the file and its folders, and checks the pages of a file that
 * exists. On failure `why` has the reason; EAGAIN: not now; EBUSY: another program holds the file
 * until the deadline. */
int db_sqlite_open(struct db **, const struct db_url *, int64_t deadline_ms, char *why,
                   size_t why_bytes);
/* A further connection to a file that is open already: never one that writes. */
int db_sqlite_open_beside(struct db **, const struct db_url *, const char *settings);

/* Of the connection that writes: pages in the log after its last commit. SQLite's automatic
 * checkpoints are off, so the log grows until db_sqlite_checkpoint() is called. */
unsigned db_sqlite_log_pages(struct db *);
/* Moves the log into the database. Waits for the disk, but for no other connection. */
int db_sqlite_checkpoint(struct db *);

/* Copies the whole database to a file that must not exist, while others write to it. */
int db_sqlite_backup(struct db *, const char *path, char *why, size_t why_bytes);

#endif
