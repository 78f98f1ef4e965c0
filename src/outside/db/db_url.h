/*
 * DATABASE_URL as Prisma writes it: sqlite:PATH, file:PATH, or
 * postgresql://user:password@host:port/database?parameters. libpq refuses several of those
 * parameters, so they are read here. A relative file: that is missing, but exists under prisma/, is
 * taken from there, because Prisma resolves it from that folder.
 */
#ifndef OUTSIDE_DB_URL_H
#define OUTSIDE_DB_URL_H

#include <stdbool.h>
#include <stddef.h>

enum db_engine_kind { DB_SQLITE, DB_POSTGRES };

enum { DB_URL_KEYS = 24 };

struct db_url {
    enum db_engine_kind engine;
    /* SQLite: the file */
    char *path;
    /* PostgreSQL: libpq's keywords, NULL after the last, and their values, which are owned */
    const char *keys[DB_URL_KEYS];
    char *values[DB_URL_KEYS];
    /* the search path; never NULL for PostgreSQL */
    char *schema;
    /* 0: not given */
    unsigned connect_timeout_ms;
    unsigned socket_timeout_ms;
    /* no prepared statements, no settings that outlive a transaction */
    bool is_pgbouncer;
};

/* 0, or EINVAL and a sentence that never repeats the URL, which holds a password. */
int db_url_parse(struct db_url *, const char *text, char *why, size_t why_bytes);
/* The same; `text` NULL is SQLite at default_path. */
int db_url_parse_or(struct db_url *, const char *text, const char *default_path, char *why,
                    size_t why_bytes);
void db_url_free(struct db_url *);

#endif
