/*
 * The tables and the numbered migrations that make them. Names are as Prisma makes them: PascalCase
 * tables, camelCase columns. A migration only adds tables, columns, indexes and values of
 * enumerations, so the tables of the former backend are adopted as they are.
 */
#ifndef OUTSIDE_DB_SCHEMA_H
#define OUTSIDE_DB_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

enum column_kind { COLUMN_TEXT, COLUMN_TIME, COLUMN_INT, COLUMN_JSON, COLUMN_ENUM };

struct schema_enum {
    const char *name;
    /* NULL after the last */
    const char *const *values;
};

struct schema_column {
    const char *name;
    enum column_kind kind;
    /* NOT NULL */
    bool is_required;
    /* number of the migration that adds it */
    int since;
    /* of COLUMN_ENUM */
    const struct schema_enum *type;
    /* PRIMARY KEY, REFERENCES, DEFAULT; or NULL */
    const char *extra;
};

struct schema_table {
    const char *name;
    /* an existing table must have the columns of the same migration */
    int since;
    const struct schema_column *columns;
    size_t column_count;
};

struct schema_index {
    int since;
    /* CREATE ... IF NOT EXISTS, the same for both engines */
    const char *sql;
};

extern const struct schema_table schema_tables[];
extern const size_t schema_table_count;
extern const struct schema_index schema_indexes[];
extern const size_t schema_index_count;

/* Names of the migrations; number 1 is at index 0. */
extern const char *const schema_migrations[];
extern const int schema_latest;

#endif
