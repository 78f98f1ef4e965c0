#include "outside/db/db_sqlite.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/standstill.h"
#include "outside/db/db.h"
#include "outside/db/db_statement.h"
#include "outside/db/db_url.h"
#include "outside/db/db_wal.h"
#include "outside/files/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct sqlite_db {
    struct db db;
    sqlite3 *handle;
    /* of the connection that writes */
    struct db_wal wal;
    /* after the last commit */
    unsigned log_pages;
    sqlite3_stmt *prepared[DB_STATEMENTS_MAX];
};

enum {
    /* A long statement checks its deadline after so many steps of SQLite's virtual machine, which
     * take about 0.1 ms. */
    STEPS_A_CHECK = 2000,
    BUSY_SLEEP_US = 2000,
    CHECK_MS = 60 * 1000,
};

static struct sqlite_db *sqlite_of(struct db *db) {
    return CONTAINER_OF(db, struct sqlite_db, db);
}

static int is_late(void *arg) {
    const struct sqlite_db *s = arg;
    return clock_mono_ms() >= s->db.deadline_ms;
}

static int on_busy(void *arg, int tries) {
    const struct sqlite_db *s = arg;
    if (is_late(arg))
        return 0;
    if (s->db.standstill)
        standstill_hold(s->db.standstill);
    usleep(BUSY_SLEEP_US);
    return 1;
}

/* SQLite's error as an errno, its text in `why`. The texts name tables and columns, never
 * values. */
static int sqlite_fail(struct sqlite_db *s, int code) {
    snprintf(s->db.why, sizeof s->db.why, "%s", sqlite3_errmsg(s->handle));
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_READONLY:
    case SQLITE_IOERR:
    case SQLITE_INTERRUPT:
    case SQLITE_CANTOPEN:
    case SQLITE_NOMEM:
        return EAGAIN;
    case SQLITE_CONSTRAINT:
        return code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ? EEXIST
                                                                                        : EINVAL;
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
        return EINVAL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return EIO;
    default:
        return EPROTO; /* such as a table or a column that is not there */
    }
}

/* SQLite reads "$1" as a name and "?1" as a number. Our statements have '$' nowhere else. */
static int sqlite_prepare(struct sqlite_db *s, const struct db_sql *sql, sqlite3_stmt **stmt) {
    assert(sql->id < DB_STATEMENTS_MAX);
    if (!s->prepared[sql->id]) {
        char *text = mem_copy_text(db_statement(&s->db, sql));
        for (char *c = strchr(text, '$'); c; c = strchr(c, '$'))
            *c = '?';
        int code = sqlite3_prepare_v3(s->handle, text, -1, SQLITE_PREPARE_PERSISTENT,
                                      &s->prepared[sql->id], NULL);
        mem_free(text);
        if (code)
            return sqlite_fail(s, code);
    }
    *stmt = s->prepared[sql->id];
    return 0;
}

/* As Prisma's driver adapters write it: 2026-11-22T12:00:00.000+00:00. */
static int bind_time(sqlite3_stmt *stmt, int at, int64_t unix_ms) {
    char iso[TEXT_ISO_SIZE], text[TEXT_ISO_SIZE + 8];
    text_iso_time(unix_ms, iso);
    snprintf(text, sizeof text, "%.23s+00:00", iso);
    return sqlite3_bind_text(stmt, at, text, -1, SQLITE_TRANSIENT);
}

static int bind(struct sqlite_db *s, sqlite3_stmt *stmt, const struct db_value *values,
                size_t count) {
    for (size_t i = 0; i < count; i++) {
        const struct db_value *value = &values[i];
        int code, at = (int)i + 1;
        if (value->kind == DB_NULL)
            code = sqlite3_bind_null(stmt, at);
        else if (value->kind == DB_TEXT)
            code = sqlite3_bind_text64(stmt, at, value->text.ptr ? value->text.ptr : "",
                                       value->text.len, SQLITE_STATIC, SQLITE_UTF8);
        else if (value->kind == DB_TIME && s->db.form.has_text_times)
            code = bind_time(stmt, at, value->number);
        else
            code = sqlite3_bind_int64(stmt, at, value->number);
        if (code)
            return sqlite_fail(s, code);
    }
    return 0;
}

static int step_all(struct sqlite_db *s, sqlite3_stmt *stmt, db_row_fn *on_row, void *arg) {
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        const struct db_row row = {.db = &s->db, .result = stmt};
        if (on_row)
            on_row(&row, arg);
    }
    s->db.changed = sqlite3_changes64(s->handle);
    return code == SQLITE_DONE ? 0 : sqlite_fail(s, code);
}

/* A file that was removed can still be written to; all of it would be lost. */
static int check_file(struct sqlite_db *s) {
    int has_moved = 0;
    if (s->db.is_open && sqlite3_get_autocommit(s->handle))
        sqlite3_file_control(s->handle, "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);
    if (has_moved) {
        s->db.is_open = false;
        s->db.is_gone = true;
    }
    if (!s->db.is_gone)
        return 0;
    snprintf(s->db.why, sizeof s->db.why,
             "the file was removed or replaced; put it back and start again");
    return EAGAIN;
}

static int sqlite_run(struct db *db, const struct db_sql *sql, const struct db_value *values,
                      size_t count, db_row_fn *on_row, void *arg) {
    struct sqlite_db *s = sqlite_of(db);
    sqlite3_stmt *stmt;
    int err = check_file(s);
    if (!err)
        err = sqlite_prepare(s, sql, &stmt);
    if (err)
        return err;
    err = bind(s, stmt, values, count);
    if (!err)
        err = step_all(s, stmt, on_row, arg);
    sqlite3_reset(stmt);
    sqlite3_clear_bindings(stmt);
    return err;
}

static int sqlite_script(struct db *db, const char *text, db_row_fn *on_row, void *arg) {
    struct sqlite_db *s = sqlite_of(db);
    int err = check_file(s);
    while (!err && *text) {
        sqlite3_stmt *stmt;
        int code = sqlite3_prepare_v2(s->handle, text, -1, &stmt, &text);
        if (code)
            return sqlite_fail(s, code);
        if (stmt)
            err = step_all(s, stmt, on_row, arg);
        sqlite3_finalize(stmt);
    }
    return err;
}

static struct slice sqlite_text(const struct db_row *row, unsigned column) {
    sqlite3_stmt *stmt = row->result;
    const unsigned char *text = sqlite3_column_text(stmt, (int)column);
    return slice_of(text, text ? (size_t)sqlite3_column_bytes(stmt, (int)column) : 0);
}

static int64_t sqlite_number(const struct db_row *row, unsigned column) {
    return sqlite3_column_int64(row->result, (int)column);
}

/* Unix ms of either form. SQLite's own CURRENT_TIMESTAMP is UTC without saying so. */
static int64_t read_time(sqlite3_value *value) {
    char iso[40];
    int64_t unix_ms = 0;
    if (sqlite3_value_type(value) != SQLITE_TEXT)
        return sqlite3_value_int64(value);
    const char *text = (const char *)sqlite3_value_text(value);
    const size_t len = text ? strlen(text) : 0;
    if (len < 11 || len > sizeof iso - 2)
        return 0;
    const bool has_zone = strpbrk(text + 10, "Z+-") != NULL;
    snprintf(iso, sizeof iso, "%s%s", text, has_zone ? "" : "Z");
    iso[10] = 'T';
    return text_parse_iso_time(slice_from(iso), &unix_ms) ? unix_ms : 0;
}

static int64_t sqlite_time(const struct db_row *row, unsigned column) {
    return read_time(sqlite3_column_value(row->result, (int)column));
}

/* SQL's time_of(X), where both forms of times are in one file. */
static void time_of(sqlite3_context *context, int count, sqlite3_value **values) {
    if (sqlite3_value_type(values[0]) == SQLITE_NULL)
        sqlite3_result_null(context);
    else
        sqlite3_result_int64(context, read_time(values[0]));
}

static void sqlite_forget(struct db *db) {
    struct sqlite_db *s = sqlite_of(db);
    db_statement_forget(db);
    for (size_t i = 0; i < DB_STATEMENTS_MAX; i++) {
        sqlite3_finalize(s->prepared[i]);
        s->prepared[i] = NULL;
    }
}

static void sqlite_close(struct db *db) {
    struct sqlite_db *s = sqlite_of(db);
    sqlite_forget(db);
    int code = sqlite3_close(s->handle);
    assert(code == SQLITE_OK);
    (void)code;
    db_wal_unregister(&s->wal);
    mem_free(s);
}

static const struct db_engine engine = {
    .name = "SQLite",
    .close = sqlite_close,
    .run = sqlite_run,
    .script = sqlite_script,
    .forget = sqlite_forget,
    .text = sqlite_text,
    .number = sqlite_number,
    .time = sqlite_time,
};

/*
 * Makes the folders and the file, which only its owner may read because it holds password hashes.
 * SQLite's log inherits these rights.
 */
static int create_file(const char *path) {
    const char *slash = strrchr(path, '/');
    int err = file_make_folders(slice_of(path, slash ? (size_t)(slash - path) : 0));
    if (err)
        return err;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static void on_check(const struct db_row *row, void *arg) {
    char *verdict = arg;
    struct slice text = slice_take(db_row_text(row, 0), DB_WHY_BYTES / 2);
    snprintf(verdict, DB_WHY_BYTES, "%.*s", SLICE_ARG(text));
}

/* Applies the settings of the connection and checks the pages of the file. */
static int sqlite_set_up(struct sqlite_db *s) {
    static const char settings[] =
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF;"
        "PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=67108864;"
        "PRAGMA temp_store=MEMORY";
    char verdict[DB_WHY_BYTES] = "";
    /* Of several that change the journal mode at once SQLite refuses all but one at once, without
     * asking the busy handler. */
    int err;
    while ((err = db_script(&s->db, settings)) == EAGAIN && !is_late(s))
        usleep(BUSY_SLEEP_US);
    if (err == EAGAIN && (sqlite3_errcode(s->handle) & 0xff) == SQLITE_BUSY) {
        snprintf(s->db.why, sizeof s->db.why, "another program holds the file");
        return EBUSY;
    }
    s->db.deadline_ms = clock_mono_ms() + CHECK_MS; /* a large file takes long to check */
    if (!err)
        err = db_ask(&s->db, "PRAGMA quick_check(1)", on_check, verdict);
    if (!err && strcmp(verdict, "ok") != 0) {
        snprintf(s->db.why, sizeof s->db.why, "the file is damaged (%.200s)", verdict);
        err = EIO;
    }
    return err;
}

static int open_handle(struct sqlite_db **out, const char *path, bool writes) {
    struct sqlite_db *s = mem_alloc(sizeof *s);
    s->db = (struct db){
        .engine = &engine, .begin = "BEGIN IMMEDIATE", .deadline_ms = INT64_MAX, .is_open = true};
    *out = s;
    const char *vfs = writes ? db_wal_register(&s->wal, &s->db.given_up) : NULL;
    int code = sqlite3_open_v2(path, &s->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, vfs);
    if (code)
        return sqlite_fail(s, code);
    sqlite3_extended_result_codes(s->handle, 1);
    sqlite3_busy_handler(s->handle, on_busy, s);
    sqlite3_progress_handler(s->handle, STEPS_A_CHECK, is_late, s);
    code = sqlite3_create_function(s->handle, "time_of", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
                                   NULL, time_of, NULL, NULL);
    return code ? sqlite_fail(s, code) : 0;
}

int db_sqlite_open_beside(struct db **out, const struct db_url *url, const char *settings) {
    struct sqlite_db *s;
    int err = open_handle(&s, url->path, false);
    if (!err)
        err = db_script(&s->db, settings);
    if (err) {
        sqlite_close(&s->db);
        return err;
    }
    *out = &s->db;
    return 0;
}

static int note_log_pages(void *arg, sqlite3 *handle, const char *name, int pages) {
    struct sqlite_db *s = arg;
    s->log_pages = (unsigned)pages;
    return SQLITE_OK;
}

unsigned db_sqlite_log_pages(struct db *db) {
    return sqlite_of(db)->log_pages;
}

int db_sqlite_checkpoint(struct db *db) {
    struct sqlite_db *s = sqlite_of(db);
    int code = sqlite3_wal_checkpoint_v2(s->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return code ? sqlite_fail(s, code) : 0;
}

int db_sqlite_open(struct db **out, const struct db_url *url, int64_t deadline_ms, char *why,
                   size_t why_bytes) {
    int err = create_file(url->path);
    if (err) {
        snprintf(why, why_bytes, "%s: %s", url->path, strerror(err));
        return err == ENOSPC ? EAGAIN : err;
    }
    struct sqlite_db *s;
    err = open_handle(&s, url->path, true);
    if (!err) {
        s->db.deadline_ms = deadline_ms;
        err = sqlite_set_up(s);
    }
    if (!err)
        sqlite3_wal_hook(s->handle, note_log_pages, s);
    if (err) {
        snprintf(why, why_bytes, "%s: %s", url->path, s->db.why);
        sqlite_close(&s->db);
        return err;
    }
    s->db.deadline_ms = deadline_ms;
    *out = &s->db;
    return 0;
}

/* All pages in one step: a write between two steps would make SQLite start over. */
static int copy_pages(struct sqlite_db *from, sqlite3 *to) {
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from->handle, "main");
    if (!backup)
        return sqlite3_errcode(to);
    int code;
    while ((code = sqlite3_backup_step(backup, -1)) == SQLITE_BUSY || code == SQLITE_LOCKED)
        usleep(BUSY_SLEEP_US);
    int finish = sqlite3_backup_finish(backup);
    return code == SQLITE_DONE ? finish : code;
}

int db_sqlite_backup(struct db *db, const char *path, char *why, size_t why_bytes) {
    sqlite3 *copy = NULL;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        int err = errno;
        snprintf(why, why_bytes, "%s: %s", path, strerror(err));
        return err;
    }
    close(fd);
    db->deadline_ms = INT64_MAX;
    int code = sqlite3_open_v2(path, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code == SQLITE_OK)
        code = copy_pages(sqlite_of(db), copy);
    if (code != SQLITE_OK) {
        snprintf(why, why_bytes, "%s: %s", path, sqlite3_errstr(code));
        unlink(path);
    }
    sqlite3_close(copy);
    return code == SQLITE_OK ? 0 : EIO;
}
