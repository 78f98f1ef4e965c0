/* PostgreSQL through libpq, connected in steps: the caller can do other work while it is silent. */
#ifndef OUTSIDE_DB_POSTGRES_H
#define OUTSIDE_DB_POSTGRES_H

#include <stddef.h>
#include <stdint.h>

struct db;
struct db_url;

/* Begins to connect. On failure `why` has the reason; EAGAIN: not now. */
int db_postgres_start(struct db **, const struct db_url *, char *why, size_t why_bytes);
/*
 * Waits for the server until `until_ms`, a little longer once it answers. 0: connected.
 * EINPROGRESS: call again, or close it. Any other error ends the attempt: db->why has the reason.
 */
int db_postgres_step(struct db *, const struct db_url *, int64_t until_ms);

#endif
