#include "outside/db/db_migrate.h"

#include "base/clock.h"
#include "base/mem.h"
#include "outside/db/db_migrate_private.h"
#include "outside/db/db_schema.h"
#include "outside/db/db_times.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    /* the whole, without indexes */
    TABLES_MS = 10 * 1000,
    FILE_LOCK_MS = 1000,
    /* an index that takes longer is completed by PostgreSQL alone */
    INDEX_MS = 2000,
    FILE_INDEX_MS = 10 * 60 * 1000,
};

/*
 * Locks on tables that others use are asked for so briefly that a writer who queues behind us
 * notices nothing. Without them all nothing is changed, and the caller tries again.
 */
#define LOCK_TABLES "SET LOCAL lock_timeout TO '15ms'; LOCK TABLE "

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

int migrate_ask(struct migration *m, struct buf *sql, db_row_fn *on_row, void *arg) {
    char *text = buf_take_text(sql);
    int err = db_ask(m->db, text, on_row, arg);
    mem_free(text);
    return err ? migrate_fail(m, err) : 0;
}

static int run_text(struct migration *m, struct buf *sql, int (*run)(struct db *, const char *)) {
    char *text = buf_take_text(sql);
    int err = run(m->db, text);
    mem_free(text);
    return err ? migrate_fail(m, err) : 0;
}

static int study(struct migration *m) {
    int err = migrate_survey(m);
    if (!err)
        err = migrate_check(m);
    if (!err)
        migrate_plan(m);
    return err;
}

/* ---- Locks ---- */

/*
 * SQLite's lock is BEGIN IMMEDIATE, PostgreSQL's is an advisory one whose number is "prosa" in
 * ASCII. The schema is looked up in pg_namespace because current_schema() may not see one that
 * another node made while this one waited for the lock.
 */
static int lock_nodes(struct migration *m) {
    if (!m->is_postgres)
        m->db->deadline_ms = clock_mono_ms() + FILE_LOCK_MS;
    int err = db_begin(m->db);
    m->db->deadline_ms = clock_mono_ms() + TABLES_MS;
    if (!err && m->is_postgres)
        err = db_script(m->db,
                        "SET LOCAL statement_timeout TO 0; SET LOCAL lock_timeout TO '5s';"
                        "SELECT pg_advisory_xact_lock(482956243809);"
                        "DO $$ DECLARE due text := replace(trim(both '\"' from "
                        "current_setting('search_path')), '\"\"', '\"'); BEGIN "
                        "IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = due) THEN "
                        "EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I', due); END IF; END $$");
    return err ? migrate_fail(m, err) : 0;
}

static bool needs_locks(const struct migration *m) {
    return m->is_postgres && m->to_lock.len > 0;
}

static int try_locks(struct migration *m) {
    struct buf sql = {0};
    if (!needs_locks(m))
        return 0;
    buf_printf(&sql,
               "SAVEPOINT trial; " LOCK_TABLES "%.*s IN ACCESS EXCLUSIVE MODE; "
               "ROLLBACK TO trial",
               SLICE_ARG(buf_slice(&m->to_lock)));
    return run_text(m, &sql, db_script);
}

static void on_holder(const struct db_row *row, void *arg) {
    struct migration *m = arg;
    struct slice table = db_row_text(row, 0), name = db_row_text(row, 2);
    snprintf(m->why, m->why_bytes,
             "table \"%.*s\" is in use by another session (process %lld, %.*s, for %lld s); the "
             "tables are brought up to date as soon as it lets go",
             SLICE_ARG(table), (long long)db_row_int(row, 1), SLICE_ARG(name),
             (long long)db_row_int(row, 3));
}

/* Says who holds the tables. Keeps what was said when nobody holds them any more. */
static void name_holder(struct migration *m) {
    struct buf sql = {0};
    buf_add_text(&sql, "SELECT c.relname, a.pid, COALESCE(NULLIF(a.application_name, ''), "
                       "a.usename, '?'), COALESCE(EXTRACT(EPOCH FROM now() - a.xact_start)::bigint,"
                       " 0) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation "
                       "JOIN pg_namespace n ON n.oid = c.relnamespace "
                       "JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.granted "
                       "AND n.nspname = current_schema() AND l.pid <> pg_backend_pid() "
                       "AND c.relname IN (");
    for (size_t i = 0; i < schema_table_count; i++)
        buf_printf(&sql, "%s'%s'", i ? ", " : "", schema_tables[i].name);
    buf_add_text(&sql, ") ORDER BY a.xact_start LIMIT 1");
    char *text = buf_take_text(&sql);
    (void)db_ask(m->db, text, on_holder, m);
    mem_free(text);
}

/* ---- The tables ---- */

/* The whole is one message, so that the locks last no longer than the server takes for it. */
static int commit_changes(struct migration *m) {
    struct buf sql = {0};
    if (needs_locks(m))
        buf_printf(&sql,
                   LOCK_TABLES "%.*s IN ACCESS EXCLUSIVE MODE; SET LOCAL lock_timeout TO '2s';\n",
                   SLICE_ARG(buf_slice(&m->to_lock)));
    buf_add_slice(&sql, buf_slice(&m->changes));
    buf_add_text(&sql, "COMMIT");
    return run_text(m, &sql, db_script);
}

/* The locks are tried first, so that nothing is made in vain, and let go until what is new is made:
 * that takes longest. Under the lock of the nodes everything is looked at again: another one may
 * have been faster. */
static int change_tables(struct migration *m) {
    int err = lock_nodes(m);
    if (!err)
        err = study(m);
    const bool was_studied = !err;
    if (!err)
        err = try_locks(m);
    if (!err)
        err = run_text(m, &m->script, db_script);
    if (!err)
        err = commit_changes(m);
    if (err)
        db_rollback(m->db);
    if (err == EAGAIN && was_studied && m->db->is_open && needs_locks(m))
        name_holder(m);
    return err;
}

/* ---- Indexes beside other writers ---- */

static int drop_broken_index(struct migration *m, size_t index) {
    struct buf sql = {0};
    buf_add_text(&sql, "DROP INDEX CONCURRENTLY IF EXISTS ");
    migrate_add_quoted(&sql, m->schema, '"');
    buf_printf(&sql, ".\"%s\"", schema_indexes[index].name);
    return run_text(m, &sql, db_alone);
}

static int grow_index(struct migration *m, size_t index) {
    const struct schema_index *due = &schema_indexes[index];
    struct buf sql = {0};
    m->db->deadline_ms = clock_mono_ms() + (m->is_postgres ? INDEX_MS : FILE_INDEX_MS);
    int err = m->indexes[index] == INDEX_BROKEN ? drop_broken_index(m, index) : 0;
    if (!err) {
        migrate_write_index(m, index, &sql);
        err = run_text(m, &sql, db_alone);
    }
    if (err == EEXIST) {
        if (m->is_postgres)
            (void)drop_broken_index(m, index);
        return migrate_refuse(m,
                              "rows of table \"%s\" have the same %s, which must be unique: "
                              "remove all but one of them",
                              due->table, due->columns);
    }
    if (err && !m->db->is_open)
        snprintf(m->why, m->why_bytes, "index %s of table \"%s\" is being made", due->name,
                 due->table);
    return err;
}

/* One that the server is still at, for us or for another node, is waited for by coming back. SQLite
 * makes each in a transaction of its own, so that others can write in between. */
static int grow_indexes(struct migration *m) {
    for (size_t i = 0; i < schema_index_count; i++) {
        const struct schema_index *due = &schema_indexes[i];
        if (m->indexes[i] == INDEX_GROWING) {
            snprintf(m->why, m->why_bytes, "index %s of table \"%s\" is being made", due->name,
                     due->table);
            return EAGAIN;
        }
        int err = migrate_lacks_index(m, i) ? grow_index(m, i) : 0;
        if (err == EPROTO && !due->is_unique)
            err = 0; /* this role may not make it; all works without, only slower */
        if (err)
            return err;
    }
    return 0;
}

/* ---- What is said of it ---- */

static void list_tables(const struct migration *m, bool is_found, struct buf *out) {
    bool is_first = true;
    for (size_t i = 0; i < schema_table_count; i++) {
        if ((m->tables[i].count > 0) != is_found)
            continue;
        buf_printf(out, "%s%s", is_first ? "" : ", ", schema_tables[i].name);
        is_first = false;
    }
    if (is_first)
        buf_add_text(out, "nothing");
}

static int tell(struct migration *m) {
    struct buf news = {0}, strange = {0}, found = {0};
    int err = migrate_find_strange(m, &strange);
    list_tables(m, true, &found);
    const bool is_adoption =
        m->applied == 0 && !slice_is_equal(buf_slice(&found), SLICE("nothing"));
    if (is_adoption) {
        buf_printf(&news, "adopted: %.*s; made: ", SLICE_ARG(buf_slice(&found)));
        list_tables(m, false, &news);
        buf_add_text(&news, "; ");
    }
    if (is_adoption || strange.len > 0)
        buf_printf(&news, "not understood: %.*s",
                   SLICE_ARG(strange.len ? buf_slice(&strange) : SLICE("nothing")));
    mem_free(m->db->news);
    m->db->news = news.len > 0 ? buf_take_text(&news) : NULL;
    buf_free(&news);
    buf_free(&strange);
    buf_free(&found);
    return err;
}

/* ---- The whole ---- */

static struct migration *migration_new(struct db *db, char *why, size_t why_bytes) {
    struct migration *m = mem_alloc(sizeof *m);
    m->db = db;
    m->is_postgres = strcmp(db->engine->name, "PostgreSQL") == 0;
    m->why = why;
    m->why_bytes = why_bytes;
    return m;
}

static void migration_free(struct migration *m) {
    migrate_forget(m);
    mem_free(m);
}

int db_migrate_state(struct db *db, int *applied, char *why, size_t why_bytes) {
    struct migration *m = migration_new(db, why, why_bytes);
    int err = migrate_survey(m);
    *applied = m->applied;
    migration_free(m);
    return err;
}

static void write_plan(const struct migration *m, struct buf *plan) {
    buf_add_slice(plan, buf_slice(&m->script));
    buf_add_slice(plan, buf_slice(&m->changes));
    for (size_t i = 0; i < schema_index_count; i++) {
        if (!migrate_lacks_index(m, i))
            continue;
        migrate_write_index(m, i, plan);
        buf_add_text(plan, ";\n");
    }
}

static int bring_up_to_date(struct migration *m) {
    int err = m->script.len + m->changes.len > 0 ? change_tables(m) : 0;
    if (!err)
        err = grow_indexes(m);
    if (!err && m->db->is_open)
        m->db->deadline_ms = clock_mono_ms() + TABLES_MS;
    if (!err && !m->is_postgres && db_times_read(m->db))
        err = migrate_fail(m, EAGAIN);
    return err ? err : tell(m);
}

int db_migrate(struct db *db, bool is_dry, struct buf *plan, char *why, size_t why_bytes) {
    struct migration *m = migration_new(db, why, why_bytes);
    db->deadline_ms = clock_mono_ms() + TABLES_MS;
    int err = study(m);
    if (!err && plan)
        write_plan(m, plan);
    if (!err && !is_dry)
        err = bring_up_to_date(m);
    migration_free(m);
    return err;
}
