#include "outside/db/db_times.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "outside/db/db.h"
#include "outside/db/db_schema.h"

#include <stdio.h>
#include <string.h>

enum { CONVERT_MS = 10 * 60 * 1000, MARK = 0 };

/* The row of _prosa_migrations that remembers a conversion. */
static const char *const mark_names[] = {"times are numbers", "times are text"};

static int times_ask(struct db *db, struct buf *sql, db_row_fn *on_row, void *arg) {
    char *text = buf_take_text(sql);
    int err = db_ask(db, text, on_row, arg);
    mem_free(text);
    return err;
}

/* ---- Which form ---- */

struct forms {
    bool text, numbers;
};

static void on_forms(const struct db_row *row, void *arg) {
    struct forms *forms = arg;
    forms->text |= db_row_int(row, 0) != 0;
    forms->numbers |= db_row_int(row, 1) != 0;
}

/* Appends an OR of all times of the table, each in `condition`. False: it has none. */
static bool add_condition(struct buf *sql, const struct schema_table *table, const char *type) {
    bool has_any = false;
    for (size_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].kind != COLUMN_TIME)
            continue;
        buf_printf(sql, "%stypeof(\"%s\") = '%s'", has_any ? " OR " : "MAX(",
                   table->columns[i].name, type);
        has_any = true;
    }
    buf_add_text(sql, has_any ? ")" : "0");
    return has_any;
}

static int find_forms(struct db *db, const char *rows, struct forms *forms) {
    int err = 0;
    for (size_t i = 0; i < schema_table_count && !err; i++) {
        struct buf sql = {0};
        buf_add_text(&sql, "SELECT ");
        add_condition(&sql, &schema_tables[i], "text");
        buf_add_text(&sql, ", ");
        add_condition(&sql, &schema_tables[i], "integer");
        buf_printf(&sql, " FROM (SELECT * FROM \"%s\"%s)", schema_tables[i].name, rows);
        err = times_ask(db, &sql, on_forms, forms);
    }
    return err;
}

static void on_mark(const struct db_row *row, void *arg) {
    struct forms *mark = arg;
    const bool is_text = slice_is_equal(db_row_text(row, 0), slice_from(mark_names[true]));
    *mark = (struct forms){.text = is_text, .numbers = !is_text};
}

int db_times_read(struct db *db) {
    struct forms found = {0}, mark = {0};
    int err = find_forms(db, "", &found);
    if (!err)
        err = db_ask(db, "SELECT \"name\" FROM \"_prosa_migrations\" WHERE \"number\" = 0", on_mark,
                     &mark);
    if (err)
        return err;
    db->form.has_text_times = mark.text || (!mark.numbers && found.text);
    db->form.has_both_times = found.text && found.numbers;
    db_forget_statements(db);
    return 0;
}

bool db_times_have_changed(struct db *db) {
    struct forms found = {0};
    if (db->form.has_both_times || find_forms(db, " ORDER BY rowid DESC LIMIT 8", &found))
        return false;
    return db->form.has_text_times ? found.numbers : found.text;
}

/* ---- Conversion ---- */

static int convert_column(struct db *db, const char *table, const char *name, bool to_text) {
    static const char text[] =
        "UPDATE \"%s\" SET \"%s\" = strftime('%%Y-%%m-%%dT%%H:%%M:%%f+00:00', \"%s\" / 1000.0, "
        "'unixepoch') WHERE typeof(\"%s\") = 'integer'";
    static const char numbers[] =
        "UPDATE \"%s\" SET \"%s\" = CAST(strftime('%%s', \"%s\") AS INTEGER) * 1000 + "
        "CAST(substr(strftime('%%f', \"%s\"), 4) AS INTEGER) WHERE typeof(\"%s\") = 'text'";
    struct buf sql = {0};
    if (to_text)
        buf_printf(&sql, text, table, name, name, name);
    else
        buf_printf(&sql, numbers, table, name, name, name, name);
    return times_ask(db, &sql, NULL, NULL);
}

static int convert_all(struct db *db, bool to_text) {
    int err = 0;
    for (size_t t = 0; t < schema_table_count; t++) {
        const struct schema_table *table = &schema_tables[t];
        for (size_t i = 0; i < table->column_count && !err; i++) {
            if (table->columns[i].kind == COLUMN_TIME)
                err = convert_column(db, table->name, table->columns[i].name, to_text);
        }
    }
    return err;
}

static int set_mark(struct db *db, bool is_text) {
    char now[TEXT_ISO_SIZE];
    struct buf sql = {0};
    text_iso_time(clock_wall_ms(), now);
    buf_printf(&sql, "INSERT OR REPLACE INTO \"_prosa_migrations\" VALUES (%d, '%s', '%s')", MARK,
               mark_names[is_text], now);
    return times_ask(db, &sql, NULL, NULL);
}

int db_times_convert(struct db *db, bool to_text, char *why, size_t why_bytes) {
    db->deadline_ms = clock_mono_ms() + CONVERT_MS;
    int err = db_begin(db);
    if (!err) {
        err = convert_all(db, to_text);
        err = db_end(db, err ? err : set_mark(db, to_text));
    }
    if (!err)
        err = db_times_read(db);
    if (err)
        snprintf(why, why_bytes, "%s", db->why);
    return err;
}
