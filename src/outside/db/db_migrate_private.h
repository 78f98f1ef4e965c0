/* What the files db_migrate*.c share: the tables as they are found, and what is to be done. */
#ifndef OUTSIDE_DB_MIGRATE_PRIVATE_H
#define OUTSIDE_DB_MIGRATE_PRIVATE_H

#include "base/buf.h"
#include "outside/db/db.h"
#include "outside/db/db_migrate.h"

struct schema_column;

enum { NAME_MAX_BYTES = 63, COLUMNS_MAX = 64, TABLES_MAX = 32, INDEXES_MAX = 64 };

/* A column as it is in the database. */
struct found_column {
    char name[NAME_MAX_BYTES + 1];
    /* PostgreSQL's name of the type, or SQLite's declaration */
    char type[NAME_MAX_BYTES + 1];
    /* PostgreSQL: the enumeration; empty when it is none */
    char enum_name[NAME_MAX_BYTES + 1];
    char enum_schema[NAME_MAX_BYTES + 1];
    /* PostgreSQL: most characters of a varchar; 0: any */
    unsigned length;
    bool is_not_null, has_default;
    /* SQLite: part of the primary key */
    bool is_key;
};

struct found_table {
    struct found_column columns[COLUMNS_MAX];
    /* 0: there is no such table */
    size_t count;
};

enum found_index { INDEX_MISSING, INDEX_GOOD, INDEX_BROKEN, INDEX_GROWING };

/* One value of one enumeration. */
struct found_value {
    char schema[NAME_MAX_BYTES + 1];
    char type[NAME_MAX_BYTES + 1];
    char value[NAME_MAX_BYTES + 1];
};

struct migration {
    struct db *db;
    bool is_postgres;
    char *why;
    size_t why_bytes;

    /* As found, in the order of schema_tables and schema_indexes. */
    struct found_table tables[TABLES_MAX];
    enum found_index indexes[INDEXES_MAX];
    /* struct found_value, one behind the other */
    struct buf values;
    /* tables that are not ours, comma separated; and the last of them */
    struct buf others;
    char last_other[NAME_MAX_BYTES + 1];
    /* PostgreSQL: the schema of the tables; empty: it is still to be made */
    char schema[NAME_MAX_BYTES + 1];
    bool has_migrations;
    /* the last migration that was applied before */
    int applied;

    /* What is to be done in one transaction: what is new, then, under locks on these tables, what
     * changes. */
    struct buf script;
    struct buf to_lock;
    struct buf changes;
};

/* Sets `why`; EINVAL. */
__attribute__((format(printf, 2, 3))) int migrate_refuse(struct migration *, const char *format,
                                                         ...);
/* Takes `why` from the connection; returns err. */
int migrate_fail(struct migration *, int err);
/* Asks the database and frees the text of the question. */
int migrate_ask(struct migration *, struct buf *sql, db_row_fn *, void *arg);
/* Appends an SQL literal or identifier, its quotes doubled. */
void migrate_add_quoted(struct buf *sql, const char *text, char quote);

/* Reads what is there (db_migrate_survey.c). */
int migrate_survey(struct migration *);
void migrate_forget(struct migration *);
/* The table's place in schema_tables; schema_table_count: it is not ours. */
size_t migrate_find_table(const char *name);
/* A column of ours; NULL: there is none. */
const struct schema_column *migrate_find_due(size_t table, const char *name);
/* NULL: there is none. */
const struct found_column *migrate_find_column(const struct found_table *, const char *name);
bool migrate_has_value(const struct migration *, const char *schema, const char *type,
                       const char *value);
/* Whether the column of this table holds PostgreSQL's uuid; a column that is still to be made has
 * the type of what it names. */
bool migrate_is_uuid(const struct migration *, size_t table, const char *column);

/* Refuses tables that do not fit, and learns what our statements have to add (db->form). */
int migrate_check(struct migration *);
/* What is not understood, comma separated: values of columns, and on adoption tables. */
int migrate_find_strange(struct migration *, struct buf *strange);

/* Writes the script and the changes, empty when nothing is missing (db_migrate_plan.c). */
void migrate_plan(struct migration *);
/* Whether the index is still to be made on a table that others use. */
bool migrate_lacks_index(const struct migration *, size_t index);
void migrate_write_index(const struct migration *, size_t index, struct buf *sql);

#endif
