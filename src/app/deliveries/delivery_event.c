#include "app/deliveries/delivery_event.h"

#include "app/deliveries/deliveries.h"
#include "app/sessions/directory.h"
#include "app/sessions/sessions.h"
#include "base/buf.h"
#include "base/clock.h"
#include "outside/files/recording_info.h"
#include "wire/web/json_write.h"
#include "wire/web/url.h"

#include <inttypes.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)

static void tell(struct deliveries *deliveries, const struct delivery_event *event,
                 struct buf *data, struct buf *key) {
    struct delivery_event whole = *event;
    json_close(data);
    whole.data = buf_slice(data);
    whole.key = buf_slice(key);
    deliveries_tell(deliveries, &whole);
    buf_free(data);
    buf_free(key);
}

static void write_session(struct buf *data, const struct session *session) {
    json_open(data, NULL);
    json_add_text(data, "meetingId", slice_from(session->meeting_id));
    json_add_text(data, "roomName", slice_from(session->room_name));
    json_add_text_or_null(data, "organization", slice_from(session->organization_slug));
    json_add_time(data, "startedAt", session->started_ms);
    json_add_time_or_null(data, "endedAt", session->ended_ms);
}

void delivery_meeting(struct deliveries *deliveries, const struct session *session) {
    struct buf data = {0}, key = {0};
    int64_t at_ms = session->is_active ? session->started_ms : session->ended_ms;
    if (!deliveries || at_ms < clock_wall_ms() - DAY_MS)
        return;
    buf_printf(&key, "%s %" PRId64, session->meeting_id, at_ms);
    write_session(&data, session);
    const struct delivery_event event = {
        .type = session->is_active ? "meeting.started" : "meeting.ended",
        .meeting_id = slice_from(session->meeting_id),
        .at_ms = at_ms,
    };
    tell(deliveries, &event, &data, &key);
}

void delivery_report(struct deliveries *deliveries, const struct session *session) {
    struct buf data = {0}, key = {0}, path = {0};
    if (!deliveries || session->is_active)
        return;
    buf_printf(&key, "%s %" PRId64, session->meeting_id, session->ended_ms);
    buf_add_text(&path, "/meetings/");
    url_encode(&path, slice_from(session->meeting_id));
    buf_add_text(&path, "/report");
    write_session(&data, session);
    json_add_text(&data, "report", buf_slice(&path));
    const struct delivery_event event = {
        .type = "report.ready",
        .meeting_id = slice_from(session->meeting_id),
        .at_ms = clock_wall_ms(),
    };
    tell(deliveries, &event, &data, &key);
    buf_free(&path);
}

void delivery_recording(struct deliveries *deliveries, const struct recording_info *row,
                        struct slice meeting_id) {
    struct buf data = {0}, key = {0};
    if (!deliveries || row->ended_ms < clock_wall_ms() - DAY_MS)
        return;
    buf_add_slice(&key, row->id);
    json_open(&data, NULL);
    json_add_text(&data, "meetingId", meeting_id);
    json_add_text(&data, "recordingId", row->id);
    json_add_text(&data, "participantId", row->participant);
    json_add_text_or_null(&data, "participantName", row->name);
    json_add_text(&data, "trackId", row->track);
    json_add_text(&data, "format", row->format);
    json_add_time(&data, "startedAt", row->started_ms);
    json_add_time(&data, "endedAt", row->ended_ms);
    json_add_int(&data, "durationMs", row->duration_ms);
    json_add_uint(&data, "bytes", row->bytes);
    json_add_text_or_null(&data, "sha256", row->sha256);
    json_add_text_or_null(&data, "endReason", row->end);
    const struct delivery_event event = {
        .type = "recording.finished",
        .meeting_id = meeting_id,
        .participant_id = row->participant,
        .at_ms = row->ended_ms,
    };
    tell(deliveries, &event, &data, &key);
}

void delivery_feedback(struct deliveries *deliveries, struct slice id,
                       const struct directory_feedback *from, enum locale locale) {
    const struct feedback *feedback = from->feedback;
    struct buf data = {0}, key = {0};
    if (!deliveries || feedback->severity != SEVERITY_CRITICAL)
        return;
    buf_add_slice(&key, id);
    json_open(&data, NULL);
    json_add_text(&data, "roomName", from->room_name);
    json_add_name(&data, "feedback");
    feedback_write_json(&data, feedback, locale, id, from->meeting_id, from->seq);
    const struct delivery_event event = {
        .type = "feedback.critical",
        .meeting_id = from->meeting_id,
        .participant_id = feedback->is_group ? SLICE_NONE : slice_from(feedback->participant),
        .at_ms = feedback->ts_ms,
    };
    tell(deliveries, &event, &data, &key);
}
