#include "outside/store/store_sql.h"

#include <assert.h>

_Static_assert((int)SQL_STATEMENTS <= (int)DB_STATEMENTS_MAX,
               "the cache of prepared statements is too small");

#define SESSION                                                                                    \
    "SELECT s.\"id\", s.\"meetingId\", s.\"roomSid\", s.\"roomName\", s.\"organizationId\", "      \
    "o.\"slug\", s.\"status\", s.\"startedAt\", s.\"endedAt\" FROM \"Session\" s "                 \
    "LEFT JOIN \"Organization\" o ON o.\"id\" = s.\"organizationId\" "

#define FEEDBACK                                                                                   \
    "SELECT \"id\", \"meetingId\", \"participantId\", \"participantName\", \"type\", "             \
    "\"severity\", \"ts\", \"windowStart\", \"windowEnd\", \"message\", \"tips\", \"metadata\", "  \
    "\"seq\" FROM \"FeedbackEvent\" "

#define USER                                                                                       \
    "SELECT \"id\", \"email\", \"name\", \"passwordHash\", \"disabledAt\", \"createdAt\" FROM "    \
    "\"User\" "

#define ORGANIZATION                                                                               \
    "SELECT \"id\", \"name\", \"slug\", \"linkedAt\", \"createdAt\" FROM \"Organization\" "

#define RECORDING                                                                                  \
    "SELECT \"id\", \"meetingId\", \"participantId\", \"participantName\", \"trackId\", "          \
    "\"format\", \"path\", \"sha256\", \"endReason\", \"part\", \"sampleRate\", \"channels\", "    \
    "\"startedAt\", \"endedAt\", \"bytes\", \"durationMs\" FROM \"Recording\" "

#define RIGHT                                                                                      \
    "SELECT \"id\", \"meetingId\", \"roomName\", \"subject\", \"createdAt\", \"expiresAt\", "      \
    "\"revokedAt\" FROM \"PageRight\" "

#define OBJECT                                                                                     \
    "SELECT \"id\", \"path\", \"format\", \"key\", \"uploadId\", \"state\", \"tries\", "           \
    "\"nextAt\", "                                                                                 \
    "\"storedAt\", \"isLocalGone\" FROM \"RecordingObject\" "

#define OBJECT_ERASE                                                                               \
    "UPDATE \"RecordingObject\" SET \"state\" = 'erasing', \"tries\" = 0, \"nextAt\" = $2 WHERE "

/* Around each time, and each value of one, that is compared or sorted: see db_statement.h. */
#define TIME(x) "time_of(" x ")"

static const char *const texts[SQL_STATEMENTS] = {
    [SQL_PROBE] = "SELECT 1",

    /*
     * Only the insert sets the organization. A room's sid is unique: a second meeting that claims
     * it gets none.
     */
    [SQL_SESSION_UPSERT] =
        "INSERT INTO \"Session\" (\"id\", \"meetingId\", \"roomSid\", \"roomName\", "
        "\"status\", "
        "\"startedAt\", \"organizationId\") VALUES ($1, $2, "
        "(SELECT CAST($3 AS TEXT) WHERE NOT EXISTS (SELECT 1 FROM \"Session\" o "
        "WHERE o.\"roomSid\" = $3 AND o.\"meetingId\" <> $2)), $4, 'ACTIVE', $5, $6) "
        "ON CONFLICT (\"meetingId\") DO UPDATE SET \"status\" = 'ACTIVE', \"endedAt\" = NULL, "
        "\"roomName\" = excluded.\"roomName\", "
        "\"roomSid\" = COALESCE(\"Session\".\"roomSid\", excluded.\"roomSid\")",
    [SQL_SESSION_END] = "UPDATE \"Session\" SET \"status\" = 'ENDED', "
                        "\"endedAt\" = COALESCE(\"endedAt\", $2) WHERE \"meetingId\" = $1",
    [SQL_SESSION_GET] = SESSION "WHERE s.\"meetingId\" = $1",
    [SQL_SESSION_OF_ROOM_AT] =
        "SELECT \"meetingId\" FROM \"Session\" WHERE \"roomName\" = $1 "
        "AND " TIME("\"startedAt\"") " <= " TIME(
            "$2") " AND (\"endedAt\" IS NULL "
                  "OR " TIME("\"endedAt\"") " >= " TIME("$3") ") "
                                                              "ORDER BY " TIME(
                                                                  "\"startedAt\"") " DESC LIMIT 1",
    [SQL_SESSION_RESOLVE] =
        SESSION "WHERE s.\"roomName\" = $1 AND s.\"status\" = 'ACTIVE' "
                "ORDER BY " TIME("s.\"startedAt\"") " DESC, s.\"id\" DESC LIMIT 1",
    [SQL_SESSION_LIST] = SESSION
    "WHERE s.\"organizationId\" = $1 AND (CAST(s.\"status\" AS TEXT) = $2 OR $2 = '') "
    "AND " TIME("s.\"startedAt\"") " >= " TIME("$3") " AND " TIME("s.\"startedAt\"") " < " TIME(
        "$4") " "
              "AND (" TIME("s.\"startedAt\"") ", s.\"id\") < (" TIME(
                  "$5") ", $6) AND ($7 = '' OR LOWER(s.\"roomName\") LIKE $7 ESCAPE '!') "
                        "AND ($8 = '' OR EXISTS (SELECT 1 FROM \"Participant\" p "
                        "WHERE p.\"meetingId\" = s.\"meetingId\" "
                        "AND (LOWER(p.\"participantId\") LIKE $8 ESCAPE '!' "
                        "OR LOWER(p.\"name\") LIKE $8 ESCAPE '!'))) "
                        "ORDER BY " TIME("s.\"startedAt\"") " DESC, s.\"id\" DESC LIMIT $9",
    [SQL_SESSION_LIST_ACTIVE] =
        SESSION "WHERE s.\"status\" = 'ACTIVE' "
                "ORDER BY " TIME("s.\"startedAt\"") " DESC, s.\"id\" DESC LIMIT $1",

    [SQL_SESSION_ASSIGN] =
        "UPDATE \"Session\" SET \"organizationId\" = (SELECT o.\"id\" FROM \"Organization\" o "
        "WHERE o.\"slug\" = $1) WHERE \"organizationId\" IS NULL "
        "AND (\"meetingId\" = $2 OR $2 = '')",

    /* A batch whose answer was lost is written again; then its rows exist already. */
    [SQL_FEEDBACK_INSERT] =
        "INSERT INTO \"FeedbackEvent\" (\"id\", \"meetingId\", \"participantId\", "
        "\"participantName\", \"type\", \"severity\", \"ts\", \"windowStart\", \"windowEnd\", "
        "\"message\", \"tips\", \"metadata\", \"seq\", \"createdAt\", \"expiresAt\") "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) "
        "ON CONFLICT (\"id\") DO NOTHING",
    [SQL_FEEDBACK_LIST] = FEEDBACK "WHERE \"meetingId\" = $1 AND " TIME("\"ts\"") " >= " TIME(
        "$2") " "
              "AND " TIME("\"ts\"") " < " TIME(
                  "$3") " "
                        "AND (" TIME("\"ts\"") ", \"id\") < (" TIME(
                            "$4") ", $5) "
                                  "ORDER BY " TIME("\"ts\"") " DESC, \"id\" DESC LIMIT $6",
    [SQL_FEEDBACK_REPLAY] =
        FEEDBACK "WHERE \"meetingId\" = $1 AND \"seq\" > $2 ORDER BY \"seq\", \"id\" LIMIT $3",
    [SQL_FEEDBACK_RENAME] =
        "UPDATE \"FeedbackEvent\" SET \"meetingId\" = $2 WHERE \"meetingId\" = $1 AND " TIME(
            "\"ts\"") " >= " TIME("$3"),
    [SQL_FEEDBACK_LAST_SEQ] = "SELECT MAX(\"seq\") FROM \"FeedbackEvent\" WHERE \"meetingId\" = $1",
    [SQL_FEEDBACK_EXPIRE] = "DELETE FROM \"FeedbackEvent\" WHERE \"id\" IN (SELECT \"id\" FROM "
                            "\"FeedbackEvent\" WHERE " TIME("\"expiresAt\"") " >= " TIME(
                                "$3") " "
                                      "AND " TIME("\"expiresAt\"") " < " TIME(
                                          "$1") " ORDER BY " TIME("\"expiresAt\"") " LIMIT $2)",

    [SQL_USER_COUNT] = "SELECT COUNT(*) FROM \"User\" WHERE \"passwordHash\" IS NOT NULL",
    [SQL_USER_INSERT] = "INSERT INTO \"User\" (\"id\", \"email\", \"name\", \"passwordHash\", "
                        "\"createdAt\", \"updatedAt\") VALUES ($1, $2, $3, $4, $5, $5)",
    [SQL_USER_BY_EMAIL] = USER "WHERE LOWER(\"email\") = $1 LIMIT 1",
    [SQL_USER_BY_ID] = USER "WHERE \"id\" = $1",
    /* Replaces only the hash that was verified, so that a password changed meanwhile stays. */
    [SQL_USER_UPGRADE_HASH] = "UPDATE \"User\" SET \"passwordHash\" = $3, \"updatedAt\" = $4 "
                              "WHERE \"id\" = $1 AND COALESCE(\"passwordHash\", '') = $2",

    [SQL_ORGANIZATION_INSERT] = "INSERT INTO \"Organization\" (\"id\", \"name\", \"slug\", "
                                "\"createdAt\") VALUES ($1, $2, $3, $4) "
                                "ON CONFLICT (\"slug\") DO NOTHING",
    [SQL_ORGANIZATION_BY_SLUG] = ORGANIZATION "WHERE \"slug\" = $1",
    [SQL_ORGANIZATION_LINKED] = ORGANIZATION "WHERE \"slug\" = $1 AND \"linkedAt\" IS NOT NULL",
    [SQL_ORGANIZATION_LINK] = "UPDATE \"Organization\" SET \"linkedAt\" = $2 WHERE \"slug\" = $1",
    [SQL_ORGANIZATION_LIST] = ORGANIZATION "ORDER BY \"slug\"",
    /* Locks the organization's row until the transaction ends, so that no other transaction, on
     * this node or another, changes its owners at the same time. */
    [SQL_ORGANIZATION_LOCK] = "UPDATE \"Organization\" SET \"name\" = \"name\" WHERE \"id\" = $1",

    [SQL_MEMBERSHIP_INSERT] = "INSERT INTO \"OrganizationMembership\" (\"id\", \"userId\", "
                              "\"organizationId\", \"role\", "
                              "\"createdAt\") VALUES ($1, $2, $3, $4, $5) ON CONFLICT "
                              "(\"userId\", \"organizationId\") "
                              "DO NOTHING",
    [SQL_MEMBERSHIP_OF_USER] =
        "SELECT o.\"id\", o.\"name\", o.\"slug\", m.\"role\" FROM \"OrganizationMembership\" m "
        "JOIN \"Organization\" o ON o.\"id\" = m.\"organizationId\" WHERE m.\"userId\" = $1 "
        "ORDER BY " TIME("m.\"createdAt\"") ", m.\"id\" LIMIT 100",
    [SQL_MEMBERSHIP_ROLE] = "SELECT \"role\" FROM \"OrganizationMembership\" "
                            "WHERE \"userId\" = $1 AND \"organizationId\" = $2",
    [SQL_MEMBERSHIP_OWNERS] = "SELECT COUNT(*) FROM \"OrganizationMembership\" "
                              "WHERE \"organizationId\" = $1 AND \"role\" = 'OWNER'",
    [SQL_MEMBERSHIP_SET_ROLE] = "UPDATE \"OrganizationMembership\" SET \"role\" = $3 "
                                "WHERE \"userId\" = $1 AND \"organizationId\" = $2",
    [SQL_MEMBERSHIP_REMOVE] = "DELETE FROM \"OrganizationMembership\" "
                              "WHERE \"userId\" = $1 AND \"organizationId\" = $2",
    [SQL_MEMBERSHIP_LIST] =
        "SELECT u.\"id\", u.\"email\", u.\"name\", m.\"role\", m.\"createdAt\" "
        "FROM \"OrganizationMembership\" m JOIN \"User\" u ON u.\"id\" = m.\"userId\" "
        "WHERE m.\"organizationId\" = $1 AND m.\"userId\" > $2 ORDER BY m.\"userId\" LIMIT $3",

    [SQL_TOKEN_INSERT] =
        "INSERT INTO \"RefreshToken\" (\"id\", \"familyId\", \"userId\", \"organizationId\", "
        "\"tokenHash\", \"createdAt\", \"expiresAt\", \"userAgent\") "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    [SQL_TOKEN_USE] = "UPDATE \"RefreshToken\" SET \"usedAt\" = $2, \"replacedBy\" = $3 WHERE "
                      "\"tokenHash\" = $1 "
                      "AND \"usedAt\" IS NULL AND \"revokedAt\" IS NULL "
                      "AND " TIME("\"expiresAt\"") " > " TIME("$2"),
    [SQL_TOKEN_GET] = "SELECT t.\"familyId\", t.\"userId\", t.\"organizationId\", "
                      "t.\"expiresAt\", t.\"usedAt\", "
                      "t.\"replacedBy\", t.\"revokedAt\", n.\"usedAt\", n.\"revokedAt\" FROM "
                      "\"RefreshToken\" t "
                      "LEFT JOIN \"RefreshToken\" n ON n.\"id\" = t.\"replacedBy\" WHERE "
                      "t.\"tokenHash\" = $1",
    [SQL_TOKEN_FAMILY_START] =
        "SELECT MIN(" TIME("\"createdAt\"") ") FROM \"RefreshToken\" WHERE \"familyId\" = $1",
    [SQL_TOKEN_REVOKE_FAMILY] = "UPDATE \"RefreshToken\" SET \"revokedAt\" = $2 WHERE \"familyId\" "
                                "= $1 AND \"revokedAt\" IS NULL",
    [SQL_TOKEN_REVOKE_BY_HASH] =
        "UPDATE \"RefreshToken\" SET \"revokedAt\" = $2 WHERE \"familyId\" IN "
        "(SELECT \"familyId\" FROM \"RefreshToken\" WHERE \"tokenHash\" = $1) "
        "AND \"revokedAt\" IS NULL",
    [SQL_TOKEN_REVOKE_USER] =
        "UPDATE \"RefreshToken\" SET \"revokedAt\" = $3 WHERE \"userId\" = $1 "
        "AND \"familyId\" <> $2 AND \"revokedAt\" IS NULL",
    [SQL_TOKEN_REVOKE_MEMBER] =
        "UPDATE \"RefreshToken\" SET \"revokedAt\" = $3 WHERE \"userId\" = $1 "
        "AND \"organizationId\" = $2 AND \"revokedAt\" IS NULL",
    [SQL_TOKEN_EXPIRE] =
        "DELETE FROM \"RefreshToken\" WHERE \"id\" IN (SELECT \"id\" FROM \"RefreshToken\" "
        "WHERE " TIME("\"createdAt\"") " >= " TIME("$3") " AND " TIME("\"createdAt\"") " < " TIME(
            "$1") " "
                  "ORDER BY " TIME("\"createdAt\"") " LIMIT $2)",

    [SQL_ACCESS_CHECK] =
        "SELECT 1 FROM \"User\" u JOIN \"OrganizationMembership\" m ON m.\"userId\" = u.\"id\" "
        "JOIN \"Organization\" o ON o.\"id\" = m.\"organizationId\" "
        "WHERE u.\"id\" = $1 AND o.\"id\" = $2 AND u.\"disabledAt\" IS NULL AND EXISTS "
        "(SELECT 1 FROM \"RefreshToken\" t "
        "WHERE t.\"familyId\" = $3 AND t.\"userId\" = $1 AND t.\"revokedAt\" IS NULL)",

    [SQL_INVITATION_INSERT] = "INSERT INTO \"OrganizationInvitation\" (\"id\", "
                              "\"organizationId\", \"role\", \"email\", "
                              "\"tokenHash\", \"invitedBy\", \"createdAt\", \"expiresAt\") "
                              "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    [SQL_INVITATION_GET] =
        "SELECT \"organizationId\", \"role\", \"email\", \"expiresAt\", \"usedAt\" "
        "FROM \"OrganizationInvitation\" WHERE \"tokenHash\" = $1",
    [SQL_INVITATION_USE] = "UPDATE \"OrganizationInvitation\" SET \"usedAt\" = $2, \"usedBy\" = $3 "
                           "WHERE \"tokenHash\" = $1 AND \"usedAt\" IS NULL "
                           "AND " TIME("\"expiresAt\"") " > " TIME("$2"),

    /*
     * A file's row is put again whenever more is known about it. A report under the room's name
     * ($17) does not replace the row's meeting. Nor does any report once the recording has ended,
     * because its sidecar may be older than a SQL_RECORDING_RENAME.
     */
    [SQL_RECORDING_PUT] =
        "INSERT INTO \"Recording\" (\"id\", \"meetingId\", \"participantId\", "
        "\"participantName\", "
        "\"trackId\", \"format\", \"path\", \"sha256\", \"endReason\", \"part\", "
        "\"sampleRate\", "
        "\"channels\", \"startedAt\", \"endedAt\", \"bytes\", \"durationMs\") VALUES ($1, $2, "
        "$3, "
        "$4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (\"id\") DO "
        "UPDATE "
        "SET \"meetingId\" = CASE WHEN \"Recording\".\"endedAt\" IS NULL "
        "AND excluded.\"meetingId\" <> $17 THEN excluded.\"meetingId\" "
        "ELSE \"Recording\".\"meetingId\" END, "
        "\"participantName\" = excluded.\"participantName\", \"sha256\" = excluded.\"sha256\", "
        "\"endReason\" = excluded.\"endReason\", \"startedAt\" = excluded.\"startedAt\", "
        "\"endedAt\" = excluded.\"endedAt\", \"bytes\" = excluded.\"bytes\", "
        "\"durationMs\" = excluded.\"durationMs\" RETURNING \"meetingId\"",
    [SQL_RECORDING_GET] = RECORDING "WHERE \"id\" = $1",
    [SQL_RECORDING_LIST] =
        RECORDING "WHERE \"meetingId\" = $1 ORDER BY " TIME("\"startedAt\"") ", \"id\" LIMIT $2",
    [SQL_RECORDING_LIST_PERSON] = RECORDING "WHERE \"meetingId\" = $1 AND \"participantId\" = $3 "
                                            "ORDER BY " TIME("\"startedAt\"") ", \"id\" LIMIT $2",
    [SQL_RECORDING_LIST_OLDER] = RECORDING
    "WHERE " TIME("\"endedAt\"") " >= " TIME("$4") " AND " TIME("\"endedAt\"") " < " TIME(
        "$1") " "
              "ORDER BY " TIME("\"endedAt\"") ", \"id\" LIMIT $2 OFFSET $3",
    [SQL_RECORDING_DELETE] = "DELETE FROM \"Recording\" WHERE \"id\" = $1",
    [SQL_RECORDING_DELETE_MEETING] = "DELETE FROM \"Recording\" WHERE \"meetingId\" = $1",
    [SQL_RECORDING_RENAME] = "UPDATE \"Recording\" SET \"meetingId\" = $2 "
                             "WHERE \"meetingId\" = $1 AND " TIME("\"startedAt\"") " >= " TIME(
                                 "$3") " "
                                       "AND " TIME("\"startedAt\"") " <= " TIME("$4"),
    [SQL_FEEDBACK_DELETE] = "DELETE FROM \"FeedbackEvent\" WHERE \"meetingId\" = $1",
    [SQL_SESSION_DELETE] =
        "DELETE FROM \"Session\" WHERE \"meetingId\" = $1 AND \"status\" = 'ENDED'",
    [SQL_AUDIT_INSERT] =
        "INSERT INTO \"AuditEvent\" (\"id\", \"at\", \"action\", \"actor\", \"meetingId\", "
        "\"recordingId\", \"detail\") VALUES ($1, $2, $3, $4, $5, $6, $7)",

    [SQL_EGRESS_STOP_ADD] =
        "INSERT INTO \"EgressStop\" (\"trackSid\", \"meetingId\", \"stoppedAt\") "
        "VALUES ($1, $2, $3) ON CONFLICT (\"trackSid\") DO NOTHING",
    [SQL_EGRESS_STOP_LIST] =
        "SELECT \"trackSid\" FROM \"EgressStop\" WHERE \"meetingId\" = $1 LIMIT $2",
    [SQL_EGRESS_STOP_FORGET] = "DELETE FROM \"EgressStop\" WHERE \"meetingId\" = $1",

    /* A row is one stay. It is put again whenever more is known, in any order: who has left does not
     * come back in the same row. */
    [SQL_PARTICIPANT_PUT] =
        "INSERT INTO \"Participant\" (\"id\", \"meetingId\", \"participantId\", \"name\", "
        "\"role\", \"joinedAt\", \"leftAt\", \"expiresAt\") VALUES ($1, $2, $3, $4, $5, $6, "
        "$7, "
        "$8) ON CONFLICT (\"id\") DO UPDATE SET \"name\" = COALESCE(excluded.\"name\", "
        "\"Participant\".\"name\"), \"role\" = excluded.\"role\", "
        "\"leftAt\" = COALESCE(\"Participant\".\"leftAt\", excluded.\"leftAt\")",
    [SQL_PARTICIPANT_LEAVE_ALL] = "UPDATE \"Participant\" SET \"leftAt\" = $2 "
                                  "WHERE \"meetingId\" = $1 AND \"leftAt\" IS NULL",
    [SQL_PARTICIPANT_LIST] =
        "SELECT \"participantId\", \"name\", \"role\", \"joinedAt\", \"leftAt\" FROM "
        "\"Participant\" WHERE \"meetingId\" = $1 ORDER BY " TIME(
            "\"joinedAt\"") ", \"id\" LIMIT $2",
    [SQL_PARTICIPANT_DELETE] = "DELETE FROM \"Participant\" WHERE \"meetingId\" = $1",
    [SQL_PARTICIPANT_EXPIRE] =
        "DELETE FROM \"Participant\" WHERE \"id\" IN (SELECT \"id\" FROM \"Participant\" "
        "WHERE " TIME("\"expiresAt\"") " >= " TIME("$3") " AND " TIME("\"expiresAt\"") " < " TIME(
            "$1") " ORDER BY " TIME("\"expiresAt\"") " LIMIT $2)",
    [SQL_REPORT_PUT] =
        "INSERT INTO \"MeetingReport\" (\"meetingId\", \"version\", \"report\", \"createdAt\", "
        "\"expiresAt\") VALUES ($1, $2, $3, $4, $5) ON CONFLICT (\"meetingId\") DO UPDATE SET "
        "\"version\" = excluded.\"version\", \"report\" = excluded.\"report\", "
        "\"createdAt\" = excluded.\"createdAt\", \"expiresAt\" = excluded.\"expiresAt\"",
    [SQL_REPORT_GET] = "SELECT \"report\" FROM \"MeetingReport\" WHERE \"meetingId\" = $1",
    [SQL_REPORT_DELETE] = "DELETE FROM \"MeetingReport\" WHERE \"meetingId\" = $1",
    [SQL_REPORT_EXPIRE] =
        "DELETE FROM \"MeetingReport\" WHERE \"meetingId\" IN (SELECT \"meetingId\" FROM "
        "\"MeetingReport\" WHERE " TIME("\"expiresAt\"") " >= " TIME("$3") " AND " TIME(
            "\"expiresAt\"") " < " TIME("$1") " ORDER BY " TIME("\"expiresAt\"") " LIMIT $2)",

    [SQL_PERSON_FEEDBACK_DELETE] =
        "DELETE FROM \"FeedbackEvent\" WHERE \"meetingId\" = $1 AND \"participantId\" = $2",
    [SQL_PERSON_STAYS_DELETE] =
        "DELETE FROM \"Participant\" WHERE \"meetingId\" = $1 AND \"participantId\" = $2",
    [SQL_PERSON_VERDICTS_DELETE] =
        "DELETE FROM \"FeedbackVerdict\" WHERE \"meetingId\" = $1 AND \"participantId\" = $2",
    [SQL_PERSON_RECORDINGS_DELETE] =
        "DELETE FROM \"Recording\" WHERE \"meetingId\" = $1 AND \"participantId\" = $2",
    [SQL_REPORT_REPLACE] = "UPDATE \"MeetingReport\" SET \"report\" = $2 WHERE \"meetingId\" = $1",
    [SQL_VERDICT_COUNT] = "SELECT COUNT(*) FROM \"FeedbackVerdict\" WHERE \"meetingId\" = $1",
    [SQL_VERDICT_ADD] =
        "INSERT INTO \"FeedbackVerdict\" (\"id\", \"meetingId\", \"verdict\", \"type\", "
        "\"participantId\", \"feedbackId\", \"until\", \"saidBy\", \"saidAt\", \"expiresAt\") "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    [SQL_VERDICT_LIST] =
        "SELECT \"id\", \"verdict\", \"type\", \"participantId\", \"feedbackId\", \"saidBy\", "
        "\"until\", \"saidAt\" FROM \"FeedbackVerdict\" WHERE \"meetingId\" = $1 ORDER "
        "BY " TIME("\"saidAt\"") ", \"id\" LIMIT $2",
    [SQL_VERDICT_REMOVE] =
        "DELETE FROM \"FeedbackVerdict\" WHERE \"id\" = $1 AND \"meetingId\" = $2",
    [SQL_VERDICT_DELETE] = "DELETE FROM \"FeedbackVerdict\" WHERE \"meetingId\" = $1",
    [SQL_VERDICT_EXPIRE] =
        "DELETE FROM \"FeedbackVerdict\" WHERE \"id\" IN (SELECT \"id\" FROM "
        "\"FeedbackVerdict\" WHERE " TIME("\"expiresAt\"") " >= " TIME("$3") " AND " TIME(
            "\"expiresAt\"") " < " TIME("$1") " ORDER BY " TIME("\"expiresAt\"") " LIMIT $2)",

    [SQL_RIGHT_ADD] =
        "INSERT INTO \"PageRight\" (\"id\", \"tokenHash\", \"meetingId\", \"roomName\", "
        "\"subject\", \"createdAt\", \"expiresAt\") VALUES ($1, $2, $3, $4, $5, $6, $7)",
    [SQL_RIGHT_FIND] = RIGHT "WHERE \"tokenHash\" = $1",
    [SQL_RIGHT_GET] = RIGHT "WHERE \"id\" = $1",
    [SQL_RIGHT_LIST] =
        RIGHT "WHERE \"meetingId\" = $1 ORDER BY " TIME("\"createdAt\"") ", \"id\" LIMIT $2",
    [SQL_RIGHT_REVOKE] = "UPDATE \"PageRight\" SET \"revokedAt\" = $2 WHERE \"id\" = $1 "
                         "AND \"revokedAt\" IS NULL",
    [SQL_RIGHT_DELETE] = "DELETE FROM \"PageRight\" WHERE \"meetingId\" = $1",
    [SQL_RIGHT_EXPIRE] =
        "DELETE FROM \"PageRight\" WHERE \"id\" IN (SELECT \"id\" FROM \"PageRight\" "
        "WHERE " TIME("\"expiresAt\"") " >= " TIME("$3") " AND " TIME("\"expiresAt\"") " < " TIME(
            "$1") " ORDER BY " TIME("\"expiresAt\"") " LIMIT $2)",

    /* A claim moves dueMs on: of two that saw the same row due, one changes it. */
    [SQL_DELIVERY_COUNT] = "SELECT COUNT(*) FROM \"WebhookDelivery\" WHERE \"state\" = $1",
    [SQL_DELIVERY_ADD] =
        "INSERT INTO \"WebhookDelivery\" (\"id\", \"meetingId\", \"participantId\", \"type\", "
        "\"url\", \"body\", \"state\", \"dueMs\", \"attempts\", \"createdAt\", \"expiresAt\", "
        "\"trace\") "
        "VALUES ($1, $2, $3, $4, $5, $6, 'pending', $7, 0, $8, $9, $10) "
        "ON CONFLICT (\"id\") DO NOTHING",
    [SQL_DELIVERY_DUE] =
        "SELECT \"id\", \"type\", \"body\", \"trace\", \"attempts\", \"dueMs\", \"createdAt\" "
        "FROM \"WebhookDelivery\" WHERE \"state\" = 'pending' AND \"url\" = $1 AND "
        "\"dueMs\" <= $2 ORDER BY \"dueMs\", \"id\" LIMIT $3",
    [SQL_DELIVERY_CLAIM] = "UPDATE \"WebhookDelivery\" SET \"dueMs\" = $3 WHERE \"id\" = $1 "
                           "AND \"dueMs\" = $2 AND \"state\" = 'pending'",
    [SQL_DELIVERY_SETTLE] =
        "UPDATE \"WebhookDelivery\" SET \"state\" = $2, \"attempts\" = $3, \"dueMs\" = $4, "
        "\"lastStatus\" = $5, \"lastError\" = $6, \"body\" = CASE WHEN $7 = 1 THEN '' ELSE "
        "\"body\" END WHERE \"id\" = $1",
    [SQL_DELIVERY_LIST] =
        "SELECT \"id\", \"type\", \"meetingId\", \"url\", \"lastError\", \"attempts\", "
        "\"lastStatus\", \"dueMs\", \"createdAt\" FROM \"WebhookDelivery\" WHERE \"state\" = $1 "
        "ORDER BY " TIME("\"createdAt\"") " DESC, \"id\" LIMIT $2",
    [SQL_DELIVERY_AGAIN] =
        "UPDATE \"WebhookDelivery\" SET \"state\" = 'pending', \"attempts\" = 0, \"dueMs\" = $2, "
        "\"createdAt\" = $3, \"expiresAt\" = $4 WHERE \"id\" = $1 AND \"state\" = 'dead'",
    [SQL_DELIVERY_DELETE] = "DELETE FROM \"WebhookDelivery\" WHERE \"meetingId\" = $1",
    [SQL_PERSON_DELIVERIES_DELETE] =
        "DELETE FROM \"WebhookDelivery\" WHERE \"meetingId\" = $1 AND \"participantId\" = $2",
    [SQL_DELIVERY_EXPIRE] =
        "DELETE FROM \"WebhookDelivery\" WHERE \"id\" IN (SELECT \"id\" FROM "
        "\"WebhookDelivery\" WHERE " TIME("\"expiresAt\"") " >= " TIME("$3") " AND " TIME(
            "\"expiresAt\"") " < " TIME("$1") " ORDER BY " TIME("\"expiresAt\"") " LIMIT $2)",
    [SQL_OBJECT_GATHER] =
        "INSERT INTO \"RecordingObject\" (\"id\", \"path\", \"format\", \"state\", \"tries\", "
        "\"nextAt\", \"isLocalGone\") SELECT r.\"id\", r.\"path\", r.\"format\", 'waiting', 0, "
        "r.\"endedAt\", 0 FROM \"Recording\" r WHERE " TIME("r.\"endedAt\"") " >= " TIME(
            "$1") " AND " TIME("r.\"endedAt\"") " <= " TIME("$2") " AND NOT EXISTS (SELECT 1 FROM "
                                                                  "\"RecordingObject\" o WHERE "
                                                                  "o.\"id\" = r.\"id\") ORDER "
                                                                  "BY " TIME(
                                                                      "r.\"endedAt\"") " LIMIT $3",
    [SQL_OBJECT_LIST_DUE] = OBJECT
    "WHERE " TIME("\"nextAt\"") " <= " TIME("$1") " ORDER BY " TIME("\"nextAt\"") " LIMIT $2",
    [SQL_OBJECT_GET] = OBJECT "WHERE \"id\" = $1",
    [SQL_OBJECT_SET] =
        "UPDATE \"RecordingObject\" SET \"state\" = $2, \"tries\" = $3, \"nextAt\" = $4, "
        "\"storedAt\" = $5, \"isLocalGone\" = $6 WHERE \"id\" = $1 AND "
        "(\"state\" <> 'erasing' OR $2 = 'erasing')",
    [SQL_OBJECT_SET_NAMES] = "UPDATE \"RecordingObject\" SET \"key\" = $2, \"uploadId\" = $3 "
                             "WHERE \"id\" = $1",
    [SQL_OBJECT_FORGET] = "DELETE FROM \"RecordingObject\" WHERE \"id\" = $1",
    [SQL_OBJECT_COUNT] =
        "SELECT o.\"state\", COUNT(*), COALESCE(SUM(r.\"bytes\"), 0), MIN(r.\"endedAt\") FROM "
        "\"RecordingObject\" o LEFT JOIN \"Recording\" r ON r.\"id\" = o.\"id\" WHERE o.\"state\" "
        "IN "
        "('waiting', 'erasing') GROUP BY o.\"state\"",
    [SQL_OBJECT_ERASE] = OBJECT_ERASE "\"id\" = $1",
    [SQL_OBJECT_ERASE_MEETING] =
        OBJECT_ERASE "\"id\" IN (SELECT \"id\" FROM \"Recording\" WHERE \"meetingId\" = $1)",
    [SQL_OBJECT_ERASE_PERSON] =
        OBJECT_ERASE "\"id\" IN (SELECT \"id\" FROM \"Recording\" WHERE \"meetingId\" = $1 AND "
                     "\"participantId\" = $3)",
};

struct db_sql store_sql(enum store_sql which) {
    assert(texts[which]);
    return (struct db_sql){.text = texts[which], .id = which};
}

int store_run(struct db *db, enum store_sql which, const struct db_value *values, size_t count,
              db_row_fn *on_row, void *arg) {
    const struct db_sql sql = store_sql(which);
    return db_run(db, &sql, values, count, on_row, arg);
}
