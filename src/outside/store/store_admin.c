#include "outside/store/store_admin.h"

#include "base/clock.h"
#include "base/mem.h"
#include "outside/db/db.h"
#include "outside/db/db_connect.h"
#include "outside/db/db_migrate.h"
#include "outside/db/db_schema.h"
#include "outside/db/db_sqlite.h"
#include "outside/db/db_times.h"
#include "outside/db/db_url.h"
#include "outside/store/store.h"
#include "outside/store/store_sql.h"
#include "outside/store/store_verdict.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 10 * 1000,
    FEEDBACK_MAX = 1000000,
    FILE_MS = 500,
    TABLES_PATIENCE_MS = 60 * 1000,
    AGAIN_US = 200 * 1000,
};

struct store_admin {
    struct db_url url;
    struct db *db;
    store_admin_wait_fn *on_wait;
    /* what on_wait was told last */
    char said[DB_WHY_BYTES];
};

static void say(struct store_admin *admin, const char *why) {
    if (admin->on_wait && strcmp(admin->said, why) != 0)
        admin->on_wait(why);
    snprintf(admin->said, sizeof admin->said, "%s", why);
}

static int explain(const struct store_admin *admin, int err, char *why, size_t why_bytes) {
    if (err)
        snprintf(why, why_bytes, "%s: %s", admin->db->engine->name, admin->db->why);
    return err;
}

static int open_patiently(struct store_admin *admin, char *why, size_t why_bytes) {
    const int64_t until_ms = clock_mono_ms() + PATIENCE_MS;
    const int64_t each_ms = admin->url.engine == DB_SQLITE ? FILE_MS : PATIENCE_MS;
    for (;;) {
        int err = db_open(&admin->db, &admin->url, clock_mono_ms() + each_ms, why, why_bytes);
        if (err != EBUSY || clock_mono_ms() >= until_ms)
            return err;
        say(admin, why);
    }
}

int store_admin_open(struct store_admin **out, const char *url, const char *default_path,
                     store_admin_wait_fn *on_wait, char *why, size_t why_bytes) {
    struct store_admin *admin = mem_alloc(sizeof *admin);
    admin->on_wait = on_wait;
    int err = db_url_parse_or(&admin->url, url, default_path, why, why_bytes);
    if (!err)
        err = open_patiently(admin, why, why_bytes);
    if (err) {
        store_admin_close(admin);
        return err;
    }
    *out = admin;
    return 0;
}

void store_admin_close(struct store_admin *admin) {
    if (!admin)
        return;
    db_close(admin->db);
    db_url_free(&admin->url);
    mem_free(admin);
}

int store_admin_status(struct store_admin *admin, struct buf *lines, char *why, size_t why_bytes) {
    int applied = 0;
    int err = db_migrate_state(admin->db, &applied, why, why_bytes);
    for (int i = 0; i < schema_latest && !err; i++)
        buf_printf(lines, "%2d  %-8s %s\n", i + 1, i < applied ? "applied" : "missing",
                   schema_migrations[i]);
    return err;
}

/* An attempt may have closed the connection. */
static int reopen(struct store_admin *admin, char *why, size_t why_bytes) {
    if (admin->db->is_open)
        return 0;
    struct db *again;
    int err = db_open(&again, &admin->url, clock_mono_ms() + PATIENCE_MS, why, why_bytes);
    if (err)
        return err;
    db_close(admin->db);
    admin->db = again;
    return 0;
}

int store_admin_migrate(struct store_admin *admin, bool is_dry, struct buf *sql, char *why,
                        size_t why_bytes) {
    const int64_t until_ms = clock_mono_ms() + TABLES_PATIENCE_MS;
    struct buf plan = {0};
    for (;;) {
        buf_clear(&plan);
        int err = reopen(admin, why, why_bytes);
        if (!err)
            err = db_migrate(admin->db, is_dry, &plan, why, why_bytes);
        if (!err && sql)
            buf_add_slice(sql, buf_slice(&plan));
        if (err != EAGAIN || clock_mono_ms() >= until_ms) {
            buf_free(&plan);
            return err;
        }
        say(admin, why);
        usleep(AGAIN_US);
    }
}

const char *store_admin_news(const struct store_admin *admin) {
    return admin->db->news;
}

int store_admin_convert_times(struct store_admin *admin, bool to_text, char *why,
                              size_t why_bytes) {
    if (admin->url.engine == DB_SQLITE)
        return db_times_convert(admin->db, to_text, why, why_bytes);
    snprintf(why, why_bytes, "the times of a PostgreSQL database have only one form");
    return EINVAL;
}

int store_admin_backup(struct store_admin *admin, const char *path, char *why, size_t why_bytes) {
    if (admin->url.engine != DB_SQLITE) {
        snprintf(why, why_bytes,
                 "DATABASE_URL is a PostgreSQL database: back it up with pg_dump "
                 "--format=custom, restore it with pg_restore");
        return EINVAL;
    }
    return db_sqlite_backup(admin->db, path, why, why_bytes);
}

static int refuse_slug(struct slice slug, char *why, size_t why_bytes) {
    snprintf(why, why_bytes, "There is no organization %.*s", (int)(slug.len < 64 ? slug.len : 64),
             slug.ptr);
    return ENOENT;
}

int store_admin_assign(struct store_admin *admin, struct slice slug, struct slice meeting_id,
                       int64_t *count, char *why, size_t why_bytes) {
    bool is_known = false;
    admin->db->deadline_ms = clock_mono_ms() + PATIENCE_MS;
    int err =
        STORE_RUN(admin->db, SQL_ORGANIZATION_BY_SLUG, db_take_found, &is_known, db_text(slug));
    if (!err && !is_known)
        return refuse_slug(slug, why, why_bytes);
    if (!err)
        err = STORE_WRITE(admin->db, SQL_SESSION_ASSIGN, db_text(slug), db_text(meeting_id));
    *count = admin->db->changed;
    return explain(admin, err, why, why_bytes);
}

static void store_admin_on_user(const struct db_row *row, void *arg) {
    struct store_admin_user *user = arg;
    buf_add_slice(&user->email, db_row_text(row, 1));
    buf_add_slice(&user->password_hash, db_row_text(row, 3));
    user->is_disabled = db_row_text(row, 4).len > 0;
    user->is_found = true;
}

int store_admin_find_user(struct store_admin *admin, struct slice email,
                          struct store_admin_user *user, char *why, size_t why_bytes) {
    admin->db->deadline_ms = clock_mono_ms() + PATIENCE_MS;
    int err = STORE_RUN(admin->db, SQL_USER_BY_EMAIL, store_admin_on_user, user, db_text(email));
    return explain(admin, err, why, why_bytes);
}

int store_admin_link(struct store_admin *admin, struct slice slug, bool is_linked, char *why,
                     size_t why_bytes) {
    admin->db->deadline_ms = clock_mono_ms() + PATIENCE_MS;
    int err = STORE_WRITE(admin->db, SQL_ORGANIZATION_LINK, db_text(slug),
                          db_maybe_time(is_linked ? clock_wall_ms() : 0));
    if (!err && admin->db->changed == 0)
        return refuse_slug(slug, why, why_bytes);
    return explain(admin, err, why, why_bytes);
}

static void on_organization_row(const struct db_row *row, void *arg) {
    struct slice name = db_row_text(row, 1), slug = db_row_text(row, 2);
    buf_printf(arg, "%-40.*s %-8s %.*s\n", SLICE_ARG(slug),
               db_row_text(row, 3).len > 0 ? "linked" : "-", SLICE_ARG(name));
}

int store_admin_organizations(struct store_admin *admin, struct buf *lines, char *why,
                              size_t why_bytes) {
    admin->db->deadline_ms = clock_mono_ms() + PATIENCE_MS;
    int err = store_run(admin->db, SQL_ORGANIZATION_LIST, NULL, 0, on_organization_row, lines);
    return explain(admin, err, why, why_bytes);
}

struct feedback_reader {
    store_admin_feedback_fn *fn;
    void *user;
};

static void on_feedback_row(const struct db_row *row, void *arg) {
    const struct feedback_reader *reader = arg;
    struct store_feedback feedback = {
        .id = db_row_text(row, 0),
        .meeting_id = db_row_text(row, 1),
        .participant_id = db_row_text(row, 2),
        .participant_name = db_row_text(row, 3),
        .type = db_row_text(row, 4),
        .severity = db_row_text(row, 5),
        .ts_ms = db_row_time(row, 6),
        .window_start_ms = db_row_time(row, 7),
        .window_end_ms = db_row_time(row, 8),
        .message = db_row_text(row, 9),
        .tips = db_row_text(row, 10),
        .metadata = db_row_text(row, 11),
        .seq = db_row_int(row, 12),
    };
    reader->fn(&feedback, reader->user);
}

int store_admin_feedback(struct store_admin *admin, struct slice meeting_id, char *why,
                         size_t why_bytes, store_admin_feedback_fn *fn, void *user) {
    struct feedback_reader reader = {fn, user};
    admin->db->deadline_ms = clock_mono_ms() + PATIENCE_MS;
    int err = STORE_RUN(admin->db, SQL_FEEDBACK_REPLAY, on_feedback_row, &reader,
                        db_text(meeting_id), db_int(-1), db_int(FEEDBACK_MAX));
    return explain(admin, err, why, why_bytes);
}

struct verdict_reader {
    store_admin_verdict_fn *fn;
    void *user;
};

static void on_verdict_row(const struct db_row *row, void *arg) {
    const struct verdict_reader *reader = arg;
    struct store_verdict verdict = {
        .id = db_row_text(row, 0),
        .verdict = db_row_text(row, 1),
        .type = db_row_text(row, 2),
        .participant_id = db_row_text(row, 3),
        .feedback_id = db_row_text(row, 4),
        .by = db_row_text(row, 5),
        .until_ms = db_row_time(row, 6),
        .said_ms = db_row_time(row, 7),
    };
    reader->fn(&verdict, reader->user);
}

int store_admin_verdicts(struct store_admin *admin, struct slice meeting_id, char *why,
                         size_t why_bytes, store_admin_verdict_fn *fn, void *user) {
    struct verdict_reader reader = {fn, user};
    admin->db->deadline_ms = clock_mono_ms() + PATIENCE_MS;
    int err = STORE_RUN(admin->db, SQL_VERDICT_LIST, on_verdict_row, &reader, db_text(meeting_id),
                        db_int(STORE_VERDICTS_MAX));
    return explain(admin, err, why, why_bytes);
}
