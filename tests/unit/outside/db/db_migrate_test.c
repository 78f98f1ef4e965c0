/* A database that the former backend's Prisma migrations made, in SQL of our own, is adopted
 * without losing a row. */
#include "base/buf.h"
#include "outside/db/db.h"
#include "outside/db/db_migrate.h"
#include "outside/store/store.h"
#include "store_answer.h"
#include "store_fixture.h"
#include "unit.h"

#include <errno.h>
#include <stdio.h>

/* As such a backend leaves it: quoted names, enumerations with seven of the types, TIMESTAMP(3),
 * its own table of migrations. */
static const char former_tables[] =
    "CREATE TYPE \"SessionStatus\" AS ENUM ('ACTIVE', 'ENDED');"
    "CREATE TYPE \"FeedbackSeverity\" AS ENUM ('info', 'warning', 'critical');"
    "CREATE TYPE \"FeedbackType\" AS ENUM ('silencio_prolongado', 'volume_baixo', 'volume_alto', "
    "'tendencia_emocional_negativa', 'engajamento_baixo', 'overlap_fala', 'monologo_prolongado');"
    "CREATE TABLE \"Session\" (\"id\" TEXT NOT NULL, \"meetingId\" TEXT NOT NULL, \"roomSid\" "
    "TEXT, "
    "\"roomName\" TEXT NOT NULL, \"status\" \"SessionStatus\" NOT NULL DEFAULT 'ACTIVE', "
    "\"startedAt\" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, \"endedAt\" TIMESTAMP(3), "
    "CONSTRAINT \"Session_pkey\" PRIMARY KEY (\"id\"));"
    "CREATE UNIQUE INDEX \"Session_meetingId_key\" ON \"Session\"(\"meetingId\");"
    "CREATE UNIQUE INDEX \"Session_roomSid_key\" ON \"Session\"(\"roomSid\");"
    "CREATE INDEX \"Session_roomName_idx\" ON \"Session\"(\"roomName\");"
    "CREATE TABLE \"FeedbackEvent\" (\"id\" TEXT NOT NULL, \"meetingId\" TEXT NOT NULL, "
    "\"participantId\" TEXT NOT NULL, \"type\" \"FeedbackType\" NOT NULL, \"severity\" "
    "\"FeedbackSeverity\" NOT NULL, "
    "\"ts\" TIMESTAMP(3) NOT NULL, \"windowStart\" TIMESTAMP(3) NOT NULL, \"windowEnd\" "
    "TIMESTAMP(3) NOT NULL, "
    "\"message\" TEXT NOT NULL, \"metadata\" JSONB, \"createdAt\" TIMESTAMP(3) NOT NULL DEFAULT "
    "CURRENT_TIMESTAMP, "
    "\"expiresAt\" TIMESTAMP(3) NOT NULL, CONSTRAINT \"FeedbackEvent_pkey\" PRIMARY KEY (\"id\"));"
    "CREATE INDEX \"FeedbackEvent_meetingId_ts_idx\" ON \"FeedbackEvent\"(\"meetingId\", \"ts\");"
    "CREATE TABLE \"User\" (\"id\" TEXT NOT NULL, \"email\" TEXT NOT NULL, \"name\" TEXT, "
    "\"createdAt\" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, \"updatedAt\" TIMESTAMP(3) NOT "
    "NULL, "
    "CONSTRAINT \"User_pkey\" PRIMARY KEY (\"id\"));"
    "CREATE UNIQUE INDEX \"User_email_key\" ON \"User\"(\"email\");"
    "CREATE TABLE \"_prisma_migrations\" (\"id\" VARCHAR(36) NOT NULL PRIMARY KEY, \"checksum\" "
    "VARCHAR(64) NOT NULL, "
    "\"finished_at\" TIMESTAMPTZ, \"migration_name\" VARCHAR(255) NOT NULL, \"logs\" TEXT, "
    "\"rolled_back_at\" TIMESTAMPTZ, "
    "\"started_at\" TIMESTAMPTZ NOT NULL DEFAULT now(), \"applied_steps_count\" INTEGER NOT NULL "
    "DEFAULT 0);"
    "INSERT INTO \"_prisma_migrations\" (\"id\", \"checksum\", \"migration_name\") VALUES ('m1', "
    "'c', '2025_init')";

static const char former_rows[] =
    "INSERT INTO \"Session\" (\"id\", \"meetingId\", \"roomSid\", \"roomName\", \"status\", "
    "\"startedAt\", \"endedAt\") "
    "SELECT 's' || i, 'RM_' || i, 'RM_' || i, 'room', CASE WHEN i = 7 THEN 'ACTIVE' ELSE 'ENDED' "
    "END::\"SessionStatus\", "
    "TIMESTAMP '2026-11-22 12:00:00.123' + i * INTERVAL '1 minute', NULL FROM generate_series(1, "
    "20) i;"
    "INSERT INTO \"FeedbackEvent\" (\"id\", \"meetingId\", \"participantId\", \"type\", "
    "\"severity\", \"ts\", \"windowStart\", "
    "\"windowEnd\", \"message\", \"metadata\", \"expiresAt\") SELECT 'f' || i, 'RM_7', 'ana', "
    "'volume_baixo', 'warning', "
    "TIMESTAMP '2026-11-22 12:07:30.5' + i * INTERVAL '1 second', now(), now(), 'Ana: baixo', "
    "'{\"rmsDbfs\": -30.5}', "
    "TIMESTAMP '2099-01-01 00:00:00' FROM generate_series(1, 500) i;"
    "INSERT INTO \"User\" (\"id\", \"email\", \"updatedAt\") VALUES ('u1', 'Old@Example.org', "
    "now())";

/* The same by Prisma's SQLite: no enumerations; times as Unix ms, or as text by its newer
 * drivers. */
static const char former_file[] =
    "CREATE TABLE \"Session\" (\"id\" TEXT NOT NULL PRIMARY KEY, \"meetingId\" TEXT NOT NULL, "
    "\"roomSid\" TEXT, \"roomName\" TEXT NOT NULL, \"status\" TEXT NOT NULL DEFAULT 'ACTIVE', "
    "\"startedAt\" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, \"endedAt\" DATETIME);"
    "CREATE UNIQUE INDEX \"Session_meetingId_key\" ON \"Session\"(\"meetingId\");"
    "CREATE UNIQUE INDEX \"Session_roomSid_key\" ON \"Session\"(\"roomSid\");"
    "CREATE INDEX \"Session_roomName_idx\" ON \"Session\"(\"roomName\");"
    "CREATE TABLE \"FeedbackEvent\" (\"id\" TEXT NOT NULL PRIMARY KEY, \"meetingId\" TEXT NOT "
    "NULL, \"participantId\" TEXT NOT NULL, \"type\" TEXT NOT NULL, \"severity\" TEXT NOT NULL, "
    "\"ts\" DATETIME NOT NULL, \"windowStart\" DATETIME NOT NULL, \"windowEnd\" DATETIME NOT "
    "NULL, \"message\" TEXT NOT NULL, \"metadata\" JSONB, \"createdAt\" DATETIME NOT NULL DEFAULT "
    "CURRENT_TIMESTAMP, \"expiresAt\" DATETIME NOT NULL);"
    "CREATE INDEX \"FeedbackEvent_meetingId_ts_idx\" ON \"FeedbackEvent\"(\"meetingId\", \"ts\");"
    "CREATE TABLE \"User\" (\"id\" TEXT NOT NULL PRIMARY KEY, \"email\" TEXT NOT NULL, \"name\" "
    "TEXT, \"createdAt\" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP, \"updatedAt\" DATETIME NOT "
    "NULL);"
    "CREATE UNIQUE INDEX \"User_email_key\" ON \"User\"(\"email\");"
    "CREATE TABLE \"_prisma_migrations\" (\"id\" TEXT PRIMARY KEY NOT NULL, \"checksum\" TEXT NOT "
    "NULL, \"finished_at\" DATETIME, \"migration_name\" TEXT NOT NULL, \"logs\" TEXT, "
    "\"rolled_back_at\" DATETIME, \"started_at\" DATETIME NOT NULL DEFAULT current_timestamp, "
    "\"applied_steps_count\" INTEGER UNSIGNED NOT NULL DEFAULT 0);"
    "INSERT INTO \"_prisma_migrations\" (\"id\", \"checksum\", \"migration_name\") VALUES ('m1', "
    "'c', '2025_init')";

static const char former_file_rows[] =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20) "
    "INSERT INTO \"Session\" (\"id\", \"meetingId\", \"roomSid\", \"roomName\", \"status\", "
    "\"startedAt\") SELECT 's' || i, 'RM_' || i, 'RM_' || i, 'room', CASE WHEN i = 7 THEN 'ACTIVE' "
    "ELSE 'ENDED' END, CASE WHEN i % 2 THEN strftime('2026-11-22T12:%M:00.123+00:00', i * 60, "
    "'unixepoch') ELSE 1795348800123 + i * 60000 END FROM n;"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) "
    "INSERT INTO \"FeedbackEvent\" (\"id\", \"meetingId\", \"participantId\", \"type\", "
    "\"severity\", \"ts\", \"windowStart\", \"windowEnd\", \"message\", \"metadata\", "
    "\"expiresAt\") SELECT 'f' || i, 'RM_7', 'ana', 'volume_baixo', 'warning', CASE WHEN i % 2 "
    "THEN "
    "1795349250500 + i * 1000 ELSE strftime('%Y-%m-%d %H:%M:%S.5', 1795349250 + i, 'unixepoch') "
    "END, 1795349250500, '2026-11-22T12:07:30.500Z', 'Ana: baixo', '{\"rmsDbfs\": -30.5}', "
    "4070908800000 FROM n;"
    "INSERT INTO \"User\" (\"id\", \"email\", \"updatedAt\") VALUES ('u1', 'Old@Example.org', "
    "1795348800000)";

static void make_former(struct store_fixture *f, const char *schema) {
    struct db *db = fixture_connect(f);
    char sql[256];
    snprintf(sql, sizeof sql, "CREATE SCHEMA IF NOT EXISTS \"%s\"; SET search_path TO \"%s\"",
             schema, schema);
    db->deadline_ms = INT64_MAX;
    assert_int_equal(db_script(db, sql), 0);
    if (db_script(db, former_tables) || db_script(db, former_rows))
        fail_msg("%s", db->why);
    db_close(db);
}

static void make_former_file(struct store_fixture *f) {
    fixture_next(f);
    fixture_run(f, former_file);
    fixture_run(f, former_file_rows);
}

static void check_adopted(struct store_fixture *f) {
    struct store *store = fixture_open(f, NULL);
    struct answer a = ask_room(f, store, "room");
    assert_int_equal(a.err, 0);
    assert_string_equal(a.meeting[0], "RM_7");
    assert_int_equal(a.started_ms, INT64_C(1795349220123)); /* 2026-11-22T12:07:00.123Z */

    const struct store_feedback_filter filter = {.meeting_id = SLICE("RM_7"), .limit = 500};
    a = ask_feedback(f, store, &filter);
    assert_int_equal(a.count, 500);
    assert_int_equal(a.ts_ms[0], INT64_C(1795349750500));
    assert_string_equal(a.metadata, "{\"rmsDbfs\": -30.5}");

    /* A type that the former migrations do not know. */
    const struct store_feedback event = {.id = SLICE("new"),
                                         .meeting_id = SLICE("RM_7"),
                                         .participant_id = SLICE("bob"),
                                         .type = SLICE("ruido_de_fundo"),
                                         .severity = SLICE("info"),
                                         .ts_ms = INT64_C(4000000000000),
                                         .window_start_ms = INT64_C(4000000000000),
                                         .window_end_ms = INT64_C(4000000000000),
                                         .message = SLICE("x"),
                                         .seq = 1};
    assert_true(store_feedback_add(store, &event));
    const struct store_session_start start = {.meeting_id = SLICE("RM_21"),
                                              .room_sid = SLICE("RM_21"),
                                              .room_name = SLICE("later"),
                                              .at_ms = INT64_C(1795350000000)};
    ask_start(f, store, &start);
    store_close(store, 2000);
    assert_int_equal(fixture_count(f, "SELECT COUNT(*) FROM \"FeedbackEvent\""), 501);
    assert_int_equal(fixture_count(f, "SELECT COUNT(*) FROM \"Session\""), 21);
    assert_int_equal(fixture_count(f, "SELECT COUNT(*) FROM \"User\""), 1);
    assert_int_equal(fixture_count(f, "SELECT COUNT(*) FROM \"_prisma_migrations\""), 1);
    assert_int_equal(
        fixture_count(f, fixture_is_postgres(f)
                             ? "SELECT COUNT(*) FROM pg_indexes WHERE schemaname = "
                               "current_schema() AND indexdef LIKE '%(\"roomName\")'"
                             : "SELECT COUNT(*) FROM sqlite_master WHERE type = 'index' AND sql "
                               "LIKE '%(\"roomName\")'"),
        1);
}

static void a_former_database_is_adopted(void **state) {
    struct store_fixture *f = *state;
    fixture_use_schema(f, "public");
    make_former(f, "public");
    check_adopted(f);
    store_close(fixture_open(f, NULL), 100); /* and the next start finds nothing to do */
}

static void a_former_file_is_adopted(void **state) {
    struct store_fixture *f = *state;
    make_former_file(f);
    check_adopted(f);
    assert_int_equal(
        fixture_count(f, "SELECT COUNT(*) FROM \"Session\" WHERE \"startedAt\" <> 1795348800123 + "
                         "60000 * CAST(substr(\"meetingId\", 4) AS INTEGER)"),
        1); /* the one that came later */
    assert_int_equal(
        fixture_count(f, "SELECT COUNT(*) FROM \"FeedbackEvent\" WHERE \"ts\" <> 1795349250500 + "
                         "1000 * CAST(substr(\"id\", 2) AS INTEGER)"),
        1);
    assert_int_equal(fixture_count(f,
                                   "SELECT COUNT(*) FROM \"FeedbackEvent\" WHERE \"windowEnd\" = "
                                   "1795349250500 AND typeof(\"createdAt\") = 'integer'"),
                     500);
    store_close(fixture_open(f, NULL), 100);
}

static void a_file_of_strange_times_is_refused(void **state) {
    struct store_fixture *f = *state;
    struct store *store = NULL;
    char why[256] = "";
    make_former_file(f);
    fixture_run(f, "UPDATE \"User\" SET \"updatedAt\" = 'yesterday'");
    const struct store_settings config = {.url = fixture_url(f), .feedback_ttl_days = 14};
    assert_int_equal(store_open(&store, &config, fixture_loop(f), why, sizeof why), EINVAL);
    assert_non_null(strstr(why, "\"updatedAt\""));
    assert_non_null(strstr(why, "\"User\""));
    assert_int_equal(fixture_count(f, "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'"),
                     4);
}

static void so_is_one_in_another_schema(void **state) {
    struct store_fixture *f = *state;
    fixture_use_schema(f, "meetings");
    make_former(f, "meetings");
    check_adopted(f);
}

static void a_dry_run_says_all_and_does_nothing(void **state) {
    struct store_fixture *f = *state;
    struct buf plan = {0};
    char why[256] = "";
    fixture_use_schema(f, "dry");
    make_former(f, "dry");
    struct db *db = fixture_connect(f);
    assert_int_equal(db_migrate(db, true, &plan, why, sizeof why), 0);
    buf_add_byte(&plan, 0);
    assert_non_null(strstr(
        plan.data, "ALTER TYPE \"dry\".\"FeedbackType\" ADD VALUE IF NOT EXISTS 'ruido_de_fundo'"));
    assert_non_null(strstr(plan.data, "ALTER TABLE \"User\" ADD COLUMN \"passwordHash\" TEXT"));
    assert_null(strstr(plan.data, "DROP"));
    buf_free(&plan);
    db_close(db);
    assert_int_equal(
        fixture_count(f,
                      "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'dry'"),
        4);
}

static void a_strange_type_is_refused_by_name(void **state) {
    struct store_fixture *f = *state;
    struct store *store = NULL;
    char why[256] = "";
    fixture_use_schema(f, "strange");
    make_former(f, "strange");
    fixture_run(f, "ALTER TABLE \"FeedbackEvent\" ALTER COLUMN \"ts\" TYPE BIGINT USING 0");
    const struct store_settings config = {.url = fixture_url(f), .feedback_ttl_days = 14};
    assert_int_equal(store_open(&store, &config, fixture_loop(f), why, sizeof why), EINVAL);
    assert_non_null(strstr(why, "\"ts\""));
    assert_non_null(strstr(why, "\"FeedbackEvent\""));
    assert_non_null(strstr(why, "bigint"));
    assert_int_equal(
        fixture_count(
            f, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'strange'"),
        4);
}

int main(int argc, char **argv) {
    const struct CMUnitTest postgres[] = {
        cmocka_unit_test(a_former_database_is_adopted),
        cmocka_unit_test(so_is_one_in_another_schema),
        cmocka_unit_test(a_dry_run_says_all_and_does_nothing),
        cmocka_unit_test(a_strange_type_is_refused_by_name),
    };
    const struct CMUnitTest sqlite[] = {
        cmocka_unit_test(a_former_file_is_adopted),
        cmocka_unit_test(a_file_of_strange_times_is_refused),
    };
    fixture_choose(argc, argv);
    return fixture_chose_postgres()
               ? cmocka_run_group_tests(postgres, fixture_set_up, fixture_tear_down)
               : cmocka_run_group_tests(sqlite, fixture_set_up, fixture_tear_down);
}
