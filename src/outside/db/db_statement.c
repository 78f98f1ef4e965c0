#include "outside/db/db_statement.h"

#include "base/buf.h"
#include "base/mem.h"
#include "outside/db/db.h"

#include <assert.h>
#include <string.h>

#define TIME_OF "time_of("

static const char *now_of(const struct db *db) {
    if (strcmp(db->engine->name, "SQLite") != 0)
        return "CURRENT_TIMESTAMP";
    return db->form.has_text_times ? "strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')"
                                   : "CAST(strftime('%s', 'now') AS INTEGER) * 1000";
}

/* ---- time_of ---- */

/* Drops each time_of( with the parenthesis that ends it. */
static void drop_time_of(struct buf *out, const char *text) {
    unsigned depth = 0;
    /* depths at which a time_of( began, as bits */
    uint64_t begun = 0;
    for (; *text; text++) {
        if (strncmp(text, TIME_OF, strlen(TIME_OF)) == 0) {
            begun |= UINT64_C(1) << depth++;
            text += strlen(TIME_OF) - 1;
            continue;
        }
        depth += *text == '(';
        if (*text == ')' && begun >> --depth & 1) {
            begun &= ~(UINT64_C(1) << depth);
            continue;
        }
        buf_add_byte(out, *text);
    }
}

/* ---- Columns of others ---- */

/* Whether the text begins with `before`, the quoted table and `after`. */
static bool is_about(const char *text, const char *before, const char *table, const char *after) {
    const size_t first = strlen(before), second = strlen(table);
    return strncmp(text, before, first) == 0 && text[first] == '"' &&
           strncmp(text + first + 1, table, second) == 0 && text[first + 1 + second] == '"' &&
           strncmp(text + first + second + 2, after, strlen(after)) == 0;
}

/* A text with `addition` behind the first `mark`; without the mark it stays as it is. */
static char *insert_behind(char *text, const char *mark, struct buf *addition) {
    const char *at = strstr(text, mark);
    struct buf out = {0};
    if (at) {
        const size_t head = (size_t)(at - text) + strlen(mark);
        buf_add(&out, text, head);
        buf_add_slice(&out, buf_slice(addition));
        buf_add_text(&out, text + head);
        mem_free(text);
        text = buf_take_text(&out);
    }
    buf_free(addition);
    return text;
}

static char *fill_column(const struct db *db, char *text, const struct db_fill *fill) {
    const bool inserts = is_about(text, "INSERT INTO ", fill->table, " (");
    struct buf column = {0}, value = {0}, set = {0};
    if (!inserts && !is_about(text, "UPDATE ", fill->table, " SET "))
        return text;
    buf_printf(&set, "\"%s\" = %s, ", fill->column, now_of(db));
    if (!inserts)
        return insert_behind(text, " SET ", &set);
    buf_printf(&column, "\"%s\", ", fill->column);
    buf_printf(&value, "%s, ", now_of(db));
    text = insert_behind(text, "\" (", &column);
    text = insert_behind(text, "VALUES (", &value);
    return insert_behind(text, " DO UPDATE SET ", &set);
}

/* ---- The text ---- */

const char *db_statement(struct db *db, const struct db_sql *sql) {
    assert(sql->id < DB_STATEMENTS_MAX);
    if (!db->texts[sql->id]) {
        struct buf out = {0};
        if (db->form.has_both_times)
            buf_add_text(&out, sql->text);
        else
            drop_time_of(&out, sql->text);
        char *text = buf_take_text(&out);
        for (size_t i = 0; i < db->form.fill_count; i++)
            text = fill_column(db, text, &db->form.fills[i]);
        db->texts[sql->id] = text;
    }
    return db->texts[sql->id];
}

void db_statement_forget(struct db *db) {
    for (size_t i = 0; i < DB_STATEMENTS_MAX; i++) {
        mem_free(db->texts[i]);
        db->texts[i] = NULL;
    }
}
