/* Writes what a database lacks as one script of SQL. */
#include "outside/db/db_migrate_private.h"
#include "outside/db/db_schema.h"

#include "base/clock.h"
#include "base/text.h"

#include <string.h>

void migrate_add_quoted(struct buf *sql, const char *text, char quote) {
    buf_add_byte(sql, quote);
    for (; *text; text++) {
        if (*text == quote)
            buf_add_byte(sql, quote);
        buf_add_byte(sql, *text);
    }
    buf_add_byte(sql, quote);
}

static void end_statement(struct buf *sql) {
    buf_add_text(sql, ";\n");
}

/* ---- Enumerations ---- */

/* Adds the values that an enumeration of the former backend lacks. */
static void extend_enum(struct migration *m, const struct schema_enum *due, const char *schema,
                        const char *name) {
    for (size_t i = 0; due->values[i]; i++) {
        if (migrate_has_value(m, schema, name, due->values[i]))
            continue;
        buf_add_text(&m->script, "ALTER TYPE ");
        migrate_add_quoted(&m->script, schema, '"');
        buf_add_byte(&m->script, '.');
        migrate_add_quoted(&m->script, name, '"');
        buf_add_text(&m->script, " ADD VALUE IF NOT EXISTS ");
        migrate_add_quoted(&m->script, due->values[i], '\'');
        end_statement(&m->script);
    }
}

static void create_enum(struct migration *m, const struct schema_enum *due) {
    if (migrate_has_value(m, m->schema, due->name, NULL)) {
        extend_enum(m, due, m->schema, due->name);
        return;
    }
    buf_printf(&m->script, "CREATE TYPE \"%s\" AS ENUM (", due->name);
    for (size_t i = 0; due->values[i]; i++)
        buf_printf(&m->script, "%s'%s'", i ? ", " : "", due->values[i]);
    buf_add_byte(&m->script, ')');
    end_statement(&m->script);
}

/* Several columns may have one type, which is then made for the first of them. */
static bool is_first_of_its_type(const struct migration *m, size_t table, size_t column) {
    const struct schema_enum *type = schema_tables[table].columns[column].type;
    for (size_t t = 0; t <= table; t++) {
        const struct schema_table *due = &schema_tables[t];
        for (size_t i = 0; i < due->column_count && (t < table || i < column); i++) {
            if (due->columns[i].type == type &&
                !migrate_find_column(&m->tables[t], due->columns[i].name))
                return false;
        }
    }
    return true;
}

static void plan_enums(struct migration *m, size_t table) {
    const struct schema_table *due = &schema_tables[table];
    for (size_t i = 0; i < due->column_count; i++) {
        const struct schema_column *column = &due->columns[i];
        if (column->kind != COLUMN_ENUM)
            continue;
        const struct found_column *have = migrate_find_column(&m->tables[table], column->name);
        if (have && have->enum_name[0])
            extend_enum(m, column->type, have->enum_schema, have->enum_name);
        else if (!have && is_first_of_its_type(m, table, i))
            create_enum(m, column->type);
    }
}

/* ---- Tables and columns ---- */

static void add_type(const struct migration *m, size_t table, const struct schema_column *column,
                     struct buf *sql) {
    static const char *const postgres[] = {[COLUMN_TEXT] = "TEXT",
                                           [COLUMN_TIME] = "TIMESTAMP(3)",
                                           [COLUMN_INT] = "BIGINT",
                                           [COLUMN_JSON] = "JSONB",
                                           [COLUMN_ID] = "TEXT"};
    static const char *const sqlite[] = {
        [COLUMN_TEXT] = "TEXT",  [COLUMN_TIME] = "DATETIME", [COLUMN_INT] = "BIGINT",
        [COLUMN_JSON] = "JSONB", [COLUMN_ENUM] = "TEXT",     [COLUMN_ID] = "TEXT"};
    buf_printf(sql, "\"%s\" ", column->name);
    if (m->is_postgres && column->kind == COLUMN_ENUM)
        buf_printf(sql, "\"%s\"", column->type->name);
    else if (m->is_postgres && migrate_is_uuid(m, table, column->name))
        buf_add_text(sql, "UUID");
    else
        buf_add_text(sql, (m->is_postgres ? postgres : sqlite)[column->kind]);
}

/* SQLite's CURRENT_TIMESTAMP is a text unlike our times, so it is no default there. */
static void add_extra(const struct migration *m, const struct schema_column *column,
                      struct buf *sql) {
    if (column->extra && (m->is_postgres || column->kind != COLUMN_TIME))
        buf_printf(sql, " %s", column->extra);
}

static void add_reference(const struct schema_column *column, struct buf *sql) {
    buf_printf(sql, " REFERENCES \"%s\"(\"id\") ON DELETE CASCADE", column->of);
}

/* PostgreSQL locks a table that others name, so there the foreign keys come with the changes. */
static void create_table(struct migration *m, size_t table) {
    const struct schema_table *due = &schema_tables[table];
    buf_printf(&m->script, "CREATE TABLE \"%s\" (", due->name);
    for (size_t i = 0; i < due->column_count; i++) {
        const struct schema_column *column = &due->columns[i];
        buf_add_text(&m->script, i ? ", " : "");
        add_type(m, table, column, &m->script);
        buf_add_text(&m->script, column->flags & COLUMN_REQUIRED ? " NOT NULL" : "");
        add_extra(m, column, &m->script);
        if (column->is_foreign && !m->is_postgres)
            add_reference(column, &m->script);
        if (!column->is_foreign || !m->is_postgres)
            continue;
        buf_printf(&m->changes, "ALTER TABLE \"%s\" ADD FOREIGN KEY (\"%s\")", due->name,
                   column->name);
        add_reference(column, &m->changes);
        end_statement(&m->changes);
    }
    buf_add_byte(&m->script, ')');
    end_statement(&m->script);
}

/* A row of somebody else's has no value in it, so it is never required and names no other table. */
static void add_column(struct migration *m, size_t table, const struct schema_column *column) {
    const char *name = schema_tables[table].name;
    buf_printf(&m->changes, "ALTER TABLE \"%s\" ADD COLUMN ", name);
    add_type(m, table, column, &m->changes);
    add_extra(m, column, &m->changes);
    end_statement(&m->changes);
    if (column->fill) {
        buf_printf(&m->changes, "UPDATE \"%s\" SET \"%s\" = %s WHERE \"%s\" IS NULL", name,
                   column->name, column->fill, column->name);
        end_statement(&m->changes);
    }
}

static bool lacks_columns(const struct migration *m, size_t table) {
    const struct schema_table *due = &schema_tables[table];
    for (size_t i = 0; i < due->column_count; i++) {
        if (!migrate_find_column(&m->tables[table], due->columns[i].name))
            return m->tables[table].count > 0;
    }
    return false;
}

/* Whether a table that is to be made names this one, which takes a lock on it. */
static bool gets_references(const struct migration *m, size_t table) {
    for (size_t t = 0; t < schema_table_count; t++) {
        const struct schema_table *due = &schema_tables[t];
        for (size_t i = 0; i < due->column_count; i++) {
            if (m->tables[t].count == 0 && due->columns[i].is_foreign &&
                strcmp(due->columns[i].of, schema_tables[table].name) == 0)
                return m->tables[table].count > 0;
        }
    }
    return false;
}

static void plan_locks(struct migration *m) {
    for (size_t i = 0; i < schema_table_count; i++) {
        if (lacks_columns(m, i) || gets_references(m, i))
            buf_printf(&m->to_lock, "%s\"%s\"", m->to_lock.len ? ", " : "", schema_tables[i].name);
    }
}

/* ---- Indexes ---- */

void migrate_write_index(const struct migration *m, size_t index, struct buf *sql) {
    const struct schema_index *due = &schema_indexes[index];
    const bool is_beside = m->is_postgres && migrate_lacks_index(m, index);
    buf_printf(sql, "CREATE %sINDEX %sIF NOT EXISTS \"%s\" ON ", due->is_unique ? "UNIQUE " : "",
               is_beside ? "CONCURRENTLY " : "", due->name);
    if (is_beside) {
        migrate_add_quoted(sql, m->schema, '"');
        buf_add_byte(sql, '.');
    }
    buf_printf(sql, "\"%s\"(%s)", due->table, due->columns);
}

bool migrate_lacks_index(const struct migration *m, size_t index) {
    const size_t table = migrate_find_table(schema_indexes[index].table);
    return m->indexes[index] != INDEX_GOOD && m->tables[table].count > 0;
}

/* Those of tables that exist are made later, beside other writers. */
static void plan_indexes(struct migration *m) {
    for (size_t i = 0; i < schema_index_count; i++) {
        if (m->indexes[i] != INDEX_MISSING || migrate_lacks_index(m, i))
            continue;
        migrate_write_index(m, i, &m->script);
        end_statement(&m->script);
    }
}

/* ---- The whole ---- */

static void plan_numbers(struct migration *m) {
    char now[TEXT_ISO_SIZE];
    text_iso_time(clock_wall_ms(), now);
    if (!m->has_migrations) {
        buf_add_text(&m->changes,
                     "CREATE TABLE IF NOT EXISTS \"_prosa_migrations\" (\"number\" INTEGER PRIMARY "
                     "KEY, \"name\" TEXT NOT NULL, \"appliedAt\" TEXT NOT NULL)");
        end_statement(&m->changes);
    }
    for (int number = m->applied + 1; number <= schema_latest; number++) {
        buf_printf(&m->changes,
                   "INSERT INTO \"_prosa_migrations\" (\"number\", \"name\", \"appliedAt\") VALUES "
                   "(%d, '%s', '%s')",
                   number, schema_migrations[number - 1], now);
        end_statement(&m->changes);
    }
}

/* New things first and old tables last, so that these are locked for the shortest time. */
void migrate_plan(struct migration *m) {
    plan_locks(m);
    for (size_t i = 0; i < schema_table_count && m->is_postgres; i++)
        plan_enums(m, i);
    for (size_t i = 0; i < schema_table_count; i++) {
        if (m->tables[i].count == 0)
            create_table(m, i);
    }
    for (size_t i = 0; i < schema_table_count; i++) {
        const struct schema_table *due = &schema_tables[i];
        for (size_t k = 0; k < due->column_count && m->tables[i].count > 0; k++) {
            if (!migrate_find_column(&m->tables[i], due->columns[k].name))
                add_column(m, i, &due->columns[k]);
        }
    }
    plan_indexes(m);
    plan_numbers(m);
}
