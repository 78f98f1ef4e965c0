#include "outside/db/db_postgres.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "outside/db/db.h"
#include "outside/db/db_sqlstate.h"
#include "outside/db/db_statement.h"
#include "outside/db/db_url.h"

#include <assert.h>
#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Only libpq's non-blocking calls are used, and the deadline limits every wait: a server that is
 * stopped, but not dead, neither answers nor closes its connections. A wait that reaches the
 * deadline closes the connection.
 */
enum {
    /* the server's own limit of a statement, shorter than the deadline of a call */
    STATEMENT_MS = 1500,
    SET_UP_MS = 1500,
    /* a handshake without progress for so long is started again */
    SILENCE_MS = 3000,
};

struct postgres_db {
    struct db db;
    PGconn *handle;
    /* while it connects: the next step, and when the server last took one */
    PostgresPollingStatusType next;
    int64_t heard_ms;
    bool is_pgbouncer;
    unsigned statement_ms;
    bool is_prepared[DB_STATEMENTS_MAX];
    /* the settings; behind PgBouncer what begins a transaction */
    char *begin;
};

static struct postgres_db *postgres_of(struct db *db) {
    return CONTAINER_OF(db, struct postgres_db, db);
}

static void set_why(struct postgres_db *p, const char *text) {
    size_t len = strcspn(text, "\n");
    snprintf(p->db.why, sizeof p->db.why, "%.*s", (int)(len < 200 ? len : 200), text);
}

static int postgres_give_up(struct postgres_db *p, const char *why) {
    set_why(p, why);
    p->db.is_open = false;
    return EAGAIN;
}

static int postgres_fail(struct postgres_db *p, const PGresult *result) {
    const char *words = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    set_why(p, words ? words : PQerrorMessage(p->handle));
    if (sqlstate_is_of_a_pool(state) && !p->is_pgbouncer) {
        const size_t len = strlen(p->db.why);
        snprintf(p->db.why + len, sizeof p->db.why - len,
                 " (behind PgBouncer DATABASE_URL needs pgbouncer=true)");
    }
    if (PQstatus(p->handle) == CONNECTION_BAD || sqlstate_ends_connection(state))
        p->db.is_open = false;
    return sqlstate_errno(state);
}

/* Waits until the socket is ready for any of `events`. False: the deadline has passed. */
static bool postgres_wait(struct postgres_db *p, short events) {
    for (;;) {
        int64_t left_ms = p->db.deadline_ms - clock_mono_ms();
        struct pollfd fd = {.fd = PQsocket(p->handle), .events = events};
        int ready = poll(&fd, 1, left_ms <= 0 ? 0 : left_ms > 60000 ? 60000 : (int)left_ms);
        if (ready > 0)
            return true;
        if ((ready < 0 && errno != EINTR) || left_ms <= 0)
            return false;
    }
}

/* Sends what is buffered and waits until the next result is complete. */
static int await_result(struct postgres_db *p, PGresult **result) {
    for (;;) {
        int unsent = PQflush(p->handle);
        if (unsent < 0)
            return postgres_give_up(p, PQerrorMessage(p->handle));
        if (!unsent && !PQisBusy(p->handle))
            break;
        if (!postgres_wait(p, unsent ? POLLIN | POLLOUT : POLLIN))
            return postgres_give_up(p, "the server does not answer");
        if (!PQconsumeInput(p->handle))
            return postgres_give_up(p, PQerrorMessage(p->handle));
    }
    *result = PQgetResult(p->handle);
    return 0;
}

static int take_result(struct postgres_db *p, PGresult *result, db_row_fn *on_row, void *arg) {
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY)
        return postgres_fail(p, result);
    p->db.changed += atoll(PQcmdTuples(result));
    for (int i = 0; on_row && i < PQntuples(result); i++) {
        const struct db_row row = {.db = &p->db, .result = result, .index = i};
        on_row(&row, arg);
    }
    return 0;
}

/* Reads all results of one query and returns the first error. */
static int take_all(struct postgres_db *p, db_row_fn *on_row, void *arg) {
    int err = 0;
    for (;;) {
        PGresult *result = NULL;
        int broken = await_result(p, &result);
        if (broken)
            return broken;
        if (!result)
            return err;
        if (!err)
            err = take_result(p, result, on_row, arg);
        PQclear(result);
    }
}

static int script_here(struct postgres_db *p, const char *text, db_row_fn *on_row, void *arg) {
    p->db.changed = 0;
    if (!PQsendQuery(p->handle, text))
        return postgres_fail(p, NULL);
    return take_all(p, on_row, arg);
}

/* Behind PgBouncer the search path lasts for one transaction, so every statement needs one. */
static bool needs_transaction(const struct postgres_db *p) {
    return p->is_pgbouncer && PQtransactionStatus(p->handle) == PQTRANS_IDLE;
}

static int postgres_script(struct db *db, const char *text, db_row_fn *on_row, void *arg) {
    struct postgres_db *p = postgres_of(db);
    if (!needs_transaction(p))
        return script_here(p, text, on_row, arg);
    int err = script_here(p, p->begin, NULL, NULL);
    if (err || strcmp(text, p->begin) == 0)
        return err;
    err = script_here(p, text, on_row, arg);
    int64_t changed = p->db.changed;
    if (!p->db.is_open)
        return err;
    int end_err = script_here(p, err ? "ROLLBACK" : "COMMIT", NULL, NULL);
    p->db.changed = changed;
    return err ? err : end_err;
}

/* Behind PgBouncer the statement's session is anybody's, so nothing is set there. */
static int postgres_alone(struct db *db, const char *text) {
    struct postgres_db *p = postgres_of(db);
    if (p->is_pgbouncer)
        return script_here(p, text, NULL, NULL);
    int err = script_here(p, "SET statement_timeout TO 0", NULL, NULL);
    if (!err)
        err = script_here(p, text, NULL, NULL);
    if (!p->db.is_open)
        return err;
    char why[DB_WHY_BYTES], limit[64];
    memcpy(why, p->db.why, sizeof why);
    snprintf(limit, sizeof limit, "SET statement_timeout TO %u", p->statement_ms);
    int limit_err = script_here(p, limit, NULL, NULL);
    if (err)
        memcpy(p->db.why, why, sizeof why);
    return err ? err : limit_err;
}

/* Values in libpq's form: terminated texts, in one block. */
struct postgres_values {
    struct buf block;
    const char *texts[DB_VALUES_MAX];
};

static void add_argument(struct buf *block, const struct db_value *value) {
    char time[TEXT_ISO_SIZE];
    switch (value->kind) {
    case DB_NULL:
        return;
    case DB_TEXT:
        buf_add_slice(block, value->text);
        break;
    case DB_INT:
        buf_printf(block, "%lld", (long long)value->number);
        break;
    case DB_TIME:
        text_iso_time(value->number, time);
        buf_add_text(block, time);
        break;
    }
    buf_add_byte(block, 0);
}

static void fill_arguments(struct postgres_values *a, const struct db_value *values, size_t count) {
    size_t starts[DB_VALUES_MAX];
    assert(count <= DB_VALUES_MAX);
    buf_clear(&a->block);
    for (size_t i = 0; i < count; i++) {
        starts[i] = a->block.len;
        add_argument(&a->block, &values[i]);
    }
    for (size_t i = 0; i < count; i++)
        a->texts[i] = values[i].kind == DB_NULL ? NULL : a->block.data + starts[i];
}

/* PostgreSQL's texts cannot hold a zero byte, and libpq would cut them off there. */
static int check_values(struct postgres_db *p, const struct db_value *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct slice text = values[i].text;
        if (values[i].kind == DB_TEXT && text.len > 0 && memchr(text.ptr, 0, text.len)) {
            set_why(p, "a text holds a zero byte");
            return EINVAL;
        }
    }
    return 0;
}

static void name_of(const struct db_sql *sql, char name[16]) {
    snprintf(name, 16, "prosa_%u", sql->id);
}

static int postgres_prepare(struct postgres_db *p, const struct db_sql *sql) {
    assert(sql->id < DB_STATEMENTS_MAX);
    if (p->is_pgbouncer || p->is_prepared[sql->id])
        return 0;
    char name[16];
    name_of(sql, name);
    if (!PQsendPrepare(p->handle, name, db_statement(&p->db, sql), 0, NULL))
        return postgres_fail(p, NULL);
    int err = take_all(p, NULL, NULL);
    p->is_prepared[sql->id] = !err;
    return err;
}

static int send(struct postgres_db *p, const struct db_sql *sql, const struct postgres_values *a,
                size_t count) {
    char name[16];
    name_of(sql, name);
    int sent = p->is_pgbouncer
                   ? PQsendQueryParams(p->handle, db_statement(&p->db, sql), (int)count, NULL,
                                       a->texts, NULL, NULL, 0)
                   : PQsendQueryPrepared(p->handle, name, (int)count, a->texts, NULL, NULL, 0);
    return sent ? 0 : postgres_fail(p, NULL);
}

static int run_here(struct postgres_db *p, const struct db_sql *sql, const struct db_value *values,
                    size_t count, db_row_fn *on_row, void *arg) {
    struct postgres_values a = {0};
    int err = check_values(p, values, count);
    if (!err)
        err = postgres_prepare(p, sql);
    p->db.changed = 0;
    if (!err) {
        fill_arguments(&a, values, count);
        err = send(p, sql, &a, count);
    }
    if (!err)
        err = take_all(p, on_row, arg);
    buf_free(&a.block);
    return err;
}

static int postgres_run(struct db *db, const struct db_sql *sql, const struct db_value *values,
                        size_t count, db_row_fn *on_row, void *arg) {
    struct postgres_db *p = postgres_of(db);
    if (!needs_transaction(p))
        return run_here(p, sql, values, count, on_row, arg);
    int err = db_begin(db);
    return err ? err : db_end(db, run_here(p, sql, values, count, on_row, arg));
}

/* A NULL result ends each statement of a pipeline, PGRES_PIPELINE_SYNC the pipeline. */
static int take_pipeline(struct postgres_db *p) {
    int err = 0;
    for (;;) {
        PGresult *result = NULL;
        int broken = await_result(p, &result);
        if (broken)
            return broken;
        if (!result)
            continue;
        ExecStatusType status = PQresultStatus(result);
        if (status != PGRES_PIPELINE_SYNC && status != PGRES_PIPELINE_ABORTED && !err)
            err = take_result(p, result, NULL, NULL);
        PQclear(result);
        if (status == PGRES_PIPELINE_SYNC)
            return err;
    }
}

/* The statements before a synchronisation point are one transaction and one round trip. */
static int batch_in_pipeline(struct postgres_db *p, const struct db_sql *sql,
                             const struct db_value *rows, size_t columns, size_t count) {
    struct postgres_values a = {0};
    if (!PQenterPipelineMode(p->handle))
        return postgres_fail(p, NULL);
    int broken = 0;
    for (size_t i = 0; i < count && !broken; i++) {
        fill_arguments(&a, rows + i * columns, columns);
        broken = send(p, sql, &a, columns);
    }
    buf_free(&a.block);
    if (!broken && !PQpipelineSync(p->handle))
        broken = postgres_fail(p, NULL);
    if (broken)
        return postgres_give_up(p, "the connection broke in a batch");
    p->db.changed = 0;
    int err = take_pipeline(p);
    if (p->db.is_open && !PQexitPipelineMode(p->handle))
        return postgres_give_up(p, PQerrorMessage(p->handle));
    return err;
}

static int postgres_batch(struct db *db, const struct db_sql *sql, const struct db_value *rows,
                          size_t columns, size_t count) {
    struct postgres_db *p = postgres_of(db);
    if (p->is_pgbouncer)
        return db_batch_singly(db, sql, rows, columns, count);
    int err = check_values(p, rows, columns * count);
    if (!err)
        err = postgres_prepare(p, sql);
    return err ? err : batch_in_pipeline(p, sql, rows, columns, count);
}

static struct slice postgres_text(const struct db_row *row, unsigned column) {
    const PGresult *result = row->result;
    return slice_of(PQgetvalue(result, row->index, (int)column),
                    (size_t)PQgetlength(result, row->index, (int)column));
}

static int64_t postgres_number(const struct db_row *row, unsigned column) {
    return atoll(PQgetvalue(row->result, row->index, (int)column));
}

/* "2026-11-22 12:00:00.5", followed by "+00" if the column has a zone: the session's is UTC. */
static int64_t postgres_time(const struct db_row *row, unsigned column) {
    struct slice text = postgres_text(row, column);
    char iso[40];
    int64_t unix_ms = 0;
    if (slice_has_suffix(text, SLICE("+00")))
        text.len -= 3;
    if (text.len < 11 || text.len > sizeof iso - 2)
        return 0;
    snprintf(iso, sizeof iso, "%.*sZ", SLICE_ARG(text));
    iso[10] = 'T';
    return text_parse_iso_time(slice_from(iso), &unix_ms) ? unix_ms : 0;
}

static void postgres_forget(struct db *db) {
    db_statement_forget(db);
}

static void postgres_close(struct db *db) {
    struct postgres_db *p = postgres_of(db);
    PQfinish(p->handle);
    mem_free(p->begin);
    mem_free(p);
}

static const struct db_engine engine = {
    .name = "PostgreSQL",
    .close = postgres_close,
    .run = postgres_run,
    .batch = postgres_batch,
    .script = postgres_script,
    .alone = postgres_alone,
    .forget = postgres_forget,
    .text = postgres_text,
    .number = postgres_number,
    .time = postgres_time,
};

/* Continues the handshake until `until_ms`. libpq may change the descriptor between steps. */
static int connect_step(struct postgres_db *p, const struct db_url *url, int64_t until_ms) {
    const int64_t patience_ms = url->connect_timeout_ms ? url->connect_timeout_ms : SILENCE_MS;
    p->db.deadline_ms = until_ms;
    while (p->next != PGRES_POLLING_OK) {
        if (p->next == PGRES_POLLING_FAILED)
            return postgres_give_up(p, PQerrorMessage(p->handle));
        if (!postgres_wait(p, p->next == PGRES_POLLING_READING ? POLLIN : POLLOUT)) {
            bool is_silent = clock_mono_ms() - p->heard_ms >= patience_ms;
            return is_silent ? postgres_give_up(p, "the server does not answer") : EINPROGRESS;
        }
        p->next = PQconnectPoll(p->handle);
        p->heard_ms = clock_mono_ms();
    }
    return 0;
}

static void ignore_notice(void *arg, const char *notice) {
}

/*
 * Everything of a session that our statements rely on, whatever the server, the database, the role
 * or the environment say otherwise. Behind PgBouncer a setting lasts for one transaction, so all of
 * them begin each. The client's encoding is a parameter of the connection, which PgBouncer keeps.
 */
static const char *const session_settings[] = {
    "TimeZone TO 'UTC'",
    "DateStyle TO 'ISO, YMD'",
    "standard_conforming_strings TO on",
    "quote_all_identifiers TO off",
    "lock_timeout TO 0",
};

/* The timeouts make the server release our locks if this process vanishes in the middle of a
 * transaction. A session that only waits is not ended: not every server knows that setting. */
static const char lasting_settings[] =
    "SET default_transaction_isolation TO 'read committed';"
    "SET idle_in_transaction_session_timeout TO 30000; SET tcp_keepalives_idle TO 10;"
    "SET tcp_keepalives_interval TO 5; SET tcp_keepalives_count TO 3;"
    "SELECT set_config(name, '0', false) FROM pg_settings "
    "WHERE name IN ('idle_session_timeout', 'transaction_timeout')";

static int postgres_set_up(struct postgres_db *p, const struct db_url *url) {
    const char *local = url->is_pgbouncer ? "LOCAL " : "";
    char *schema = PQescapeIdentifier(p->handle, url->schema, strlen(url->schema));
    struct buf settings = {0};
    if (!schema)
        return EINVAL;
    p->is_pgbouncer = url->is_pgbouncer;
    p->statement_ms = url->socket_timeout_ms ? url->socket_timeout_ms : STATEMENT_MS;
    if (url->is_pgbouncer)
        buf_add_text(&settings, "BEGIN ISOLATION LEVEL READ COMMITTED; ");
    buf_printf(&settings, "SET %ssearch_path TO %s; SET %sstatement_timeout TO %u", local, schema,
               local, p->statement_ms);
    for (size_t i = 0; i < ARRAY_LEN(session_settings); i++)
        buf_printf(&settings, "; SET %s%s", local, session_settings[i]);
    PQfreemem(schema);
    mem_free(p->begin);
    p->begin = buf_take_text(&settings);
    p->db.begin = p->is_pgbouncer ? p->begin : "BEGIN";
    if (p->is_pgbouncer)
        return 0;
    int err = script_here(p, p->begin, NULL, NULL);
    return err ? err : script_here(p, lasting_settings, NULL, NULL);
}

int db_postgres_start(struct db **out, const struct db_url *url, char *why, size_t why_bytes) {
    struct postgres_db *p = mem_alloc(sizeof *p);
    const char *values[DB_URL_KEYS + 1] = {NULL};
    for (size_t i = 0; i < DB_URL_KEYS && url->keys[i]; i++)
        values[i] = url->values[i];
    p->db.engine = &engine;
    p->handle = PQconnectStartParams(url->keys, values, 0);
    if (!p->handle || PQstatus(p->handle) == CONNECTION_BAD) {
        postgres_give_up(p, p->handle ? PQerrorMessage(p->handle) : "no memory");
        snprintf(why, why_bytes, "%s", p->db.why);
        postgres_close(&p->db);
        return EAGAIN;
    }
    p->next = PGRES_POLLING_WRITING;
    p->heard_ms = clock_mono_ms();
    *out = &p->db;
    return 0;
}

int db_postgres_step(struct db *db, const struct db_url *url, int64_t until_ms) {
    struct postgres_db *p = postgres_of(db);
    int err = connect_step(p, url, until_ms);
    if (err)
        return err;
    int64_t set_up_ms = clock_mono_ms() + SET_UP_MS;
    p->db.deadline_ms = set_up_ms > until_ms ? set_up_ms : until_ms;
    p->db.is_open = true;
    PQsetnonblocking(p->handle, 1);
    PQsetNoticeProcessor(p->handle, ignore_notice, NULL);
    return postgres_set_up(p, url);
}
