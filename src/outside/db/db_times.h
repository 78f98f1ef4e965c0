/*
 * The form of times in a SQLite file. Prisma writes Unix ms, or with its driver adapters ISO 8601
 * as text. SQLite sorts every text behind every number, so a file that others use must keep the
 * form that they write: their comparisons are wrong for rows of the other form.
 *
 * A file with a time as text is one whose others write text. Where both forms are found, our own
 * statements convert each value before they compare it, which no index can help.
 */
#ifndef OUTSIDE_DB_TIMES_H
#define OUTSIDE_DB_TIMES_H

#include <stdbool.h>
#include <stddef.h>

struct db;

/* Sets the form of the connection. All tables of db_schema exist. */
int db_times_read(struct db *);

/* Whether the latest rows have a time of another form than the connection knows. Cheap. */
bool db_times_have_changed(struct db *);

/* Rewrites all times in one transaction, and remembers the form also for a file without rows. */
int db_times_convert(struct db *, bool to_text, char *why, size_t why_bytes);

#endif
