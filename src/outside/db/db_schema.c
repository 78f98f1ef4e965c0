#include "outside/db/db_schema.h"

#include "base/macros.h"

#define KEY             "PRIMARY KEY"
#define OF_USER         "REFERENCES \"User\"(\"id\") ON DELETE CASCADE"
#define OF_ORGANIZATION "REFERENCES \"Organization\"(\"id\") ON DELETE CASCADE"

static const struct schema_enum session_status = {"SessionStatus",
                                                  (const char *const[]){"ACTIVE", "ENDED", NULL}};

static const struct schema_enum feedback_severity = {
    "FeedbackSeverity", (const char *const[]){"info", "warning", "critical", NULL}};

static const struct schema_enum feedback_type = {
    "FeedbackType",
    (const char *const[]){"volume_baixo", "volume_alto", "silencio_prolongado", "overlap_fala",
                          "monologo_prolongado", "tendencia_emocional_negativa",
                          "engajamento_baixo", "frustracao_crescente", "entusiasmo_alto",
                          "monotonia_prosodica", "ritmo_acelerado", "ritmo_pausado",
                          "energia_grupo_baixa", "polarizacao_emocional", "interrupcoes_frequentes",
                          "efeito_pos_interrupcao", "ruido_de_fundo", NULL}};

static const struct schema_enum role = {"OrganizationRole",
                                        (const char *const[]){"OWNER", "ADMIN", "MEMBER", NULL}};

static const struct schema_column session[] = {
    {"id", COLUMN_TEXT, true, 1, NULL, KEY},
    {"meetingId", COLUMN_TEXT, true, 1, NULL, NULL},
    {"roomSid", COLUMN_TEXT, false, 1, NULL, NULL},
    {"roomName", COLUMN_TEXT, true, 1, NULL, NULL},
    {"status", COLUMN_ENUM, true, 1, &session_status, "DEFAULT 'ACTIVE'"},
    {"startedAt", COLUMN_TIME, true, 1, NULL, "DEFAULT CURRENT_TIMESTAMP"},
    {"endedAt", COLUMN_TIME, false, 1, NULL, NULL},
    {"organizationId", COLUMN_TEXT, false, 2, NULL, NULL},
};

static const struct schema_column feedback_event[] = {
    {"id", COLUMN_TEXT, true, 1, NULL, KEY},
    {"meetingId", COLUMN_TEXT, true, 1, NULL, NULL},
    {"participantId", COLUMN_TEXT, true, 1, NULL, NULL},
    {"type", COLUMN_ENUM, true, 1, &feedback_type, NULL},
    {"severity", COLUMN_ENUM, true, 1, &feedback_severity, NULL},
    {"ts", COLUMN_TIME, true, 1, NULL, NULL},
    {"windowStart", COLUMN_TIME, true, 1, NULL, NULL},
    {"windowEnd", COLUMN_TIME, true, 1, NULL, NULL},
    {"message", COLUMN_TEXT, true, 1, NULL, NULL},
    {"metadata", COLUMN_JSON, false, 1, NULL, NULL},
    {"createdAt", COLUMN_TIME, true, 1, NULL, "DEFAULT CURRENT_TIMESTAMP"},
    {"expiresAt", COLUMN_TIME, true, 1, NULL, NULL},
    {"participantName", COLUMN_TEXT, false, 2, NULL, NULL},
    {"tips", COLUMN_JSON, false, 2, NULL, NULL},
    {"seq", COLUMN_INT, false, 2, NULL, NULL},
};

static const struct schema_column user[] = {
    {"id", COLUMN_TEXT, true, 1, NULL, KEY},
    {"email", COLUMN_TEXT, true, 1, NULL, NULL},
    {"name", COLUMN_TEXT, false, 1, NULL, NULL},
    {"createdAt", COLUMN_TIME, true, 1, NULL, "DEFAULT CURRENT_TIMESTAMP"},
    {"updatedAt", COLUMN_TIME, true, 1, NULL, NULL},
    {"passwordHash", COLUMN_TEXT, false, 2, NULL, NULL},
    {"disabledAt", COLUMN_TIME, false, 2, NULL, NULL},
};

static const struct schema_column organization[] = {
    {"id", COLUMN_TEXT, true, 1, NULL, KEY},
    {"name", COLUMN_TEXT, true, 1, NULL, NULL},
    {"slug", COLUMN_TEXT, true, 1, NULL, NULL},
    {"createdAt", COLUMN_TIME, true, 1, NULL, "DEFAULT CURRENT_TIMESTAMP"},
    {"linkedAt", COLUMN_TIME, false, 2, NULL, NULL},
};

static const struct schema_column membership[] = {
    {"id", COLUMN_TEXT, true, 1, NULL, KEY},
    {"userId", COLUMN_TEXT, true, 1, NULL, OF_USER},
    {"organizationId", COLUMN_TEXT, true, 1, NULL, OF_ORGANIZATION},
    {"role", COLUMN_ENUM, true, 1, &role, "DEFAULT 'MEMBER'"},
    {"createdAt", COLUMN_TIME, true, 1, NULL, "DEFAULT CURRENT_TIMESTAMP"},
};

static const struct schema_column refresh_token[] = {
    {"id", COLUMN_TEXT, true, 2, NULL, KEY},
    {"familyId", COLUMN_TEXT, true, 2, NULL, NULL},
    {"userId", COLUMN_TEXT, true, 2, NULL, OF_USER},
    {"organizationId", COLUMN_TEXT, true, 2, NULL, OF_ORGANIZATION},
    {"tokenHash", COLUMN_TEXT, true, 2, NULL, NULL},
    {"createdAt", COLUMN_TIME, true, 2, NULL, NULL},
    {"expiresAt", COLUMN_TIME, true, 2, NULL, NULL},
    {"usedAt", COLUMN_TIME, false, 2, NULL, NULL},
    {"replacedBy", COLUMN_TEXT, false, 2, NULL, NULL},
    {"revokedAt", COLUMN_TIME, false, 2, NULL, NULL},
    {"userAgent", COLUMN_TEXT, false, 2, NULL, NULL},
};

static const struct schema_column invitation[] = {
    {"id", COLUMN_TEXT, true, 2, NULL, KEY},
    {"organizationId", COLUMN_TEXT, true, 2, NULL, OF_ORGANIZATION},
    {"role", COLUMN_ENUM, true, 2, &role, NULL},
    {"email", COLUMN_TEXT, false, 2, NULL, NULL},
    {"tokenHash", COLUMN_TEXT, true, 2, NULL, NULL},
    {"invitedBy", COLUMN_TEXT, true, 2, NULL, NULL},
    {"createdAt", COLUMN_TIME, true, 2, NULL, NULL},
    {"expiresAt", COLUMN_TIME, true, 2, NULL, NULL},
    {"usedAt", COLUMN_TIME, false, 2, NULL, NULL},
    {"usedBy", COLUMN_TEXT, false, 2, NULL, NULL},
};

static const struct schema_column recording[] = {
    {"id", COLUMN_TEXT, true, 4, NULL, KEY},
    {"meetingId", COLUMN_TEXT, true, 4, NULL, NULL},
    {"participantId", COLUMN_TEXT, true, 4, NULL, NULL},
    {"participantName", COLUMN_TEXT, false, 4, NULL, NULL},
    {"trackId", COLUMN_TEXT, true, 4, NULL, NULL},
    {"format", COLUMN_TEXT, true, 4, NULL, NULL},
    {"path", COLUMN_TEXT, true, 4, NULL, NULL},
    {"sha256", COLUMN_TEXT, false, 4, NULL, NULL},
    {"endReason", COLUMN_TEXT, false, 4, NULL, NULL},
    {"part", COLUMN_INT, true, 4, NULL, NULL},
    {"sampleRate", COLUMN_INT, true, 4, NULL, NULL},
    {"channels", COLUMN_INT, true, 4, NULL, NULL},
    {"startedAt", COLUMN_TIME, true, 4, NULL, NULL},
    {"endedAt", COLUMN_TIME, false, 4, NULL, NULL},
    {"bytes", COLUMN_INT, true, 4, NULL, NULL},
    {"durationMs", COLUMN_INT, true, 4, NULL, NULL},
};

static const struct schema_column audit_event[] = {
    {"id", COLUMN_TEXT, true, 4, NULL, KEY},
    {"at", COLUMN_TIME, true, 4, NULL, NULL},
    {"action", COLUMN_TEXT, true, 4, NULL, NULL},
    {"actor", COLUMN_TEXT, true, 4, NULL, NULL},
    {"meetingId", COLUMN_TEXT, true, 4, NULL, NULL},
    {"recordingId", COLUMN_TEXT, false, 4, NULL, NULL},
    {"detail", COLUMN_TEXT, false, 4, NULL, NULL},
};

static const struct schema_column egress_stop[] = {
    {"trackSid", COLUMN_TEXT, true, 5, NULL, KEY},
    {"meetingId", COLUMN_TEXT, true, 5, NULL, NULL},
    {"stoppedAt", COLUMN_TIME, true, 5, NULL, NULL},
};

#define TABLE(name, since, columns)                                                                \
    { name, since, columns, ARRAY_LEN(columns) }

const struct schema_table schema_tables[] = {
    TABLE("Session", 1, session),
    TABLE("FeedbackEvent", 1, feedback_event),
    TABLE("User", 1, user),
    TABLE("Organization", 1, organization),
    TABLE("OrganizationMembership", 1, membership),
    TABLE("RefreshToken", 2, refresh_token),
    TABLE("OrganizationInvitation", 2, invitation),
    TABLE("Recording", 4, recording),
    TABLE("AuditEvent", 4, audit_event),
    TABLE("EgressStop", 5, egress_stop),
};
const size_t schema_table_count = ARRAY_LEN(schema_tables);

#define INDEX(name, rest)  "CREATE INDEX IF NOT EXISTS \"" name "\" ON " rest
#define UNIQUE(name, rest) "CREATE UNIQUE INDEX IF NOT EXISTS \"" name "\" ON " rest

/* The first ones have Prisma's names, so that an adopted database does not get them twice. */
const struct schema_index schema_indexes[] = {
    {1, UNIQUE("Session_meetingId_key", "\"Session\"(\"meetingId\")")},
    {1, UNIQUE("Session_roomSid_key", "\"Session\"(\"roomSid\")")},
    {1, INDEX("Session_roomName_idx", "\"Session\"(\"roomName\")")},
    {1, INDEX("FeedbackEvent_meetingId_ts_idx", "\"FeedbackEvent\"(\"meetingId\", \"ts\")")},
    {1, INDEX("FeedbackEvent_expiresAt_idx", "\"FeedbackEvent\"(\"expiresAt\")")},
    {1, UNIQUE("User_email_key", "\"User\"(\"email\")")},
    {1, UNIQUE("Organization_slug_key", "\"Organization\"(\"slug\")")},
    {1, UNIQUE("OrganizationMembership_userId_organizationId_key",
               "\"OrganizationMembership\"(\"userId\", \"organizationId\")")},
    {2, INDEX("User_email_lower_idx", "\"User\"(LOWER(\"email\"))")},
    {2, UNIQUE("RefreshToken_tokenHash_key", "\"RefreshToken\"(\"tokenHash\")")},
    {2, INDEX("RefreshToken_familyId_idx", "\"RefreshToken\"(\"familyId\")")},
    {2, INDEX("RefreshToken_userId_idx", "\"RefreshToken\"(\"userId\")")},
    {2, INDEX("RefreshToken_createdAt_idx", "\"RefreshToken\"(\"createdAt\")")},
    {2,
     UNIQUE("OrganizationInvitation_tokenHash_key", "\"OrganizationInvitation\"(\"tokenHash\")")},
    {3, INDEX("Session_status_startedAt_idx", "\"Session\"(\"status\", \"startedAt\")")},
    {3, INDEX("Session_organizationId_startedAt_id_idx",
              "\"Session\"(\"organizationId\", \"startedAt\", \"id\")")},
    {3, INDEX("FeedbackEvent_meetingId_ts_id_idx",
              "\"FeedbackEvent\"(\"meetingId\", \"ts\", \"id\")")},
    {3, INDEX("FeedbackEvent_meetingId_seq_idx", "\"FeedbackEvent\"(\"meetingId\", \"seq\")")},
    {3, INDEX("OrganizationMembership_organizationId_userId_idx",
              "\"OrganizationMembership\"(\"organizationId\", \"userId\")")},
    {4, INDEX("Recording_meetingId_startedAt_idx", "\"Recording\"(\"meetingId\", \"startedAt\")")},
    {4, INDEX("Recording_endedAt_idx", "\"Recording\"(\"endedAt\")")},
    {4, INDEX("AuditEvent_at_idx", "\"AuditEvent\"(\"at\")")},
    {5, INDEX("EgressStop_meetingId_idx", "\"EgressStop\"(\"meetingId\")")},
};
const size_t schema_index_count = ARRAY_LEN(schema_indexes);

const char *const schema_migrations[] = {
    "sessions, feedback and users",   "organizations, logins and what feedback says",
    "indexes of the lists",           "recordings, and the audit of what is erased",
    "egresses that somebody stopped",
};
const int schema_latest = ARRAY_LEN(schema_migrations);
