/*
 * Brings a database to the tables of db_schema. All that is missing is added in one transaction,
 * under a lock: the second of two nodes waits for it and then finds nothing to do. A database of
 * another shape is refused by name before anything is changed, and so is one that a newer program
 * has migrated.
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
 * Applies what is missing. `plan`, if given, receives the SQL; with is_dry all changes are undone.
 * EINVAL: refused, `why` says what and where. EAGAIN: the database is away, or another connection
 * holds the lock.
 */
int db_migrate(struct db *, bool is_dry, struct buf *plan, char *why, size_t why_bytes);

#endif
