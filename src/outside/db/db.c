#include "outside/db/db.h"

#include "base/clock.h"
#include "outside/db/db_url.h"

#include <errno.h>
#include <stdio.h>

enum { FILE_MS = 1000 };

int db_open_start(struct db **db, const struct store_url *url, char *why, size_t why_bytes) {
    return url->kind == STORE_SQLITE
               ? db_sqlite_open(db, url, clock_mono_ms() + FILE_MS, why, why_bytes)
               : db_postgres_start(db, url, why, why_bytes);
}

int db_open_step(struct db *db, const struct store_url *url, int64_t until_ms) {
    return url->kind == STORE_SQLITE ? 0 : db_postgres_step(db, url, until_ms);
}

int db_open(struct db **out, const struct store_url *url, int64_t deadline_ms, char *why,
            size_t why_bytes) {
    if (url->kind == STORE_SQLITE)
        return db_sqlite_open(out, url, deadline_ms, why, why_bytes);
    struct db *db;
    int err = db_postgres_start(&db, url, why, why_bytes);
    if (err)
        return err;
    err = db_postgres_step(db, url, deadline_ms);
    if (err) {
        snprintf(why, why_bytes, "%s", err == EINPROGRESS ? "the server does not answer" : db->why);
        db_close(db);
        return err == EINPROGRESS ? EAGAIN : err;
    }
    *out = db;
    return 0;
}

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
