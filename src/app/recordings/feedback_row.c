#include "app/recordings/feedback_row.h"

#include "base/buf.h"
#include "base/text.h"
#include "outside/store/store.h"

static void add_text(struct buf *out, const char *name, struct slice text) {
    buf_printf(out, "\"%s\":", name);
    text_add_json(out, text);
    buf_add_byte(out, ',');
}

void feedback_row_write(struct buf *out, const struct store_feedback *row) {
    buf_add_byte(out, '{');
    add_text(out, "id", row->id);
    add_text(out, "type", row->type);
    add_text(out, "severity", row->severity);
    buf_printf(out, "\"ts\":%lld,", (long long)row->ts_ms);
    add_text(out, "meetingId", row->meeting_id);
    add_text(out, "participantId", row->participant_id);
    if (row->participant_name.len > 0)
        add_text(out, "participantName", row->participant_name);
    buf_printf(out, "\"window\":{\"start\":%lld,\"end\":%lld},", (long long)row->window_start_ms,
               (long long)row->window_end_ms);
    add_text(out, "message", row->message);
    buf_add_text(out, "\"tips\":");
    buf_add_slice(out, row->tips.len > 0 ? row->tips : SLICE("[]"));
    buf_add_text(out, ",\"metadata\":");
    buf_add_slice(out, row->metadata.len > 0 ? row->metadata : SLICE("{}"));
    if (row->seq > 0)
        buf_printf(out, ",\"seq\":%lld", (long long)row->seq);
    buf_add_byte(out, '}');
}
