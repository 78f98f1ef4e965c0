/*
 * Opens the database at the start of the program. A server that is away is no failure. A SQLite
 * file that another program holds is waited for, with a line in the log, and given up after ten
 * seconds.
 */
#ifndef OUTSIDE_STORE_CONNECT_H
#define OUTSIDE_STORE_CONNECT_H

#include <stddef.h>

struct db;
struct db_url;

/* 0; EAGAIN: away for now; any other error: it cannot be used. `why` is one sentence. */
int store_connect(struct db **, const struct db_url *, char *why, size_t why_bytes);

#endif
