/* Whether the tables that exist fit those of db_schema. */
#include "base/buf.h"
#include "base/text.h"
#include "outside/db/db_migrate_private.h"
#include "outside/db/db_schema.h"

#include <errno.h>
#include <string.h>

/* Whether values of this kind fit PostgreSQL's type. SQLite does not enforce types. */
static bool type_fits(const char *type, enum column_kind kind, const char *name) {
    static const char *const fits[][4] = {
        [COLUMN_TEXT] = {"text", "character varying", NULL},
        [COLUMN_TIME] = {"timestamp without time zone", "timestamp with time zone", NULL},
        [COLUMN_INT] = {"bigint", "integer", NULL},
        [COLUMN_JSON] = {"jsonb", "json", "text", NULL},
        [COLUMN_ENUM] = {"USER-DEFINED", "text", "character varying", NULL},
    };
    for (size_t i = 0; i < 4 && fits[kind][i]; i++) {
        if (strcmp(type, fits[kind][i]) == 0)
            return true;
    }
    return kind == COLUMN_TEXT && strcmp(name, "id") == 0 && strcmp(type, "uuid") == 0;
}

/*
 * An existing table must have every column that its first migration made, of a type that fits, and
 * may require no column that we do not write.
 */
static int migrate_check_table(struct migration *m, const struct schema_table *due,
                               const struct found_table *found) {
    for (size_t i = 0; i < due->column_count; i++) {
        const struct schema_column *column = &due->columns[i];
        const struct found_column *have = migrate_find_column(found, column->name);
        if (!have && column->since == due->since)
            return migrate_refuse(
                m,
                "table \"%s\" has no column \"%s\": this is not a database of Prosa or "
                "of its predecessor",
                due->name, column->name);
        if (have && m->is_postgres && !type_fits(have->type, column->kind, column->name))
            return migrate_refuse(
                m, "column \"%s\" of table \"%s\" is of type %s, which Prosa does not know there",
                column->name, due->name, have->type);
    }
    for (size_t i = 0; i < found->count; i++) {
        const struct found_column *have = &found->columns[i];
        bool is_known = false;
        for (size_t k = 0; k < due->column_count; k++)
            is_known |= strcmp(due->columns[k].name, have->name) == 0;
        char reduced[TEXT_NAME_SIZE];
        text_reduce(slice_from(have->name), reduced);
        if (!is_known && have->is_required)
            return migrate_refuse(m,
                                  "table \"%s\" requires a column \"%s\" that Prosa does not know",
                                  due->name, reduced);
    }
    return 0;
}

/* Refuses times that are neither Unix ms nor, as Prisma's newer drivers write them, ISO 8601. */
static int migrate_check_times(struct migration *m, const struct schema_table *due,
                               const struct found_table *found) {
    int err = 0;
    for (size_t i = 0; i < due->column_count && !err; i++) {
        const char *name = due->columns[i].name;
        int64_t strange = 0;
        if (due->columns[i].kind != COLUMN_TIME || !migrate_find_column(found, name))
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
    struct found_table found;
    for (size_t i = 0; i < schema_table_count; i++) {
        int err = migrate_read_table(m, schema_tables[i].name, &found);
        if (!err && found.count > 0)
            err = migrate_check_table(m, &schema_tables[i], &found);
        if (!err && found.count > 0 && !m->is_postgres)
            err = migrate_check_times(m, &schema_tables[i], &found);
        if (err)
            return err;
    }
    return 0;
}
