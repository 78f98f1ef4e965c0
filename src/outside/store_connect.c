#include "outside/store_connect.h"

#include "outside/store_db.h"
#include "outside/store_migrate.h"
#include "outside/store_schema.h"

int store_connect(struct db **out, const struct store_url *url, int64_t deadline_ms, char *why,
                  size_t why_bytes) {
    struct db *db;
    int err = db_open(&db, url, deadline_ms, why, why_bytes);
    if (err)
        return err;
    int applied = 0;
    err = store_migrate_state(db, &applied, why, why_bytes);
    if (!err && applied < schema_latest)
        err = store_migrate(db, false, NULL, why, why_bytes);
    if (err)
        db_close(db);
    else
        *out = db;
    return err;
}
