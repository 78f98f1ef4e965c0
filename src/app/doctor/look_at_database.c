/* The database: whether it can be reached, its tables, and its clock. */
#include "app/doctor/doctor_private.h"
#include "base/clock.h"
#include "outside/db/db.h"
#include "outside/db/db_connect.h"
#include "outside/db/db_url.h"
#include "outside/store/store_admin.h"

#include <stdlib.h>

enum { WHY_SIZE = 512, PATIENCE_MS = 5000, CLOCKS_APART_MS = 2000 };

static void doctor_on_wait(const char *what) {
}

/* A server's clock decides which rows are old, beside ours. SQLite has none of its own. */
static void look_at_clock(struct doctor *doctor, struct db *db) {
    int64_t told_ms = 0, asked_ms = clock_wall_ms();
    if (db_ask(db, "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint",
               db_take_int, &told_ms))
        return;
    int64_t apart_ms = told_ms - (asked_ms + clock_wall_ms()) / 2;
    bool is_apart = llabs(apart_ms) > CLOCKS_APART_MS;
    findings_add(&doctor->findings, is_apart ? FINDING_FAULT : FINDING_GOOD, "database",
                 is_apart ? "set both clocks by NTP" : NULL, "its clock is %.1f s %s ours",
                 (double)llabs(apart_ms) / 1000, apart_ms < 0 ? "behind" : "ahead of");
}

/* Which steps a start would apply. */
static void look_at_steps(struct doctor *doctor) {
    const struct config *config = doctor->config;
    struct store_admin *admin;
    struct buf sql = {0};
    char why[WHY_SIZE] = "";
    if (store_admin_open(&admin, config->database_url, config->default_database, doctor_on_wait,
                         why, sizeof why) ||
        store_admin_migrate(admin, true, &sql, why, sizeof why))
        findings_add(&doctor->findings, FINDING_FAULT, "database",
                     "see docs/database.md; `prosa migrate --status` says more", "%s", why);
    else if (sql.len > 0)
        findings_add(&doctor->findings, FINDING_DOUBT, "database",
                     "the next start does it; `prosa migrate --dry-run` prints the SQL",
                     "its tables are not up to date");
    else
        findings_add(&doctor->findings, FINDING_GOOD, "database", NULL,
                     "its tables are up to date");
    store_admin_close(admin);
    buf_free(&sql);
}

void look_at_database(struct doctor *doctor) {
    const struct config *config = doctor->config;
    struct db_url url;
    struct db *db;
    char why[WHY_SIZE] = "";
    if (db_url_parse_or(&url, config->database_url, config->default_database, why, sizeof why)) {
        findings_add(&doctor->findings, FINDING_FAULT, "database", "mend DATABASE_URL", "%s", why);
        return;
    }
    if (url.engine == DB_SQLITE) {
        findings_add(&doctor->findings, FINDING_GOOD, "database", NULL, "SQLite at %s", url.path);
        db_url_free(&url);
        return;
    }
    if (db_open(&db, &url, clock_mono_ms() + PATIENCE_MS, why, sizeof why)) {
        findings_add(
            &doctor->findings, FINDING_FAULT, "database",
            "check the host, port, user, password and database of DATABASE_URL; the server "
            "runs without it and keeps rows until it is back",
            "%s", why);
    } else {
        findings_add(&doctor->findings, FINDING_GOOD, "database", NULL, "PostgreSQL answers");
        look_at_clock(doctor, db);
        db_close(db);
        look_at_steps(doctor);
    }
    db_url_free(&url);
}
