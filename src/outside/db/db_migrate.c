#include "outside/db/db_migrate.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "outside/db/db_migrate_private.h"
#include "outside/db/db_schema.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { VALUES_MAX = 64, LOCK_WAIT_MS = 30000 };

int migrate_refuse(struct migration *m, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(m->why, m->why_bytes, format, args);
    va_end(args);
    return EINVAL;
}

int migrate_fail(struct migration *m, int err) {
    snprintf(m->why, m->why_bytes, "%s", m->db->why);
    return err;
}

static void copy_name(char out[NAME_MAX_BYTES + 1], struct slice text) {
    text = slice_take(text, NAME_MAX_BYTES);
    snprintf(out, NAME_MAX_BYTES + 1, "%.*s", SLICE_ARG(text));
}

/* Runs a statement and notes it in the plan. */
static int apply(struct migration *m, struct buf *sql) {
    char *text = buf_take_text(sql);
    if (m->plan) {
        buf_add_text(m->plan, text);
        buf_add_text(m->plan, ";\n");
    }
    int err = db_script(m->db, text);
    mem_free(text);
    return err ? migrate_fail(m, err) : 0;
}

int migrate_ask(struct migration *m, struct buf *sql, db_row_fn *on_row, void *arg) {
    char *text = buf_take_text(sql);
    int err = db_ask(m->db, text, on_row, arg);
    mem_free(text);
    return err ? migrate_fail(m, err) : 0;
}

static void on_column(const struct db_row *row, void *arg) {
    struct found_table *table = arg;
    if (table->count == COLUMNS_MAX)
        return;
    struct found_column *column = &table->columns[table->count++];
    copy_name(column->name, db_row_text(row, 0));
    copy_name(column->type, db_row_text(row, 1));
    column->is_required = db_row_int(row, 2) != 0;
    copy_name(column->enum_name, db_row_text(row, 3));
    copy_name(column->enum_schema, db_row_text(row, 4));
}

int migrate_read_table(struct migration *m, const char *name, struct found_table *table) {
    static const char postgres[] =
        "SELECT column_name, data_type, CASE WHEN is_nullable = 'NO' AND column_default IS NULL "
        "AND is_identity = 'NO' THEN 1 ELSE 0 END, udt_name, udt_schema "
        "FROM information_schema.columns WHERE table_schema = current_schema() "
        "AND table_name = '%s' ORDER BY ordinal_position";
    static const char sqlite[] =
        "SELECT name, type, CASE WHEN \"notnull\" <> 0 AND dflt_value IS NULL THEN 1 ELSE 0 END, "
        "'', '' FROM pragma_table_info('%s')";
    struct buf sql = {0};
    buf_printf(&sql, m->is_postgres ? postgres : sqlite, name);
    table->count = 0;
    return migrate_ask(m, &sql, on_column, table);
}

const struct found_column *migrate_find_column(const struct found_table *table, const char *name) {
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    }
    return NULL;
}

struct value_set {
    char values[VALUES_MAX][NAME_MAX_BYTES + 1];
    size_t count;
};

static void on_value(const struct db_row *row, void *arg) {
    struct value_set *set = arg;
    if (set->count < VALUES_MAX)
        copy_name(set->values[set->count++], db_row_text(row, 0));
}

static bool has_value(const struct value_set *set, const char *value) {
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->values[i], value) == 0)
            return true;
    }
    return false;
}

/* Appends an SQL literal or identifier, its quotes doubled. */
static void add_quoted(struct buf *sql, const char *text, char quote) {
    buf_add_byte(sql, quote);
    for (; *text; text++) {
        if (*text == quote)
            buf_add_byte(sql, quote);
        buf_add_byte(sql, *text);
    }
    buf_add_byte(sql, quote);
}

static int read_values(struct migration *m, const char *schema, const char *name,
                       struct value_set *set) {
    struct buf sql = {0};
    set->count = 0;
    buf_add_text(&sql, "SELECT e.enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid "
                       "JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typname = ");
    add_quoted(&sql, name, '\'');
    buf_add_text(&sql, " AND n.nspname = ");
    if (schema)
        add_quoted(&sql, schema, '\'');
    else
        buf_add_text(&sql, "current_schema()");
    return migrate_ask(m, &sql, on_value, set);
}

/* Adds the values that an enumeration of the former backend lacks. `schema` NULL: the current
 * one. */
static int extend_enum(struct migration *m, const struct schema_enum *due, const char *schema,
                       const char *name) {
    struct value_set have;
    int err = read_values(m, schema, name, &have);
    for (size_t i = 0; due->values[i] && !err; i++) {
        if (has_value(&have, due->values[i]))
            continue;
        struct buf sql = {0};
        buf_add_text(&sql, "ALTER TYPE ");
        if (schema) {
            add_quoted(&sql, schema, '"');
            buf_add_byte(&sql, '.');
        }
        add_quoted(&sql, name, '"');
        buf_add_text(&sql, " ADD VALUE IF NOT EXISTS ");
        add_quoted(&sql, due->values[i], '\'');
        err = apply(m, &sql);
    }
    return err;
}

static int create_enum(struct migration *m, const struct schema_enum *due) {
    struct value_set have;
    int err = read_values(m, NULL, due->name, &have);
    if (err || have.count > 0)
        return err ? err : extend_enum(m, due, NULL, due->name);
    struct buf sql = {0};
    buf_printf(&sql, "CREATE TYPE \"%s\" AS ENUM (", due->name);
    for (size_t i = 0; due->values[i]; i++)
        buf_printf(&sql, "%s'%s'", i ? ", " : "", due->values[i]);
    buf_add_byte(&sql, ')');
    return apply(m, &sql);
}

static void add_column_text(struct migration *m, struct buf *sql,
                            const struct schema_column *column) {
    static const char *const postgres[] = {[COLUMN_TEXT] = "TEXT",
                                           [COLUMN_TIME] = "TIMESTAMP(3)",
                                           [COLUMN_INT] = "BIGINT",
                                           [COLUMN_JSON] = "JSONB"};
    static const char *const sqlite[] = {[COLUMN_TEXT] = "TEXT",
                                         [COLUMN_TIME] = "DATETIME",
                                         [COLUMN_INT] = "BIGINT",
                                         [COLUMN_JSON] = "JSONB",
                                         [COLUMN_ENUM] = "TEXT"};
    buf_printf(sql, "\"%s\" ", column->name);
    if (m->is_postgres && column->kind == COLUMN_ENUM)
        buf_printf(sql, "\"%s\"", column->type->name);
    else
        buf_add_text(sql, (m->is_postgres ? postgres : sqlite)[column->kind]);
    if (column->is_required)
        buf_add_text(sql, " NOT NULL");
    /* SQLite's CURRENT_TIMESTAMP is text, but our times are numbers there. */
    if (column->extra && (m->is_postgres || column->kind != COLUMN_TIME))
        buf_printf(sql, " %s", column->extra);
}

static int create_table(struct migration *m, const struct schema_table *table, int number) {
    struct buf sql = {0};
    buf_printf(&sql, "CREATE TABLE \"%s\" (", table->name);
    bool is_first = true;
    for (size_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].since > number)
            continue;
        buf_add_text(&sql, is_first ? "" : ", ");
        add_column_text(m, &sql, &table->columns[i]);
        is_first = false;
    }
    buf_add_byte(&sql, ')');
    return apply(m, &sql);
}

static int add_column(struct migration *m, const struct schema_table *table,
                      const struct schema_column *column) {
    struct buf sql = {0};
    buf_printf(&sql, "ALTER TABLE \"%s\" ADD COLUMN ", table->name);
    add_column_text(m, &sql, column);
    return apply(m, &sql);
}

static int update_enums(struct migration *m, const struct schema_table *table,
                        const struct found_table *found, int number) {
    int err = 0;
    for (size_t i = 0; i < table->column_count && !err; i++) {
        const struct schema_column *column = &table->columns[i];
        if (column->kind != COLUMN_ENUM || column->since > number)
            continue;
        const struct found_column *have = migrate_find_column(found, column->name);
        if (!have)
            err = create_enum(m, column->type);
        else if (strcmp(have->type, "USER-DEFINED") == 0)
            err = extend_enum(m, column->type, have->enum_schema, have->enum_name);
    }
    return err;
}

/* Turns times that are text into numbers: SQLite sorts every text behind every number. */
static int convert_times(struct migration *m, const struct schema_table *table,
                         const struct found_table *found) {
    int err = 0;
    for (size_t i = 0; i < table->column_count && !err; i++) {
        const char *name = table->columns[i].name;
        if (table->columns[i].kind != COLUMN_TIME || !migrate_find_column(found, name))
            continue;
        struct buf sql = {0};
        buf_printf(&sql,
                   "UPDATE \"%s\" SET \"%s\" = CAST(strftime('%%s', \"%s\") AS INTEGER) * 1000 + "
                   "CAST(substr(strftime('%%f', \"%s\"), 4) AS INTEGER) WHERE typeof(\"%s\") = "
                   "'text'",
                   table->name, name, name, name, name);
        err = apply(m, &sql);
    }
    return err;
}

static int update_table(struct migration *m, const struct schema_table *table, int number) {
    struct found_table found;
    int err = migrate_read_table(m, table->name, &found);
    if (!err && m->is_postgres)
        err = update_enums(m, table, &found, number);
    if (err || found.count == 0)
        return err ? err : create_table(m, table, number);
    if (!m->is_postgres && table->since == number)
        err = convert_times(m, table, &found);
    for (size_t i = 0; i < table->column_count && !err; i++) {
        const struct schema_column *column = &table->columns[i];
        if (column->since <= number && !migrate_find_column(&found, column->name))
            err = add_column(m, table, column);
    }
    return err;
}

static int run_migration(struct migration *m, int number) {
    int err = 0;
    if (m->plan)
        buf_printf(m->plan, "-- %d: %s\n", number, schema_migrations[number - 1]);
    for (size_t i = 0; i < schema_table_count && !err; i++) {
        if (schema_tables[i].since <= number)
            err = update_table(m, &schema_tables[i], number);
    }
    for (size_t i = 0; i < schema_index_count && !err; i++) {
        struct buf sql = {0};
        if (schema_indexes[i].since != number)
            continue;
        buf_add_text(&sql, schema_indexes[i].sql);
        err = apply(m, &sql);
    }
    if (err)
        return err;
    char now[TEXT_ISO_SIZE];
    text_iso_time(clock_wall_ms(), now);
    struct buf sql = {0};
    buf_printf(&sql,
               "INSERT INTO \"_prosa_migrations\" (\"number\", \"name\", \"appliedAt\") VALUES "
               "(%d, '%s', '%s')",
               number, schema_migrations[number - 1], now);
    return apply(m, &sql);
}

static int read_state(struct migration *m, int *applied) {
    struct found_table table;
    int64_t number = 0;
    *applied = 0;
    int err = migrate_read_table(m, "_prosa_migrations", &table);
    if (err || table.count == 0)
        return err;
    if (db_ask(m->db, "SELECT COALESCE(MAX(\"number\"), 0) FROM \"_prosa_migrations\"", db_take_int,
               &number))
        return migrate_fail(m, EAGAIN);
    *applied = (int)number;
    if (*applied > schema_latest)
        return migrate_refuse(
            m,
            "the database was changed by a newer Prosa (migration %d; this program knows "
            "%d): update the program",
            *applied, schema_latest);
    return 0;
}

static struct migration migration_of(struct db *db, struct buf *plan, char *why, size_t why_bytes) {
    return (struct migration){.db = db,
                              .is_postgres = strcmp(db->engine->name, "PostgreSQL") == 0,
                              .plan = plan,
                              .why = why,
                              .why_bytes = why_bytes};
}

int db_migrate_state(struct db *db, int *applied, char *why, size_t why_bytes) {
    struct migration m = migration_of(db, NULL, why, why_bytes);
    return read_state(&m, applied);
}

/*
 * SQLite's lock is BEGIN IMMEDIATE, PostgreSQL's is an advisory one whose number is "prosa" in
 * ASCII. The schema is looked up in pg_namespace because current_schema() may not see one that
 * another node made while this one waited for the lock.
 */
static int lock(struct migration *m) {
    int err = db_begin(m->db);
    if (!err && m->is_postgres)
        err = db_script(
            m->db, "SET LOCAL statement_timeout TO 0; SELECT pg_advisory_xact_lock(482956243809);"
                   "DO $$ DECLARE due text := replace(trim(both '\"' from "
                   "current_setting('search_path')), '\"\"', '\"'); BEGIN "
                   "IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = due) THEN "
                   "EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I', due); END IF; END $$");
    return err ? migrate_fail(m, err) : 0;
}

static int apply_missing(struct migration *m) {
    int applied;
    int err = read_state(m, &applied);
    if (!err && applied < schema_latest)
        err = migrate_check(m);
    if (!err && applied < schema_latest) {
        struct buf sql = {0};
        buf_add_text(
            &sql,
            "CREATE TABLE IF NOT EXISTS \"_prosa_migrations\" (\"number\" INTEGER PRIMARY KEY, "
            "\"name\" TEXT NOT NULL, \"appliedAt\" TEXT NOT NULL)");
        err = apply(m, &sql);
    }
    for (int number = applied + 1; number <= schema_latest && !err; number++)
        err = run_migration(m, number);
    return err;
}

int db_migrate(struct db *db, bool is_dry, struct buf *plan, char *why, size_t why_bytes) {
    struct migration m = migration_of(db, plan, why, why_bytes);
    db->deadline_ms = clock_mono_ms() + LOCK_WAIT_MS;
    int err = lock(&m);
    if (err) {
        db_rollback(db);
        return err;
    }
    err = apply_missing(&m);
    if (err || is_dry) {
        db_rollback(db);
        return err;
    }
    err = db_end(db, 0);
    return err ? migrate_fail(&m, err) : 0;
}
