/*
 * A database connection that waits: used by the store's thread and by `prosa migrate`, never by a
 * loop that serves anybody. Each engine (store_sqlite, store_postgres) is one table of functions;
 * the questions are written once, in SQL that both understand, with $1.. for the values.
 *
 * Errors: EAGAIN: the database is away, full or busy, try later. EEXIST: a unique value is taken.
 * EINVAL: the database refuses the statement or its values, and always will. Every other errno is
 * EIO.
 */
#ifndef OUTSIDE_DB_H
#define OUTSIDE_DB_H

#include "base/slice.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct db_row;
struct standstill;
struct store_url;

enum db_kind { DB_NULL, DB_TEXT, DB_INT, DB_TIME };

struct db_value {
    enum db_kind kind;
    struct slice text;
    int64_t number; /* DB_TIME: Unix ms */
};

static inline struct db_value db_text(struct slice text) {
    return (struct db_value){.kind = DB_TEXT, .text = text};
}

/* NULL when empty. */
static inline struct db_value db_maybe(struct slice text) {
    return (struct db_value){.kind = text.len > 0 ? DB_TEXT : DB_NULL, .text = text};
}

static inline struct db_value db_int(int64_t number) {
    return (struct db_value){.kind = DB_INT, .number = number};
}

static inline struct db_value db_time(int64_t unix_ms) {
    return (struct db_value){.kind = DB_TIME, .number = unix_ms};
}

/* A statement with a place of its own in each connection's cache of prepared ones. */
struct db_sql {
    const char *text;
    unsigned id; /* enum store_sql */
};

enum { DB_VALUES_MAX = 17, DB_STATEMENTS_MAX = 96, DB_WHY_BYTES = 256 };

/* Columns are valid until the callback returns; NULL reads as empty, 0. */
typedef void db_row_fn(const struct db_row *, void *arg);

struct db_engine {
    const char *name;
    void (*close)(struct db *);
    int (*run)(struct db *, const struct db_sql *, const struct db_value *, size_t count,
               db_row_fn *, void *arg);
    int (*batch)(struct db *, const struct db_sql *, const struct db_value *rows, size_t columns,
                 size_t count);
    int (*script)(struct db *, const char *text, db_row_fn *, void *arg);
    struct slice (*text)(const struct db_row *, unsigned column);
    int64_t (*number)(const struct db_row *, unsigned column);
    int64_t (*time)(const struct db_row *, unsigned column);
};

/* The part of a connection that every engine has; the first member of its own struct. */
struct db {
    const struct db_engine *engine;
    const char *begin;             /* how a transaction that writes starts here */
    int64_t deadline_ms;           /* monotonic: statements give up after it */
    int64_t changed;               /* rows the last statement changed */
    struct standstill *standstill; /* told when it is held up by somebody's lock; may be NULL */
    /* SQLite: set by the caller's thread once nobody waits for what is being done. A transaction that is not committed by then is
     * undone. May be NULL. */
    const atomic_bool *given_up;
    bool is_open;           /* false once the connection broke: close it and open another */
    char why[DB_WHY_BYTES]; /* the last error in words, without values */
};

struct db_row {
    const struct db *db;
    const void *result;
    int index;
};

/*
 * Opens what the URL names, waiting until the deadline. On failure `why` has the reason; EAGAIN:
 * not now.
 */
int db_open(struct db **, const struct store_url *, int64_t deadline_ms, char *why,
            size_t why_bytes);

/*
 * The same in steps, for a thread that has other things to do while a server is silent: a step
 * waits until `until_ms` at most, a little longer once the server talks. EINPROGRESS: come again,
 * or close it. Any other error ends the attempt: db->why has the reason, close it.
 */
int db_open_start(struct db **, const struct store_url *, char *why, size_t why_bytes);
int db_open_step(struct db *, const struct store_url *, int64_t until_ms);

void db_close(struct db *);

/* The rows, if any, go to on_row, which may be NULL. */
int db_run(struct db *, const struct db_sql *, const struct db_value *, size_t count, db_row_fn *,
           void *arg);

/*
 * Runs the statement once a row of `columns` values, all or none, in a transaction of its own and
 * few round trips.
 */
int db_batch(struct db *, const struct db_sql *, const struct db_value *rows, size_t columns,
             size_t count);

/* Plain SQL, several statements allowed, for migrations. */
int db_script(struct db *, const char *text);
int db_ask(struct db *, const char *text, db_row_fn *,
           void *arg); /* one statement, unprepared, without values */

int db_begin(struct db *);
int db_commit(struct db *);
void db_rollback(struct db *);

struct slice db_row_text(const struct db_row *, unsigned column);
int64_t db_row_int(const struct db_row *, unsigned column);
int64_t db_row_time(const struct db_row *, unsigned column);

/* The engines. */
int db_sqlite_open(struct db **, const struct store_url *, int64_t deadline_ms, char *why,
                   size_t why_bytes);
/* A second connection to a file that is open already: not one that writes. */
int db_sqlite_open_beside(struct db **, const struct store_url *, const char *settings);
/* The writer's: how many pages were in the log after the last commit. Nobody but db_sqlite_checkpoint moves them into the database,
 * which waits for the disk, but for no other connection. */
unsigned db_sqlite_log_pages(struct db *);
int db_sqlite_checkpoint(struct db *);
/* A copy of the whole database, made page by page beside its writers. The file must not exist. */
int db_sqlite_backup(struct db *, const char *path, char *why, size_t why_bytes);
int db_postgres_start(struct db **, const struct store_url *, char *why, size_t why_bytes);
int db_postgres_step(struct db *, const struct store_url *, int64_t until_ms);

#endif
