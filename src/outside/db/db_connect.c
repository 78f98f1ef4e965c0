#include "outside/db/db_connect.h"

#include "base/clock.h"
#include "outside/db/db.h"
#include "outside/db/db_migrate.h"
#include "outside/db/db_postgres.h"
#include "outside/db/db_sqlite.h"
#include "outside/db/db_url.h"

#include <errno.h>
#include <stdio.h>

enum { FILE_MS = 1000 };

int db_open(struct db **out, const struct db_url *url, int64_t deadline_ms, char *why,
            size_t why_bytes) {
    if (url->engine == DB_SQLITE)
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

int db_connect(struct db **out, const struct db_url *url, int64_t deadline_ms, char *why,
               size_t why_bytes) {
    struct db *db;
    int err = db_open(&db, url, deadline_ms, why, why_bytes);
    if (err)
        return err;
    err = db_migrate(db, false, NULL, why, why_bytes);
    if (err)
        db_close(db);
    else
        *out = db;
    return err;
}

int db_connect_start(struct db **out, const struct db_url *url, char *why, size_t why_bytes) {
    return url->engine == DB_SQLITE
               ? db_sqlite_open(out, url, clock_mono_ms() + FILE_MS, why, why_bytes)
               : db_postgres_start(out, url, why, why_bytes);
}

int db_connect_step(struct db *db, const struct db_url *url, int64_t until_ms, char *why,
                    size_t why_bytes) {
    int err = url->engine == DB_SQLITE ? 0 : db_postgres_step(db, url, until_ms);
    if (err) {
        snprintf(why, why_bytes, "%s", db->why);
        return err;
    }
    return db_migrate(db, false, NULL, why, why_bytes);
}
