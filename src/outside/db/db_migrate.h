/*
 * Brings a database to the tables of store_schema: all that is missing in one transaction, under a
 * lock that lets the second of two nodes wait and then find nothing to do. A shape that is not ours
 * is refused by name before anything is changed, and so is a database that a later program has
 * changed.
 */
#ifndef OUTSIDE_DB_MIGRATE_H
#define OUTSIDE_DB_MIGRATE_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct db;

/*
 * The highest number applied; 0: none yet. EINVAL, with a sentence, when it is higher than we know.
 */
int store_migrate_state(struct db *, int *applied, char *why, size_t why_bytes);

/*
 * Applies what is missing. `plan`, if given, receives the SQL; with is_dry nothing stays changed.
 * EINVAL: refused, `why` says what and where; EAGAIN: the database is away or somebody else holds
 * it.
 */
int store_migrate(struct db *, bool is_dry, struct buf *plan, char *why, size_t why_bytes);

#endif
