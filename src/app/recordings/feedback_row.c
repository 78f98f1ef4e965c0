#include "app/recordings/feedback_row.h"

#include "outside/store/store.h"
#include "wire/web/json_write.h"

void feedback_row_write(struct buf *out, const struct store_feedback *row) {
    json_open(out, NULL);
    json_add_text(out, "id", row->id);
    json_add_text(out, "type", row->type);
    json_add_text(out, "severity", row->severity);
    json_add_int(out, "ts", row->ts_ms);
    json_add_text(out, "meetingId", row->meeting_id);
    json_add_text(out, "participantId", row->participant_id);
    if (row->participant_name.len > 0)
        json_add_text(out, "participantName", row->participant_name);
    json_open(out, "window");
    json_add_int(out, "start", row->window_start_ms);
    json_add_int(out, "end", row->window_end_ms);
    json_close(out);
    json_add_text(out, "message", row->message);
    json_add_raw(out, "tips", row->tips.len > 0 ? row->tips : SLICE("[]"));
    json_add_raw(out, "metadata", row->metadata.len > 0 ? row->metadata : SLICE("{}"));
    if (row->seq > 0)
        json_add_int(out, "seq", row->seq);
    json_close(out);
}
