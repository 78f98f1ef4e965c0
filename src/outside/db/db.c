#include "outside/db/db.h"

void db_close(struct db *db) {
    if (db)
        db->engine->close(db);
}

int db_run(struct db *db, const struct db_sql *sql, const struct db_value *values, size_t count,
           db_row_fn *on_row, void *arg) {
    return db->engine->run(db, sql, values, count, on_row, arg);
}

int db_batch(struct db *db, const struct db_sql *sql, const struct db_value *rows, size_t columns,
             size_t count) {
    return db->engine->batch(db, sql, rows, columns, count);
}

int db_script(struct db *db, const char *text) {
    return db->engine->script(db, text, NULL, NULL);
}

int db_ask(struct db *db, const char *text, db_row_fn *on_row, void *arg) {
    return db->engine->script(db, text, on_row, arg);
}

int db_begin(struct db *db) {
    return db_script(db, db->begin);
}

int db_commit(struct db *db) {
    return db_script(db, "COMMIT");
}

void db_rollback(struct db *db) {
    if (db->is_open)
        (void)db_script(db, "ROLLBACK");
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
