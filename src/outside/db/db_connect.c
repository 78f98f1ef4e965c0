#include "outside/db/db_connect.h"

#include "outside/db/db.h"
#include "outside/db/db_migrate.h"
#include "outside/db/db_schema.h"

#include <stdio.h>

static int settle(struct db *db, char *why, size_t why_bytes) {
    int applied = 0;
    int err = store_migrate_state(db, &applied, why, why_bytes);
    if (!err && applied < schema_latest)
        err = store_migrate(db, false, NULL, why, why_bytes);
    return err;
}

int store_connect(struct db **out, const struct store_url *url, int64_t deadline_ms, char *why,
                  size_t why_bytes) {
    struct db *db;
    int err = db_open(&db, url, deadline_ms, why, why_bytes);
    if (err)
        return err;
    err = settle(db, why, why_bytes);
    if (err)
        db_close(db);
    else
        *out = db;
    return err;
}

int store_connect_start(struct db **db, const struct store_url *url, char *why, size_t why_bytes) {
    return db_open_start(db, url, why, why_bytes);
}

int store_connect_step(struct db *db, const struct store_url *url, int64_t until_ms, char *why,
                       size_t why_bytes) {
    int err = db_open_step(db, url, until_ms);
    if (err) {
        snprintf(why, why_bytes, "%s", db->why);
        return err;
    }
    return settle(db, why, why_bytes);
}
