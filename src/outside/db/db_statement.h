/*
 * Adapts our statements to a database that others use as well:
 *
 * - `time_of(X)` stands around each time and each value that are compared or sorted. It vanishes,
 *   except in a SQLite file with both forms of times, where it converts X to Unix ms.
 * - A required column of somebody else's (db_form) gets the current time in each INSERT, UPDATE and
 *   DO UPDATE of its table.
 *
 * Statements are our own texts, so they are read by their shape: `INSERT INTO "T" (`, `VALUES (`,
 * `UPDATE "T" SET `, ` DO UPDATE SET `.
 */
#ifndef OUTSIDE_DB_STATEMENT_H
#define OUTSIDE_DB_STATEMENT_H

struct db;
struct db_sql;

/* The text for this connection; valid until db_statement_forget(). */
const char *db_statement(struct db *, const struct db_sql *);
/* For the engines. */
void db_statement_forget(struct db *);

#endif
