#include "outside/db/db_schema.h"

#include "base/macros.h"

#define KEY       "PRIMARY KEY"
#define ESSENTIAL COLUMN_ESSENTIAL
#define REQUIRED  COLUMN_REQUIRED
#define BOTH      (COLUMN_ESSENTIAL | COLUMN_REQUIRED)
#define WRITTEN   COLUMN_WRITTEN

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
    {"id", COLUMN_ID, 1, BOTH, .extra = KEY},
    {"meetingId", COLUMN_TEXT, 1, BOTH},
    {"roomSid", COLUMN_TEXT, 1, ESSENTIAL},
    {"roomName", COLUMN_TEXT, 1, BOTH},
    {"status", COLUMN_ENUM, 1, BOTH, .type = &session_status, .extra = "DEFAULT 'ACTIVE'"},
    {"startedAt", COLUMN_TIME, 1, BOTH, .extra = "DEFAULT CURRENT_TIMESTAMP"},
    {"endedAt", COLUMN_TIME, 1, ESSENTIAL},
    {"organizationId", COLUMN_ID, 2, 0, .of = "Organization"},
};

static const struct schema_column feedback_event[] = {
    {"id", COLUMN_ID, 1, BOTH, .extra = KEY},
    {"meetingId", COLUMN_TEXT, 1, BOTH},
    {"participantId", COLUMN_TEXT, 1, BOTH},
    {"type", COLUMN_ENUM, 1, BOTH, .type = &feedback_type},
    {"severity", COLUMN_ENUM, 1, BOTH, .type = &feedback_severity},
    {"ts", COLUMN_TIME, 1, BOTH},
    {"windowStart", COLUMN_TIME, 1, BOTH},
    {"windowEnd", COLUMN_TIME, 1, BOTH},
    {"message", COLUMN_TEXT, 1, BOTH},
    {"metadata", COLUMN_JSON, 1, WRITTEN},
    {"createdAt", COLUMN_TIME, 1, REQUIRED, .extra = "DEFAULT CURRENT_TIMESTAMP"},
    {"expiresAt", COLUMN_TIME, 1, BOTH},
    {"participantName", COLUMN_TEXT, 2, 0},
    {"tips", COLUMN_JSON, 2, 0},
    {"seq", COLUMN_INT, 2, 0},
};

static const struct schema_column user[] = {
    {"id", COLUMN_ID, 1, BOTH, .extra = KEY},
    {"email", COLUMN_TEXT, 1, BOTH},
    {"name", COLUMN_TEXT, 1, 0},
    {"createdAt", COLUMN_TIME, 1, REQUIRED, .extra = "DEFAULT CURRENT_TIMESTAMP"},
    {"updatedAt", COLUMN_TIME, 1, REQUIRED},
    {"passwordHash", COLUMN_TEXT, 2, WRITTEN},
    {"disabledAt", COLUMN_TIME, 2, 0},
};

static const struct schema_column organization[] = {
    {"id", COLUMN_ID, 1, BOTH, .extra = KEY},
    {"name", COLUMN_TEXT, 1, BOTH},
    {"slug", COLUMN_TEXT, 1, REQUIRED, .fill = "CAST(\"id\" AS TEXT)"},
    {"createdAt", COLUMN_TIME, 1, REQUIRED, .extra = "DEFAULT CURRENT_TIMESTAMP"},
    {"linkedAt", COLUMN_TIME, 2, 0},
};

static const struct schema_column membership[] = {
    {"id", COLUMN_ID, 1, BOTH, .extra = KEY},
    {"userId", COLUMN_ID, 1, BOTH, .is_foreign = true, .of = "User"},
    {"organizationId", COLUMN_ID, 1, BOTH, .is_foreign = true, .of = "Organization"},
    {"role", COLUMN_ENUM, 1, REQUIRED, .type = &role, .extra = "DEFAULT 'MEMBER'"},
    {"createdAt", COLUMN_TIME, 1, REQUIRED, .extra = "DEFAULT CURRENT_TIMESTAMP"},
};

static const struct schema_column refresh_token[] = {
    {"id", COLUMN_ID, 2, BOTH, .extra = KEY},
    {"familyId", COLUMN_ID, 2, REQUIRED},
    {"userId", COLUMN_ID, 2, BOTH, .is_foreign = true, .of = "User"},
    {"organizationId", COLUMN_ID, 2, REQUIRED, .is_foreign = true, .of = "Organization"},
    {"tokenHash", COLUMN_TEXT, 2, REQUIRED},
    {"createdAt", COLUMN_TIME, 2, REQUIRED},
    {"expiresAt", COLUMN_TIME, 2, REQUIRED},
    {"usedAt", COLUMN_TIME, 2, 0},
    {"replacedBy", COLUMN_ID, 2, 0, .of = "RefreshToken"},
    {"revokedAt", COLUMN_TIME, 2, 0},
    {"userAgent", COLUMN_TEXT, 2, 0},
};

static const struct schema_column invitation[] = {
    {"id", COLUMN_ID, 2, BOTH, .extra = KEY},
    {"organizationId", COLUMN_ID, 2, BOTH, .is_foreign = true, .of = "Organization"},
    {"role", COLUMN_ENUM, 2, REQUIRED, .type = &role},
    {"email", COLUMN_TEXT, 2, 0},
    {"tokenHash", COLUMN_TEXT, 2, REQUIRED},
    {"invitedBy", COLUMN_ID, 2, REQUIRED, .of = "User"},
    {"createdAt", COLUMN_TIME, 2, REQUIRED},
    {"expiresAt", COLUMN_TIME, 2, REQUIRED},
    {"usedAt", COLUMN_TIME, 2, 0},
    {"usedBy", COLUMN_ID, 2, 0, .of = "User"},
};

static const struct schema_column recording[] = {
    {"id", COLUMN_TEXT, 4, BOTH, .extra = KEY},
    {"meetingId", COLUMN_TEXT, 4, BOTH},
    {"participantId", COLUMN_TEXT, 4, BOTH},
    {"participantName", COLUMN_TEXT, 4, 0},
    {"trackId", COLUMN_TEXT, 4, BOTH},
    {"format", COLUMN_TEXT, 4, BOTH},
    {"path", COLUMN_TEXT, 4, BOTH},
    {"sha256", COLUMN_TEXT, 4, 0},
    {"endReason", COLUMN_TEXT, 4, 0},
    {"part", COLUMN_INT, 4, BOTH},
    {"sampleRate", COLUMN_INT, 4, BOTH},
    {"channels", COLUMN_INT, 4, BOTH},
    {"startedAt", COLUMN_TIME, 4, BOTH},
    {"endedAt", COLUMN_TIME, 4, 0},
    {"bytes", COLUMN_INT, 4, BOTH},
    {"durationMs", COLUMN_INT, 4, BOTH},
};

static const struct schema_column audit_event[] = {
    {"id", COLUMN_TEXT, 4, BOTH, .extra = KEY},
    {"at", COLUMN_TIME, 4, BOTH},
    {"action", COLUMN_TEXT, 4, BOTH},
    {"actor", COLUMN_TEXT, 4, BOTH},
    {"meetingId", COLUMN_TEXT, 4, BOTH},
    {"recordingId", COLUMN_TEXT, 4, 0},
    {"detail", COLUMN_TEXT, 4, 0},
};

static const struct schema_column egress_stop[] = {
    {"trackSid", COLUMN_TEXT, 5, BOTH, .extra = KEY},
    {"meetingId", COLUMN_TEXT, 5, BOTH},
    {"stoppedAt", COLUMN_TIME, 5, BOTH},
};

static const struct schema_column participant[] = {
    {"id", COLUMN_TEXT, 6, BOTH, .extra = KEY},
    {"meetingId", COLUMN_TEXT, 6, BOTH},
    {"participantId", COLUMN_TEXT, 6, BOTH},
    {"name", COLUMN_TEXT, 6, 0},
    {"role", COLUMN_TEXT, 6, REQUIRED},
    {"joinedAt", COLUMN_TIME, 6, BOTH},
    {"leftAt", COLUMN_TIME, 6, 0},
    {"expiresAt", COLUMN_TIME, 6, BOTH},
};

static const struct schema_column meeting_report[] = {
    {"meetingId", COLUMN_TEXT, 6, BOTH, .extra = KEY},
    {"version", COLUMN_INT, 6, BOTH},
    {"report", COLUMN_TEXT, 6, BOTH},
    {"createdAt", COLUMN_TIME, 6, BOTH},
    {"expiresAt", COLUMN_TIME, 6, BOTH},
};

static const struct schema_column feedback_verdict[] = {
    {"id", COLUMN_TEXT, 7, BOTH, .extra = KEY},
    {"meetingId", COLUMN_TEXT, 7, BOTH},
    {"verdict", COLUMN_TEXT, 7, BOTH},
    {"type", COLUMN_TEXT, 7, BOTH},
    {"participantId", COLUMN_TEXT, 7, 0},
    {"feedbackId", COLUMN_TEXT, 7, 0},
    {"until", COLUMN_TIME, 7, 0},
    {"saidBy", COLUMN_TEXT, 7, 0},
    {"saidAt", COLUMN_TIME, 7, BOTH},
    {"expiresAt", COLUMN_TIME, 7, BOTH},
};

static const struct schema_column page_right[] = {
    {"id", COLUMN_TEXT, 7, BOTH, .extra = KEY}, {"tokenHash", COLUMN_TEXT, 7, BOTH},
    {"meetingId", COLUMN_TEXT, 7, BOTH},        {"roomName", COLUMN_TEXT, 7, BOTH},
    {"subject", COLUMN_TEXT, 7, BOTH},          {"createdAt", COLUMN_TIME, 7, BOTH},
    {"expiresAt", COLUMN_TIME, 7, BOTH},        {"revokedAt", COLUMN_TIME, 7, 0},
};

/* `dueMs` is a plain number, as a claim compares it exactly. */
static const struct schema_column webhook_delivery[] = {
    {"id", COLUMN_TEXT, 8, BOTH, .extra = KEY},
    {"meetingId", COLUMN_TEXT, 8, BOTH},
    {"participantId", COLUMN_TEXT, 8, 0},
    {"type", COLUMN_TEXT, 8, BOTH},
    {"url", COLUMN_TEXT, 8, BOTH},
    {"body", COLUMN_TEXT, 8, BOTH},
    {"state", COLUMN_TEXT, 8, BOTH},
    {"dueMs", COLUMN_INT, 8, BOTH},
    {"attempts", COLUMN_INT, 8, BOTH},
    {"lastStatus", COLUMN_INT, 8, 0},
    {"lastError", COLUMN_TEXT, 8, 0},
    {"createdAt", COLUMN_TIME, 8, BOTH},
    {"expiresAt", COLUMN_TIME, 8, BOTH},
    {"trace", COLUMN_TEXT, 8, 0},
};

static const struct schema_column recording_object[] = {
    {"id", COLUMN_TEXT, 9, BOTH, .extra = KEY},
    {"path", COLUMN_TEXT, 9, BOTH},
    {"format", COLUMN_TEXT, 9, BOTH},
    {"state", COLUMN_TEXT, 9, BOTH},
    {"key", COLUMN_TEXT, 9, 0},
    {"uploadId", COLUMN_TEXT, 9, 0},
    {"tries", COLUMN_INT, 9, BOTH},
    {"nextAt", COLUMN_TIME, 9, 0},
    {"storedAt", COLUMN_TIME, 9, 0},
    {"isLocalGone", COLUMN_INT, 9, BOTH},
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
    TABLE("Participant", 6, participant),
    TABLE("MeetingReport", 6, meeting_report),
    TABLE("FeedbackVerdict", 7, feedback_verdict),
    TABLE("PageRight", 7, page_right),
    TABLE("WebhookDelivery", 8, webhook_delivery),
    TABLE("RecordingObject", 9, recording_object),
};
const size_t schema_table_count = ARRAY_LEN(schema_tables);

/* The first ones have Prisma's names, so that an adopted database does not get them twice. */
const struct schema_index schema_indexes[] = {
    {1, true, "Session_meetingId_key", "Session", "\"meetingId\""},
    {1, true, "Session_roomSid_key", "Session", "\"roomSid\""},
    {1, false, "Session_roomName_idx", "Session", "\"roomName\""},
    {1, false, "FeedbackEvent_meetingId_ts_idx", "FeedbackEvent", "\"meetingId\", \"ts\""},
    {1, false, "FeedbackEvent_expiresAt_idx", "FeedbackEvent", "\"expiresAt\""},
    {1, true, "User_email_key", "User", "\"email\""},
    {1, true, "Organization_slug_key", "Organization", "\"slug\""},
    {1, true, "OrganizationMembership_userId_organizationId_key", "OrganizationMembership",
     "\"userId\", \"organizationId\""},
    {2, false, "User_email_lower_idx", "User", "LOWER(\"email\")"},
    {2, true, "RefreshToken_tokenHash_key", "RefreshToken", "\"tokenHash\""},
    {2, false, "RefreshToken_familyId_idx", "RefreshToken", "\"familyId\""},
    {2, false, "RefreshToken_userId_idx", "RefreshToken", "\"userId\""},
    {2, false, "RefreshToken_createdAt_idx", "RefreshToken", "\"createdAt\""},
    {2, true, "OrganizationInvitation_tokenHash_key", "OrganizationInvitation", "\"tokenHash\""},
    {3, false, "Session_status_startedAt_idx", "Session", "\"status\", \"startedAt\""},
    {3, false, "Session_organizationId_startedAt_id_idx", "Session",
     "\"organizationId\", \"startedAt\", \"id\""},
    {3, false, "FeedbackEvent_meetingId_ts_id_idx", "FeedbackEvent",
     "\"meetingId\", \"ts\", \"id\""},
    {3, false, "FeedbackEvent_meetingId_seq_idx", "FeedbackEvent", "\"meetingId\", \"seq\""},
    {3, false, "OrganizationMembership_organizationId_userId_idx", "OrganizationMembership",
     "\"organizationId\", \"userId\""},
    {4, false, "Recording_meetingId_startedAt_idx", "Recording", "\"meetingId\", \"startedAt\""},
    {4, false, "Recording_endedAt_idx", "Recording", "\"endedAt\""},
    {4, false, "AuditEvent_at_idx", "AuditEvent", "\"at\""},
    {5, false, "EgressStop_meetingId_idx", "EgressStop", "\"meetingId\""},
    {6, false, "Participant_meetingId_joinedAt_idx", "Participant", "\"meetingId\", \"joinedAt\""},
    {6, false, "Participant_participantId_joinedAt_idx", "Participant",
     "\"participantId\", \"joinedAt\""},
    {6, false, "Participant_expiresAt_idx", "Participant", "\"expiresAt\""},
    {6, false, "MeetingReport_expiresAt_idx", "MeetingReport", "\"expiresAt\""},
    {7, false, "FeedbackVerdict_meetingId_saidAt_idx", "FeedbackVerdict",
     "\"meetingId\", \"saidAt\""},
    {7, false, "FeedbackVerdict_expiresAt_idx", "FeedbackVerdict", "\"expiresAt\""},
    {7, true, "PageRight_tokenHash_key", "PageRight", "\"tokenHash\""},
    {7, false, "PageRight_meetingId_createdAt_idx", "PageRight", "\"meetingId\", \"createdAt\""},
    {7, false, "PageRight_expiresAt_idx", "PageRight", "\"expiresAt\""},
    {8, false, "WebhookDelivery_state_url_dueMs_idx", "WebhookDelivery",
     "\"state\", \"url\", \"dueMs\""},
    {8, false, "WebhookDelivery_meetingId_idx", "WebhookDelivery", "\"meetingId\""},
    {8, false, "WebhookDelivery_expiresAt_idx", "WebhookDelivery", "\"expiresAt\""},
    {9, false, "RecordingObject_nextAt_idx", "RecordingObject", "\"nextAt\""},
};
const size_t schema_index_count = ARRAY_LEN(schema_indexes);

const char *const schema_migrations[] = {
    "sessions, feedback and users",
    "organizations, logins and what feedback says",
    "indexes of the lists",
    "recordings, and the audit of what is erased",
    "egresses that somebody stopped",
    "who took part, and reports",
    "what hosts say of feedback, and rights to one meeting",
    "webhooks that are delivered",
    "recordings in an object store",
};
const int schema_latest = ARRAY_LEN(schema_migrations);
