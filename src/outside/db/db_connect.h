/* Opens the database of a URL and brings its tables up to date. */
#ifndef OUTSIDE_DB_CONNECT_H
#define OUTSIDE_DB_CONNECT_H

#include <stddef.h>
#include <stdint.h>

struct db;
struct store_url;

/* EAGAIN: away for now. Any other error: cannot be used, and `why` is a sentence. */
int store_connect(struct db **, const struct store_url *, int64_t deadline_ms, char *why,
                  size_t why_bytes);

/* The same in steps, as db_open_start and db_open_step. */
int store_connect_start(struct db **, const struct store_url *, char *why, size_t why_bytes);
int store_connect_step(struct db *, const struct store_url *, int64_t until_ms, char *why,
                       size_t why_bytes);

#endif
