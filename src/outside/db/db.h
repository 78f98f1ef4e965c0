/*
 * A blocking connection to a database. The store's threads and `prosa migrate` use it; a thread
 * whose loop serves requests must not.
 *
 * Each engine (db_sqlite, db_postgres) is one table of functions. A statement is written once, in
 * SQL that both understand, with $1.. for its values; db_statement adapts it to a database that
 * others use as well. db_connect.h opens connections.
 *
 * Errors: EAGAIN: the database is away, full or busy; try later. EEXIST: a unique value is taken.
 * EINVAL: the database refuses a value, and always will. EPROTO: it lacks or denies what the
 * statement needs, whatever the values: a table, a right. Anything else is EIO.
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

enum {
    DB_VALUES_MAX = 17,
    DB_STATEMENTS_MAX = 128,
    DB_WHY_BYTES = 400,
    DB_FILLS_MAX = 16,
    DB_NAME_BYTES = 64,
};

/* ---- Statements and their values ---- */

enum db_value_kind { DB_NULL, DB_TEXT, DB_INT, DB_TIME };

struct db_value {
    enum db_value_kind kind;
    struct slice text;
    /* DB_TIME: Unix ms */
    int64_t number;
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

/* NULL when 0. */
static inline struct db_value db_maybe_time(int64_t unix_ms) {
    return (struct db_value){.kind = unix_ms ? DB_TIME : DB_NULL, .number = unix_ms};
}

/* `id` is the statement's index in each connection's cache of prepared statements. */
struct db_sql {
    const char *text;
    unsigned id;
};

/* Columns are valid until the callback returns; NULL reads as empty or 0. */
typedef void db_row_fn(const struct db_row *, void *arg);

/* ---- Connections ---- */

struct db_engine {
    const char *name;
    void (*close)(struct db *);
    int (*run)(struct db *, const struct db_sql *, const struct db_value *, size_t count,
               db_row_fn *, void *arg);
    /* NULL: as db_batch_singly() does it */
    int (*batch)(struct db *, const struct db_sql *, const struct db_value *rows, size_t columns,
                 size_t count);
    int (*script)(struct db *, const char *text, db_row_fn *, void *arg);
    /* NULL: as script */
    int (*alone)(struct db *, const char *text);
    /* drops prepared statements and their texts */
    void (*forget)(struct db *);
    struct slice (*text)(const struct db_row *, unsigned column);
    int64_t (*number)(const struct db_row *, unsigned column);
    int64_t (*time)(const struct db_row *, unsigned column);
};

/* A required column of somebody else's table that our rows give the current time. */
struct db_fill {
    const char *table;
    char column[DB_NAME_BYTES];
};

/* How others use this database, as db_migrate found it. Ours alone: all false. */
struct db_form {
    /* SQLite: times are written as text (ISO 8601); else as Unix ms */
    bool has_text_times;
    /* SQLite: some times are of the other form */
    bool has_both_times;
    bool user_needs_name;
    bool feedback_id_is_uuid;
    size_t fill_count;
    struct db_fill fills[DB_FILLS_MAX];
};

/* The part of a connection that every engine has; the first member of its own struct. */
struct db {
    const struct db_engine *engine;
    /* how a transaction that writes starts in this engine */
    const char *begin;
    /* monotonic: statements give up after it */
    int64_t deadline_ms;
    /* rows that the last statement changed */
    int64_t changed;
    /* is told when another connection's lock holds this one up; may be NULL */
    struct standstill *standstill;
    /* SQLite: the caller's thread sets it once it no longer waits for the result. A transaction
     * that is not committed by then is undone. May be NULL. */
    const atomic_bool *given_up;
    /* false once the connection broke: close it and open another */
    /* The file of the database was removed or replaced while it was open: not is_open any more. */
    bool is_gone;
    bool is_open;
    struct db_form form;
    /* what was adopted, made and not understood, in words; NULL: nothing to tell */
    char *news;
    /* of db_statement: the statements as this database needs them */
    char *texts[DB_STATEMENTS_MAX];
    /* the last error in words, without values */
    char why[DB_WHY_BYTES];
};

void db_close(struct db *); /* NULL is fine */

/* After a change of db->form: statements are made anew. */
void db_forget_statements(struct db *);

/* Runs a statement and passes its rows, if any, to the callback, which may be NULL. */
int db_run(struct db *, const struct db_sql *, const struct db_value *, size_t count, db_row_fn *,
           void *arg);

/*
 * Runs the statement once for each row of `columns` values, all or none, in a transaction of its
 * own and few round trips.
 */
int db_batch(struct db *, const struct db_sql *, const struct db_value *rows, size_t columns,
             size_t count);
/* The same in as many round trips as there are rows. */
int db_batch_singly(struct db *, const struct db_sql *, const struct db_value *rows, size_t columns,
                    size_t count);

/* Plain SQL, several statements allowed, for migrations. */
int db_script(struct db *, const char *text);
/* One plain statement with rows as its answer; unprepared and without values. */
int db_ask(struct db *, const char *text, db_row_fn *, void *arg);

/* One statement that may not stand in a transaction; the server sets no limit to its time. */
int db_alone(struct db *, const char *text);

int db_begin(struct db *);
int db_commit(struct db *);
/* Also soon after the deadline: no transaction may stay open because of it. Keeps `why`. */
void db_rollback(struct db *);
/* Commits if `err` is 0, else undoes the transaction. Returns the first error; keeps `changed`. */
int db_end(struct db *, int err);

/* ---- Rows ---- */

struct db_row {
    const struct db *db;
    /* the engine's own */
    void *result;
    int index;
};

struct slice db_row_text(const struct db_row *, unsigned column);
int64_t db_row_int(const struct db_row *, unsigned column);
int64_t db_row_time(const struct db_row *, unsigned column);

/* Callbacks. `arg` is an int64_t, which becomes the first column; or a bool, which becomes true. */
void db_take_int(const struct db_row *, void *arg);
void db_take_found(const struct db_row *, void *arg);

#endif
