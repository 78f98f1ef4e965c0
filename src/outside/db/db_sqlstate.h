/* What PostgreSQL's codes of errors mean here (its manual, appendix A). Pure; NULL is no code. */
#ifndef OUTSIDE_DB_SQLSTATE_H
#define OUTSIDE_DB_SQLSTATE_H

#include <stdbool.h>

/* The errno of db.h. Only the classes 22 and 23 are about values; what does not pass by itself is
 * the operator's to mend. */
int sqlstate_errno(const char *state);

/*
 * Whether the connection is of no use any more: the server reads only (a standby after a
 * switchover) or is going down, so the address may belong to another server by now; or a prepared
 * statement no longer fits the tables.
 */
bool sqlstate_ends_connection(const char *state);

/* Whether statements of several clients collide on one connection of a pool. */
bool sqlstate_is_of_a_pool(const char *state);

#endif
