/* A migration under way, and the tables that it finds. */
#ifndef OUTSIDE_DB_MIGRATE_PRIVATE_H
#define OUTSIDE_DB_MIGRATE_PRIVATE_H

#include "outside/db/db.h"
#include "outside/db/db_migrate.h"

enum { NAME_MAX_BYTES = 63, COLUMNS_MAX = 64 };

/* A column as it is in the database. */
struct found_column {
    char name[NAME_MAX_BYTES + 1];
    /* PostgreSQL's data_type, or SQLite's declaration */
    char type[NAME_MAX_BYTES + 1];
    /* PostgreSQL: the enumeration, when the type is USER-DEFINED */
    char enum_name[NAME_MAX_BYTES + 1];
    char enum_schema[NAME_MAX_BYTES + 1];
    /* NOT NULL without a default */
    bool is_required;
};

struct found_table {
    struct found_column columns[COLUMNS_MAX];
    /* 0: there is no such table */
    size_t count;
};

struct migration {
    struct db *db;
    bool is_postgres;
    struct buf *plan;
    char *why;
    size_t why_bytes;
};

/* Sets `why`; EINVAL. */
__attribute__((format(printf, 2, 3))) int migrate_refuse(struct migration *, const char *format,
                                                         ...);
/* Takes `why` from the connection; returns err. */
int migrate_fail(struct migration *, int err);

/* `name` is a table's name from db_schema, so it needs no escape. */
int migrate_read_table(struct migration *, const char *name, struct found_table *);
/* NULL: there is none. */
const struct found_column *migrate_find_column(const struct found_table *, const char *name);

/* Asks the database and frees the text of the question. */
int migrate_ask(struct migration *, struct buf *sql, db_row_fn *, void *arg);

/* Refuses tables that do not fit. */
int migrate_check(struct migration *);

#endif
