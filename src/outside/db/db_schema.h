/*
 * The tables (docs/architecture.md; PascalCase tables and camelCase columns, as Prisma makes them)
 * and the numbered steps that bring a database to them. A step only adds: tables, columns, indexes,
 * values of enumerations. What the former backend made is adopted as it is.
 */
#ifndef OUTSIDE_DB_SCHEMA_H
#define OUTSIDE_DB_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

enum column_kind { COLUMN_TEXT, COLUMN_TIME, COLUMN_INT, COLUMN_JSON, COLUMN_ENUM };

struct schema_enum {
    const char *name;
    const char *const *values; /* NULL after the last */
};

struct schema_column {
    const char *name;
    enum column_kind kind;
    bool is_required;               /* NOT NULL */
    int since;                      /* number of the migration that adds it */
    const struct schema_enum *type; /* of COLUMN_ENUM */
    const char *extra;              /* PRIMARY KEY, REFERENCES; or NULL */
};

struct schema_table {
    const char *name;
    int since; /* columns of the same migration must be there when the table is */
    const struct schema_column *columns;
    size_t column_count;
};

struct schema_index {
    int since;
    const char *sql; /* CREATE ... IF NOT EXISTS, the same for both engines */
};

extern const struct schema_table schema_tables[];
extern const size_t schema_table_count;
extern const struct schema_index schema_indexes[];
extern const size_t schema_index_count;

/* Names of the migrations; number 1 is at index 0. */
extern const char *const schema_migrations[];
extern const int schema_latest;

#endif
