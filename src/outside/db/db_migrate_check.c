/* Whether the tables that exist fit those of db_schema, and what our statements have to add. */
#include "base/macros.h"
#include "base/text.h"
#include "outside/db/db_migrate_private.h"
#include "outside/db/db_schema.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { UUID_BYTES = 36 };

/* ---- Types ---- */

/* Whether values of this kind fit PostgreSQL's type. SQLite does not enforce types. */
static bool type_fits(const struct found_column *have, enum column_kind kind) {
    static const char *const fits[][4] = {
        [COLUMN_TEXT] = {"text", "character varying", "citext", NULL},
        [COLUMN_TIME] = {"timestamp without time zone", "timestamp with time zone", NULL},
        [COLUMN_INT] = {"bigint", "integer", NULL},
        [COLUMN_JSON] = {"jsonb", "json", "text", NULL},
        [COLUMN_ENUM] = {"text", "character varying", NULL},
        [COLUMN_ID] = {"text", "character varying", "uuid", NULL},
    };
    /* A type of an extension may be named with its schema. */
    const char *dot = strrchr(have->type, '.'), *type = dot ? dot + 1 : have->type;
    for (size_t i = 0; i < 4 && fits[kind][i]; i++) {
        if (strcmp(type, fits[kind][i]) == 0)
            return kind != COLUMN_ID || have->length == 0 || have->length >= UUID_BYTES;
    }
    return kind == COLUMN_ENUM && have->enum_name[0];
}

static int check_type(struct migration *m, size_t at, const struct schema_column *due,
                      const struct found_column *have) {
    const struct schema_table *table = &schema_tables[at];
    if (!m->is_postgres)
        return due->kind == COLUMN_ID && have->is_key && strcmp(have->type, "INTEGER") == 0
                   ? migrate_refuse(m,
                                    "column \"%s\" of table \"%s\" takes only whole numbers, but "
                                    "Prosa's ids are UUIDs",
                                    due->name, table->name)
                   : 0;
    if (!type_fits(have, due->kind))
        return migrate_refuse(
            m, "column \"%s\" of table \"%s\" is of type %s%s, which Prosa does not know there",
            due->name, table->name, have->type, have->length ? " (too short)" : "");
    if (!due->of)
        return 0;
    const size_t of = migrate_find_table(due->of);
    if (m->tables[of].count > 0 &&
        migrate_is_uuid(m, at, due->name) != migrate_is_uuid(m, of, "id"))
        return migrate_refuse(m,
                              "column \"%s\" of table \"%s\" is of type %s, but \"id\" of \"%s\" "
                              "is of another: give both the same type",
                              due->name, table->name, have->type, due->of);
    return 0;
}

/* ---- Columns ---- */

/* The two ways on from a table that our rows do not fit. */
static int refuse_column(struct migration *m, const char *table, const char *column,
                         const char *why) {
    char name[TEXT_NAME_SIZE];
    text_reduce(slice_from(column), name);
    return migrate_refuse(
        m,
        m->is_postgres
            ? "table \"%s\" requires a column \"%s\" that Prosa %s: give it a default (ALTER TABLE "
              "\"%s\" ALTER COLUMN \"%s\" SET DEFAULT ...), or give Prosa tables of its own "
              "(DATABASE_URL=...?schema=prosa)"
            : "table \"%s\" requires a column \"%s\" that Prosa %s: give it a default in table "
              "\"%s\" (%s), or give Prosa a file of its own",
        table, name, why, table, name);
}

static bool is_time(const struct migration *m, const struct found_column *have) {
    return m->is_postgres
               ? strncmp(have->type, "timestamp", 9) == 0
               : strcmp(have->type, "DATETIME") == 0 || strncmp(have->type, "TIMESTAMP", 9) == 0;
}

/* A required time that is not ours, such as Prisma's @updatedAt, is given the current time. */
static int check_foreign(struct migration *m, const char *table, const struct found_column *have) {
    struct db_form *form = &m->db->form;
    if (!have->is_not_null || have->has_default || (have->is_key && !m->is_postgres))
        return 0;
    if (!is_time(m, have) || form->fill_count == DB_FILLS_MAX || strchr(have->name, '"'))
        return refuse_column(m, table, have->name, "does not know");
    struct db_fill *fill = &form->fills[form->fill_count++];
    fill->table = table;
    snprintf(fill->column, sizeof fill->column, "%s", have->name);
    return 0;
}

/* One that we may leave NULL must not be required there. A user's name is an exception, because an
 * e-mail has one, too. */
static int check_required(struct migration *m, const char *table, const struct schema_column *due,
                          const struct found_column *have) {
    if (due->flags & (COLUMN_REQUIRED | COLUMN_WRITTEN) || !have->is_not_null)
        return 0;
    if (strcmp(table, "User") != 0 || strcmp(due->name, "name") != 0)
        return refuse_column(m, table, due->name, "leaves empty at times");
    m->db->form.user_needs_name = true;
    return 0;
}

static int check_table(struct migration *m, size_t at) {
    const struct schema_table *due = &schema_tables[at];
    const struct found_table *found = &m->tables[at];
    int err = 0;
    for (size_t i = 0; i < due->column_count && !err; i++) {
        const struct schema_column *column = &due->columns[i];
        const struct found_column *have = migrate_find_column(found, column->name);
        if (!have && column->flags & COLUMN_ESSENTIAL)
            return migrate_refuse(
                m,
                "table \"%s\" has no column \"%s\": this is not a database of Prosa or "
                "of its predecessor; give Prosa tables of its own (%s)",
                due->name, column->name,
                m->is_postgres ? "DATABASE_URL=...?schema=prosa" : "another file");
        if (have)
            err = check_type(m, at, column, have);
        if (have && !err)
            err = check_required(m, due->name, column, have);
    }
    for (size_t i = 0; i < found->count && !err; i++) {
        if (!migrate_find_due(at, found->columns[i].name))
            err = check_foreign(m, due->name, &found->columns[i]);
    }
    return err;
}

/* Refuses times that are neither Unix ms nor, as Prisma's driver adapters write them, ISO 8601. */
static int check_times(struct migration *m, size_t at) {
    const struct schema_table *due = &schema_tables[at];
    int err = 0;
    for (size_t i = 0; i < due->column_count && !err; i++) {
        const char *name = due->columns[i].name;
        int64_t strange = 0;
        if (due->columns[i].kind != COLUMN_TIME || !migrate_find_column(&m->tables[at], name))
            continue;
        struct buf sql = {0};
        buf_printf(&sql,
                   "SELECT COUNT(*) FROM \"%s\" WHERE typeof(\"%s\") = 'blob' OR "
                   "(typeof(\"%s\") = 'text' AND strftime('%%s', \"%s\") IS NULL)",
                   due->name, name, name, name);
        if (migrate_ask(m, &sql, db_take_int, &strange))
            err = EAGAIN;
        else if (strange)
            err = migrate_refuse(m,
                                 "column \"%s\" of table \"%s\" holds times that Prosa cannot read",
                                 name, due->name);
    }
    return err;
}

int migrate_check(struct migration *m) {
    int err = 0;
    m->db->form = (struct db_form){0};
    for (size_t i = 0; i < schema_table_count && !err; i++) {
        if (m->tables[i].count == 0)
            continue;
        err = check_table(m, i);
        if (!err && !m->is_postgres && m->applied < schema_latest)
            err = check_times(m, i);
    }
    m->db->form.feedback_id_is_uuid = migrate_is_uuid(m, migrate_find_table("FeedbackEvent"), "id");
    return err;
}

/* ---- What is not understood ---- */

struct strange_values {
    struct buf *out;
    const char *table;
    const struct schema_column *column;
};

static bool is_due(const struct schema_enum *type, struct slice value) {
    for (size_t i = 0; type->values[i]; i++) {
        if (slice_is_equal(value, slice_from(type->values[i])))
            return true;
    }
    return false;
}

static void note_strange(const struct strange_values *s, struct slice value) {
    char reduced[TEXT_NAME_SIZE];
    if (is_due(s->column->type, value))
        return;
    text_reduce(value, reduced);
    buf_printf(s->out, "%s%s.%s %s", s->out->len ? ", " : "", s->table, s->column->name, reduced);
}

static void on_used_value(const struct db_row *row, void *arg) {
    note_strange(arg, db_row_text(row, 0));
}

/* Of an enumeration all values that it has count, used or not; of texts those that are used. */
static int find_strange_values(struct migration *m, size_t table, const struct schema_column *due,
                               struct buf *strange) {
    struct strange_values s = {strange, schema_tables[table].name, due};
    const struct found_column *have = migrate_find_column(&m->tables[table], due->name);
    const struct found_value *values = (const void *)m->values.data;
    if (have && have->enum_name[0]) {
        for (size_t i = 0; i < m->values.len / sizeof *values; i++)
            if (strcmp(values[i].type, have->enum_name) == 0 &&
                strcmp(values[i].schema, have->enum_schema) == 0)
                note_strange(&s, slice_from(values[i].value));
        return 0;
    }
    if (!have || (m->is_postgres && m->applied == schema_latest))
        return 0;
    struct buf sql = {0};
    buf_printf(&sql, "SELECT DISTINCT \"%s\" FROM \"%s\" ORDER BY 1 LIMIT 32", due->name, s.table);
    return migrate_ask(m, &sql, on_used_value, &s);
}

int migrate_find_strange(struct migration *m, struct buf *strange) {
    static const char *const read[][2] = {
        {"Session", "status"}, {"OrganizationMembership", "role"}, {"FeedbackEvent", "severity"}};
    int err = 0;
    for (size_t i = 0; i < ARRAY_LEN(read) && !err; i++) {
        const size_t table = migrate_find_table(read[i][0]);
        err = find_strange_values(m, table, migrate_find_due(table, read[i][1]), strange);
    }
    if (!err && m->applied == 0 && m->others.len > 0)
        buf_printf(strange, "%stables %.*s", strange->len ? ", " : "",
                   SLICE_ARG(slice_take(buf_slice(&m->others), DB_WHY_BYTES / 2)));
    return err;
}
