/* Reads the tables, columns, enumerations and indexes that a database has. */
#include "outside/db/db_migrate_private.h"
#include "outside/db/db_schema.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static void copy_name(char out[NAME_MAX_BYTES + 1], struct slice text) {
    text = slice_take(text, NAME_MAX_BYTES);
    snprintf(out, NAME_MAX_BYTES + 1, "%.*s", SLICE_ARG(text));
}

size_t migrate_find_table(const char *name) {
    size_t i = 0;
    while (i < schema_table_count && strcmp(schema_tables[i].name, name) != 0)
        i++;
    return i;
}

const struct found_column *migrate_find_column(const struct found_table *table, const char *name) {
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    }
    return NULL;
}

bool migrate_has_value(const struct migration *m, const char *schema, const char *type,
                       const char *value) {
    const struct found_value *values = (const void *)m->values.data;
    for (size_t i = 0; i < m->values.len / sizeof *values; i++) {
        if (strcmp(values[i].schema, schema) == 0 && strcmp(values[i].type, type) == 0 &&
            (!value || strcmp(values[i].value, value) == 0))
            return true;
    }
    return false;
}

const struct schema_column *migrate_find_due(size_t table, const char *name) {
    const struct schema_table *due = &schema_tables[table];
    for (size_t i = 0; i < due->column_count; i++) {
        if (strcmp(due->columns[i].name, name) == 0)
            return &due->columns[i];
    }
    return NULL;
}

bool migrate_is_uuid(const struct migration *m, size_t table, const char *column) {
    const struct found_column *have = migrate_find_column(&m->tables[table], column);
    const struct schema_column *due = migrate_find_due(table, column);
    if (have)
        return strcmp(have->type, "uuid") == 0;
    return due && due->of && migrate_is_uuid(m, migrate_find_table(due->of), "id");
}

/* Rows come table by table. */
static void note_other(struct migration *m, const char *name) {
    const bool is_own = strcmp(name, "_prosa_migrations") == 0;
    m->has_migrations |= is_own;
    if (is_own || strcmp(name, "_prisma_migrations") == 0 || strcmp(name, m->last_other) == 0)
        return;
    buf_printf(&m->others, "%s%s", m->others.len ? ", " : "", name);
    copy_name(m->last_other, slice_from(name));
}

static void on_column(const struct db_row *row, void *arg) {
    struct migration *m = arg;
    char name[NAME_MAX_BYTES + 1];
    copy_name(name, db_row_text(row, 0));
    const size_t at = migrate_find_table(name);
    if (at == schema_table_count) {
        note_other(m, name);
        return;
    }
    struct found_table *table = &m->tables[at];
    if (table->count == COLUMNS_MAX)
        return;
    struct found_column *column = &table->columns[table->count++];
    copy_name(column->name, db_row_text(row, 1));
    copy_name(column->type, db_row_text(row, 2));
    copy_name(column->enum_name, db_row_text(row, 3));
    copy_name(column->enum_schema, db_row_text(row, 4));
    column->length = (unsigned)db_row_int(row, 5);
    column->is_not_null = db_row_int(row, 6) != 0;
    column->has_default = db_row_int(row, 7) != 0;
    column->is_key = db_row_int(row, 8) != 0;
}

/* Not from information_schema, which hides what this role may not use. */
static int read_columns(struct migration *m) {
    static const char postgres[] =
        "SELECT c.relname, a.attname, "
        "format_type(CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END, NULL), "
        "CASE t.typtype WHEN 'e' THEN t.typname ELSE '' END, tn.nspname, "
        "GREATEST(a.atttypmod - 4, 0), CASE WHEN a.attnotnull THEN 1 ELSE 0 END, "
        "CASE WHEN a.atthasdef OR a.attidentity <> '' THEN 1 ELSE 0 END, 0 "
        "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
        "JOIN pg_type t ON t.oid = a.atttypid JOIN pg_namespace tn ON tn.oid = t.typnamespace "
        "WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') "
        "ORDER BY c.relname, a.attnum";
    static const char sqlite[] =
        "SELECT m.name, p.name, p.type, '', '', 0, p.\"notnull\", p.dflt_value IS NOT NULL, "
        "p.pk > 0 FROM sqlite_master m, pragma_table_info(m.name) p "
        "WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
        "ORDER BY m.name, p.cid";
    int err = db_ask(m->db, m->is_postgres ? postgres : sqlite, on_column, m);
    return err ? migrate_fail(m, err) : 0;
}

static void on_value(const struct db_row *row, void *arg) {
    struct migration *m = arg;
    struct found_value value;
    copy_name(value.schema, db_row_text(row, 0));
    copy_name(value.type, db_row_text(row, 1));
    copy_name(value.value, db_row_text(row, 2));
    buf_add(&m->values, &value, sizeof value);
}

static void on_index(const struct db_row *row, void *arg) {
    struct migration *m = arg;
    const struct slice name = db_row_text(row, 0);
    for (size_t i = 0; i < schema_index_count; i++) {
        if (slice_is_equal(name, slice_from(schema_indexes[i].name)))
            m->indexes[i] = db_row_int(row, 2)   ? INDEX_GROWING
                            : db_row_int(row, 1) ? INDEX_GOOD
                                                 : INDEX_BROKEN;
    }
}

static int read_indexes(struct migration *m) {
    static const char postgres[] =
        "SELECT c.relname, CASE WHEN i.indisvalid THEN 1 ELSE 0 END, CASE WHEN EXISTS "
        "(SELECT FROM pg_stat_progress_create_index p WHERE p.index_relid = c.oid) "
        "THEN 1 ELSE 0 END FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema()";
    static const char sqlite[] = "SELECT name, 1, 0 FROM sqlite_master WHERE type = 'index'";
    int err = db_ask(m->db, m->is_postgres ? postgres : sqlite, on_index, m);
    return err ? migrate_fail(m, err) : 0;
}

static void on_schema(const struct db_row *row, void *arg) {
    struct migration *m = arg;
    copy_name(m->schema, db_row_text(row, 0));
}

void migrate_forget(struct migration *m) {
    buf_free(&m->values);
    buf_free(&m->others);
    buf_free(&m->to_lock);
    buf_free(&m->script);
    buf_free(&m->changes);
}

static int read_applied(struct migration *m) {
    int64_t number = 0;
    if (!m->has_migrations)
        return 0;
    int err = db_ask(m->db, "SELECT COALESCE(MAX(\"number\"), 0) FROM \"_prosa_migrations\"",
                     db_take_int, &number);
    m->applied = (int)number;
    if (err)
        return migrate_fail(m, err);
    return m->applied > schema_latest
               ? migrate_refuse(m,
                                "the database was changed by a newer Prosa (migration %d; this "
                                "program knows %d): update the program",
                                m->applied, schema_latest)
               : 0;
}

int migrate_survey(struct migration *m) {
    assert(schema_table_count <= TABLES_MAX && schema_index_count <= INDEXES_MAX);
    migrate_forget(m);
    memset(m->tables, 0, sizeof m->tables);
    memset(m->indexes, 0, sizeof m->indexes);
    m->has_migrations = false;
    m->last_other[0] = 0;
    m->applied = 0;
    int err = read_columns(m);
    if (!err)
        err = read_indexes(m);
    if (!err && m->is_postgres &&
        (db_ask(m->db, "SELECT COALESCE(current_schema(), '')", on_schema, m) ||
         db_ask(m->db,
                "SELECT n.nspname, t.typname, e.enumlabel FROM pg_enum e "
                "JOIN pg_type t ON t.oid = e.enumtypid "
                "JOIN pg_namespace n ON n.oid = t.typnamespace",
                on_value, m)))
        err = migrate_fail(m, EAGAIN);
    return err ? err : read_applied(m);
}
