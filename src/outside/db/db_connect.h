/*
 * Opens the database of a URL, as it is or brought up to date.
 *
 * EAGAIN: it is away for now. EBUSY: another program holds the SQLite file. Any other error: it
 * cannot be used. `why` is one sentence.
 */
#ifndef OUTSIDE_DB_CONNECT_H
#define OUTSIDE_DB_CONNECT_H

#include <stddef.h>
#include <stdint.h>

struct db;
struct db_url;

/* Opens it without looking at its tables. */
int db_open(struct db **, const struct db_url *, int64_t deadline_ms, char *why, size_t why_bytes);

/* Opens it and applies the migrations that are missing. */
int db_connect(struct db **, const struct db_url *, int64_t deadline_ms, char *why,
               size_t why_bytes);

/*
 * db_connect() in steps, for a thread that has other work while a server is silent: a step waits
 * until `until_ms`, a little longer once the server answers. EINPROGRESS: call again, or close it.
 * Any other error of a step ends the attempt: close it.
 */
int db_connect_start(struct db **, const struct db_url *, char *why, size_t why_bytes);
int db_connect_step(struct db *, const struct db_url *, int64_t until_ms, char *why,
                    size_t why_bytes);

#endif
