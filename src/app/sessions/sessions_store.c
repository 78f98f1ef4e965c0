#include "app/sessions/sessions_private.h"

#include "app/sessions/directory.h"
#include "outside/store/store.h"

#include <errno.h>

void session_classify(const struct session_entry *entry) {
    const struct session *session = &entry->session;
    if (entry->owner->set.directory && session->is_active)
        directory_classify(entry->owner->set.directory, slice_from(session->meeting_id),
                           slice_from(session->organization_slug), slice_from(session->kind));
}

void session_set_owner(struct session_entry *entry, const struct store_session *row) {
    slice_replace_text(&entry->session.organization_id, row->organization_id);
    slice_replace_text(&entry->session.organization_slug, row->organization_slug);
    session_classify(entry);
}

static void on_store_start(int err, const struct store_session *row, void *user) {
    struct session_entry *entry = user;
    entry->call = NULL;
    if (err == EAGAIN)
        entry->needs_start = true; /* the sweep tries again */
    if (err || !row)
        return;
    session_set_owner(entry, row);
    entry->session.is_stored = true;
    if (entry->owner->set.on_stored)
        entry->owner->set.on_stored(&entry->session, entry->owner->set.user);
    if (row->last_seq && entry->owner->set.directory && entry->session.is_active)
        directory_start_session(entry->owner->set.directory, slice_from(entry->session.meeting_id),
                                slice_from(entry->session.room_name), (uint64_t)row->last_seq + 1);
    session_tell_store(entry);
}

static void on_store_end(int err, void *user) {
    struct session_entry *entry = user;
    entry->call = NULL;
    if (err == EAGAIN)
        entry->needs_end = true;
    else
        session_tell_store(entry);
}

static void send_start(struct session_entry *entry) {
    entry->needs_start = false;
    struct store_session_start start = {
        .meeting_id = slice_from(entry->session.meeting_id),
        .room_sid = slice_from(entry->session.room_sid),
        .room_name = slice_from(entry->session.room_name),
        .organization = slice_from(entry->organization),
        .is_signed = entry->session.is_signed,
        .at_ms = entry->session.started_ms,
        .ended_ms = entry->session.is_active ? 0 : entry->session.ended_ms,
    };
    entry->call = store_session_start(entry->owner->set.store, &start, on_store_start, entry);
}

static void send_end(struct session_entry *entry) {
    entry->needs_end = false;
    entry->call = store_session_end(entry->owner->set.store, slice_from(entry->session.meeting_id),
                                    entry->session.ended_ms, on_store_end, entry);
}

void session_tell_store(struct session_entry *entry) {
    if (!entry->owner->set.store || entry->call || entry->is_looking)
        return;
    if (entry->needs_start)
        send_start(entry);
    else if (entry->needs_end)
        send_end(entry);
}

/* A stored session that ended after this event was sent: the event is stale. */
static void on_store_look(int err, const struct store_session *row, void *user) {
    struct session_entry *entry = user;
    entry->call = NULL;
    entry->is_looking = false;
    if (!err && row && row->status == SESSION_ENDED && row->ended_ms >= entry->event_ms) {
        entry->needs_start = false;
        entry->needs_end = false;
        session_mark_ended(entry, row->ended_ms);
        return;
    }
    if (!err && row && row->started_ms && row->started_ms < entry->session.started_ms)
        entry->session.started_ms = row->started_ms;
    session_tell_store(entry);
}

void session_look_up(struct session_entry *entry) {
    if (!entry->owner->set.store)
        return;
    entry->is_looking = true;
    entry->call = store_session_get(entry->owner->set.store, slice_from(entry->session.meeting_id),
                                    on_store_look, entry);
}
