#include "outside/db/db.h"

#include "base/clock.h"
#include "base/mem.h"

#include <string.h>

/* How long undoing a transaction may take whose deadline has passed. */
enum { UNDO_MS = 500 };

void db_close(struct db *db) {
    if (!db)
        return;
    db_forget_statements(db);
    mem_free(db->news);
    db->engine->close(db);
}

void db_forget_statements(struct db *db) {
    db->engine->forget(db);
}

int db_run(struct db *db, const struct db_sql *sql, const struct db_value *values, size_t count,
           db_row_fn *on_row, void *arg) {
    return db->engine->run(db, sql, values, count, on_row, arg);
}

int db_batch(struct db *db, const struct db_sql *sql, const struct db_value *rows, size_t columns,
             size_t count) {
    return db->engine->batch ? db->engine->batch(db, sql, rows, columns, count)
                             : db_batch_singly(db, sql, rows, columns, count);
}

int db_batch_singly(struct db *db, const struct db_sql *sql, const struct db_value *rows,
                    size_t columns, size_t count) {
    int64_t changed = 0;
    int err = db_begin(db);
    if (err)
        return err;
    for (size_t i = 0; i < count && !err; i++) {
        err = db_run(db, sql, rows + i * columns, columns, NULL, NULL);
        changed += db->changed;
    }
    db->changed = changed;
    return db_end(db, err);
}

int db_script(struct db *db, const char *text) {
    return db->engine->script(db, text, NULL, NULL);
}

int db_ask(struct db *db, const char *text, db_row_fn *on_row, void *arg) {
    return db->engine->script(db, text, on_row, arg);
}

int db_alone(struct db *db, const char *text) {
    return db->engine->alone ? db->engine->alone(db, text) : db_script(db, text);
}

int db_begin(struct db *db) {
    return db_script(db, db->begin);
}

int db_commit(struct db *db) {
    return db_script(db, "COMMIT");
}

void db_rollback(struct db *db) {
    if (!db->is_open)
        return;
    char why[DB_WHY_BYTES];
    memcpy(why, db->why, sizeof why);
    int64_t least_ms = clock_mono_ms() + UNDO_MS;
    if (db->deadline_ms < least_ms)
        db->deadline_ms = least_ms;
    (void)db_script(db, "ROLLBACK");
    memcpy(db->why, why, sizeof why);
}

int db_end(struct db *db, int err) {
    const int64_t changed = db->changed;
    if (!err)
        err = db_commit(db);
    if (err)
        db_rollback(db);
    db->changed = changed;
    return err;
}

struct slice db_row_text(const struct db_row *row, unsigned column) {
    return row->db->engine->text(row, column);
}

int64_t db_row_int(const struct db_row *row, unsigned column) {
    return row->db->engine->number(row, column);
}

int64_t db_row_time(const struct db_row *row, unsigned column) {
    return row->db->engine->time(row, column);
}

void db_take_int(const struct db_row *row, void *arg) {
    *(int64_t *)arg = db_row_int(row, 0);
}

void db_take_found(const struct db_row *row, void *arg) {
    *(bool *)arg = true;
}
