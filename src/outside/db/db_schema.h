/*
 * The tables and the numbered migrations that make them. Names are as Prisma makes them: PascalCase
 * tables, camelCase columns. A migration only adds tables, columns, indexes and values of
 * enumerations, so the tables of the former backend are adopted as they are.
 */
#ifndef OUTSIDE_DB_SCHEMA_H
#define OUTSIDE_DB_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

/* COLUMN_ID: a UUID of ours, in a column of text or of PostgreSQL's type uuid. */
enum column_kind { COLUMN_TEXT, COLUMN_TIME, COLUMN_INT, COLUMN_JSON, COLUMN_ENUM, COLUMN_ID };

enum column_flags {
    /* a table without it is not ours, nor that of the former backend */
    COLUMN_ESSENTIAL = 1,
    /* NOT NULL, in a table that we make */
    COLUMN_REQUIRED = 2,
    /* it may be NULL, but our inserts give it a value */
    COLUMN_WRITTEN = 4,
};

struct schema_enum {
    const char *name;
    /* NULL after the last */
    const char *const *values;
};

struct schema_column {
    const char *name;
    enum column_kind kind;
    /* number of the migration that adds it */
    int since;
    unsigned flags;
    /* of COLUMN_ENUM */
    const struct schema_enum *type;
    /* PRIMARY KEY, DEFAULT; or NULL */
    const char *extra;
    /* of COLUMN_ID: the table whose "id" it names, so its type is that one's; or NULL */
    const char *of;
    /* in a table that we make: a foreign key to `of`, whose rows take ours with them */
    bool is_foreign;
    /* what rows that exist get when it is added; or NULL */
    const char *fill;
};

struct schema_table {
    const char *name;
    int since;
    const struct schema_column *columns;
    size_t column_count;
};

struct schema_index {
    int since;
    bool is_unique;
    const char *name;
    const char *table;
    /* as between the parentheses, the same for both engines */
    const char *columns;
};

extern const struct schema_table schema_tables[];
extern const size_t schema_table_count;
extern const struct schema_index schema_indexes[];
extern const size_t schema_index_count;

/* Names of the migrations; number 1 is at index 0. */
extern const char *const schema_migrations[];
extern const int schema_latest;

#endif
