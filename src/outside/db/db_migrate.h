/*
 * Brings a database to the tables of db_schema, beside other programs that use it. What is missing
 * is added in one transaction, under a lock: the second of two nodes waits for it and then finds
 * nothing to do. Locks on tables that others use are asked for so briefly that nobody who writes
 * waits 100 ms. Indexes on tables that exist are made after it: PostgreSQL's concurrently, SQLite's
 * one by one.
 *
 * A database of another shape is refused by name before anything is changed, and so is one that a
 * newer program has migrated.
 */
#ifndef OUTSIDE_DB_MIGRATE_H
#define OUTSIDE_DB_MIGRATE_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct db;

/* The number of the last migration applied, 0: none. EINVAL and a sentence: this program does not
 * know it. */
int db_migrate_state(struct db *, int *applied, char *why, size_t why_bytes);

/*
 * Applies what is missing, and learns how this database is used by others (db->form, db->news).
 * `plan`, if given, receives the SQL; with is_dry it is only read, and no lock is taken. EINVAL:
 * refused, `why` says what and where. EAGAIN: not now; `why` says what it waits for. The connection
 * may be closed then.
 */
int db_migrate(struct db *, bool is_dry, struct buf *plan, char *why, size_t why_bytes);

#endif
