/* Every statement of the store, in SQL that SQLite and PostgreSQL both understand. */
#ifndef OUTSIDE_STORE_SQL_H
#define OUTSIDE_STORE_SQL_H

#include "outside/db/db.h"

enum store_sql {
    SQL_PROBE,
    SQL_SESSION_UPSERT,
    SQL_SESSION_END,
    SQL_SESSION_GET,
    SQL_SESSION_OF_ROOM_AT,
    SQL_SESSION_RESOLVE,
    SQL_SESSION_LIST,
    SQL_SESSION_LIST_ACTIVE,
    SQL_SESSION_ASSIGN,
    SQL_FEEDBACK_INSERT,
    SQL_FEEDBACK_LIST,
    SQL_FEEDBACK_REPLAY,
    SQL_FEEDBACK_RENAME,
    SQL_FEEDBACK_LAST_SEQ,
    SQL_FEEDBACK_EXPIRE,
    SQL_USER_COUNT,
    SQL_USER_INSERT,
    SQL_USER_BY_EMAIL,
    SQL_USER_BY_ID,
    SQL_USER_UPGRADE_HASH,
    SQL_ORGANIZATION_INSERT,
    SQL_ORGANIZATION_BY_SLUG,
    SQL_ORGANIZATION_LINKED,
    SQL_ORGANIZATION_LINK,
    SQL_ORGANIZATION_LIST,
    SQL_ORGANIZATION_LOCK,
    SQL_MEMBERSHIP_INSERT,
    SQL_MEMBERSHIP_OF_USER,
    SQL_MEMBERSHIP_ROLE,
    SQL_MEMBERSHIP_OWNERS,
    SQL_MEMBERSHIP_SET_ROLE,
    SQL_MEMBERSHIP_REMOVE,
    SQL_MEMBERSHIP_LIST,
    SQL_TOKEN_INSERT,
    SQL_TOKEN_USE,
    SQL_TOKEN_GET,
    SQL_TOKEN_FAMILY_START,
    SQL_TOKEN_REVOKE_FAMILY,
    SQL_TOKEN_REVOKE_BY_HASH,
    SQL_TOKEN_REVOKE_USER,
    SQL_TOKEN_REVOKE_MEMBER,
    SQL_TOKEN_EXPIRE,
    SQL_ACCESS_CHECK,
    SQL_INVITATION_INSERT,
    SQL_INVITATION_GET,
    SQL_INVITATION_USE,
    SQL_RECORDING_PUT,
    SQL_RECORDING_GET,
    SQL_RECORDING_LIST,
    SQL_RECORDING_LIST_OLDER,
    SQL_RECORDING_DELETE,
    SQL_RECORDING_DELETE_MEETING,
    SQL_RECORDING_RENAME,
    SQL_FEEDBACK_DELETE,
    SQL_SESSION_DELETE,
    SQL_AUDIT_INSERT,
    SQL_EGRESS_STOP_ADD,
    SQL_EGRESS_STOP_LIST,
    SQL_EGRESS_STOP_FORGET,
    SQL_PARTICIPANT_PUT,
    SQL_PARTICIPANT_LEAVE_ALL,
    SQL_PARTICIPANT_LIST,
    SQL_PARTICIPANT_DELETE,
    SQL_PARTICIPANT_EXPIRE,
    SQL_REPORT_PUT,
    SQL_REPORT_GET,
    SQL_REPORT_DELETE,
    SQL_REPORT_EXPIRE,
    SQL_STATEMENTS,
};

struct db_sql store_sql(enum store_sql);

/* Runs one of these statements. */
int store_run(struct db *, enum store_sql, const struct db_value *values, size_t count, db_row_fn *,
              void *arg);

#define STORE_RUN(db, sql, on_row, arg, ...)                                                       \
    store_run((db), (sql), (const struct db_value[]){__VA_ARGS__},                                 \
              sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value), (on_row),  \
              (arg))
/* One that answers no rows. */
#define STORE_WRITE(db, sql, ...) STORE_RUN(db, sql, NULL, NULL, __VA_ARGS__)

#endif
