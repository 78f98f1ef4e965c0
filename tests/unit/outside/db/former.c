#include "former.h"

#include "base/macros.h"
#include "outside/db/db.h"
#include "store_fixture.h"
#include "unit.h"

#include <stdio.h>

/* Quoted names, enumerations with seven of the types, TIMESTAMP(3), its own table of
 * migrations. */
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

void former_make(struct store_fixture *f, const char *schema) {
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

static const char *const former_times[][2] = {
    {"Session", "startedAt"},       {"Session", "endedAt"},
    {"FeedbackEvent", "ts"},        {"FeedbackEvent", "windowEnd"},
    {"FeedbackEvent", "createdAt"}, {"FeedbackEvent", "windowStart"},
    {"FeedbackEvent", "expiresAt"}, {"User", "createdAt"},
    {"User", "updatedAt"}};

void former_make_file(struct store_fixture *f, enum former_form form) {
    static const char text[] =
        "UPDATE \"%s\" SET \"%s\" = strftime('%%Y-%%m-%%dT%%H:%%M:%%f+00:00', "
        "\"%s\" / 1000.0, 'unixepoch') WHERE typeof(\"%s\") = 'integer'";
    static const char numbers[] =
        "UPDATE \"%s\" SET \"%s\" = CAST(strftime('%%s', \"%s\") AS INTEGER) * 1000 + "
        "CAST(substr(strftime('%%f', \"%s\"), 4) AS INTEGER) WHERE typeof(\"%s\") = 'text'";
    char sql[512];
    fixture_next(f);
    fixture_run(f, former_file);
    fixture_run(f, former_file_rows);
    for (size_t i = 0; i < ARRAY_LEN(former_times) && form != FORMER_BOTH; i++) {
        const char *table = former_times[i][0], *name = former_times[i][1];
        snprintf(sql, sizeof sql, numbers, table, name, name, name, name);
        fixture_run(f, sql);
        snprintf(sql, sizeof sql, text, table, name, name, name);
        if (form == FORMER_TEXT)
            fixture_run(f, sql);
    }
}
