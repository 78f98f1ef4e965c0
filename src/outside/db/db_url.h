/*
 * DATABASE_URL as Prisma writes it: sqlite:PATH, file:PATH, or
 * postgresql://user:password@host:port/database?parameters. libpq refuses several of those
 * parameters, hence a reader of our own. A relative file: that is not there but under prisma/, from
 * where Prisma reads it, is the one meant.
 */
#ifndef OUTSIDE_DB_URL_H
#define OUTSIDE_DB_URL_H

#include <stdbool.h>
#include <stddef.h>

enum store_kind { STORE_SQLITE, STORE_POSTGRES };

enum { STORE_URL_KEYS = 16 };

struct store_url {
    enum store_kind kind;
    char *path;                       /* SQLite: the file */
    const char *keys[STORE_URL_KEYS]; /* PostgreSQL: libpq's keywords, NULL after the last */
    char *values[STORE_URL_KEYS];     /* ... and their values; owned */
    char *schema;                     /* the search path; never NULL for PostgreSQL */
    unsigned connect_timeout_ms;      /* 0: not said */
    unsigned socket_timeout_ms;       /* 0: not said */
    bool is_pgbouncer; /* no prepared statements, no settings that outlive a transaction */
};

/* 0, or EINVAL and a sentence that never repeats the URL, which holds a password. */
int store_url_parse(struct store_url *, const char *text, char *why, size_t why_bytes);
void store_url_free(struct store_url *);

#endif
