#include "outside/store/store_expire.h"

#include "base/macros.h"
#include "outside/db/db.h"
#include "outside/store/store_sql.h"

/* Longer than any family of refresh tokens lives. */
#define TOKEN_KEEP_MS (INT64_C(100) * 24 * 3600 * 1000)

int store_expire(struct db *db, int64_t now_ms, int64_t rows, int64_t *feedback) {
    static const enum store_sql others[] = {SQL_PARTICIPANT_EXPIRE, SQL_REPORT_EXPIRE,
                                            SQL_VERDICT_EXPIRE, SQL_RIGHT_EXPIRE,
                                            SQL_DELIVERY_EXPIRE};
    int err = STORE_WRITE(db, SQL_FEEDBACK_EXPIRE, db_time(now_ms), db_int(rows), db_time(0));
    if (err)
        return err;
    *feedback = db->changed;
    (void)STORE_WRITE(db, SQL_TOKEN_EXPIRE, db_time(now_ms - TOKEN_KEEP_MS), db_int(rows),
                      db_time(0));
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        (void)STORE_WRITE(db, others[i], db_time(now_ms), db_int(rows), db_time(0));
    return 0;
}
