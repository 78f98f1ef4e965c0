#include "app/sessions/sessions_private.h"

#include "app/sessions/directory.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/mem.h"
#include "base/rand.h"
#include "base/text.h"
#include "meeting/rules_file.h"
#include "net/loop.h"
#include "outside/livekit/livekit_info.h"
#include "outside/store/store.h"
#include "wire/web/json_read.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

enum { LOAD_MAX = 10000, LOAD_RETRY_MS = 2000, SWEEP_MS = 5000, UNSIGNED_LOG_BURST = 100 };

static const int64_t linger_default_ms = 600000;
static const int64_t provisional_ms = 3600000; /* how old feedback without its true id may be */

/* ---- Finding ---- */

static struct session_entry *find_entry(const struct sessions *sessions, struct slice meeting_id) {
    return map_find(&sessions->by_id, meeting_id);
}

const struct session *sessions_find(const struct sessions *sessions, struct slice meeting_id) {
    struct session_entry *entry = find_entry(sessions, meeting_id);
    return entry ? &entry->session : NULL;
}

static struct session_entry *find_active(const struct sessions *sessions, struct slice room_name) {
    struct session_room *room = map_find(&sessions->by_room, room_name);
    if (!room)
        return NULL;
    struct session_entry *latest = NULL;
    LIST_EACH(&room->sessions, node) {
        struct session_entry *entry = CONTAINER_OF(node, struct session_entry, in_room);
        if (entry->session.is_active &&
            (!latest || entry->session.started_ms >= latest->session.started_ms))
            latest = entry;
    }
    return latest;
}

const struct session *sessions_find_active(const struct sessions *sessions,
                                           struct slice room_name) {
    struct session_entry *entry = find_active(sessions, room_name);
    return entry ? &entry->session : NULL;
}

const struct session *sessions_next(const struct sessions *sessions, struct map_cursor *at) {
    if (!map_next(&sessions->by_id, at))
        return NULL;
    const struct session_entry *entry = at->value;
    return &entry->session;
}

unsigned sessions_count_active(const struct sessions *sessions) {
    return sessions->active;
}

bool sessions_are_loaded(const struct sessions *sessions) {
    return sessions->is_loaded;
}

/* ---- Entries ---- */

static struct session_room *room_get(struct sessions *sessions, struct slice name) {
    struct session_room *room = map_find(&sessions->by_room, name);
    if (room)
        return room;
    room = mem_alloc(sizeof *room);
    room->name = slice_copy_text(name);
    list_init(&room->sessions);
    map_set(&sessions->by_room, name, room);
    return room;
}

static struct session_entry *entry_new(struct sessions *sessions, struct slice id,
                                       struct slice room_name, struct slice sid) {
    struct session_entry *entry = mem_alloc(sizeof *entry);
    entry->owner = sessions;
    entry->session.meeting_id = slice_copy_text(id);
    entry->session.room_name = slice_copy_text(room_name);
    entry->session.room_sid = slice_copy_text(sid);
    entry->session.organization_id = mem_copy_text("");
    entry->session.organization_slug = mem_copy_text("");
    entry->session.kind = mem_copy_text("");
    entry->organization = mem_copy_text("");
    map_init(&entry->session.attendees, rand_u64());
    entry->room = room_get(sessions, room_name);
    list_add(&entry->room->sessions, &entry->in_room);
    map_set(&sessions->by_id, id, entry);
    session_share_open(entry);
    return entry;
}

void session_entry_free(struct session_entry *entry) {
    struct sessions *sessions = entry->owner;
    session_share_close(entry);
    if (entry->call)
        store_cancel(entry->call);
    map_remove(&sessions->by_id, slice_from(entry->session.meeting_id));
    list_remove(&entry->in_room);
    if (list_is_empty(&entry->room->sessions)) {
        map_remove(&sessions->by_room, slice_from(entry->room->name));
        mem_free(entry->room->name);
        mem_free(entry->room);
    }
    MAP_EACH(&entry->session.attendees, at)
        attendee_free(at.value);
    map_free(&entry->session.attendees);
    mem_free(entry->session.meeting_id);
    mem_free(entry->session.room_name);
    mem_free(entry->session.room_sid);
    mem_free(entry->session.organization_id);
    mem_free(entry->session.organization_slug);
    mem_free(entry->session.kind);
    mem_free(entry->organization);
    mem_free(entry);
}

/* ---- What the rest of the server is told ---- */

/* Feedback that was stored under the room's name gets the meeting's own id. */
static void adopt_feedback(struct sessions *sessions, const struct session *session) {
    struct slice id, room, name = slice_from(session->room_name);
    if (!sessions->set.store || !sessions->set.directory ||
        slice_is_equal(slice_from(session->meeting_id), name))
        return;
    if (directory_find(sessions->set.directory, name, &id, &room) && slice_is_equal(id, name))
        store_feedback_rename(sessions->set.store, name, slice_from(session->meeting_id),
                              clock_wall_ms() - provisional_ms, NULL, NULL);
}

/* Any stranger can begin and end unsigned sessions, so not all of these lines are written. */
static void session_log(const struct session *session, const char *event) {
    unsigned burst = session->is_signed ? UINT_MAX : UNSIGNED_LOG_BURST;
    log_limited(LOG_INFO, burst, NULL, "session", event, log_text("meetingId", session->meeting_id),
                log_text("room", session->room_name));
}

static void announce_start(struct session_entry *entry) {
    struct sessions *sessions = entry->owner;
    const struct session *session = &entry->session;

    sessions->active++;
    session_log(session, "meeting active");
    adopt_feedback(sessions, session);
    if (sessions->set.directory)
        directory_start_session(sessions->set.directory, slice_from(session->meeting_id),
                                slice_from(session->room_name), 0);
    session_classify(entry);
    if (session->is_signed)
        session_vouch(entry);
    if (sessions->set.on_started)
        sessions->set.on_started(session, sessions->set.user);
}

static void announce_end(struct session_entry *entry) {
    struct sessions *sessions = entry->owner;
    sessions->active--;
    entry->ended_here_ms = loop_now_ms(sessions->set.loop);
    session_log(&entry->session, "meeting ended");
    if (sessions->set.directory)
        directory_end_session(sessions->set.directory, slice_from(entry->session.meeting_id));
    if (sessions->set.on_ended)
        sessions->set.on_ended(&entry->session, sessions->set.user);
}

void session_mark_ended(struct session_entry *entry, int64_t at_ms) {
    bool was_active = entry->session.is_active;
    entry->session.is_active = false;
    entry->session.ended_ms = at_ms;
    if (was_active)
        announce_end(entry);
}

/* ---- Events ---- */

/* Room metadata may name the organization and the kind of meeting, for its rules:
 * {"organization":"slug","meetingKind":"aula"}. The organization is believed only when signed. An
 * event without metadata says nothing. */
static enum session_wish wish_of(const json_t *metadata) {
    struct slice wish = slice_from(json_string_value(json_object_get(metadata, "prosa")));
    return slice_is_equal(wish, SLICE("off"))       ? SESSION_IGNORE
           : slice_is_equal(wish, SLICE("analyse")) ? SESSION_ANALYSE
                                                    : SESSION_RECORD;
}

static void read_metadata(struct session_entry *entry, struct slice text) {
    json_t *metadata = json_read(text);
    const char *slug = json_string_value(json_object_get(metadata, "organization"));
    const char *kind = json_string_value(json_object_get(metadata, "meetingKind"));
    if (slug && entry->session.is_signed)
        slice_replace_text(&entry->organization, slice_from(slug));
    if (kind && text_is_identity(slice_from(kind), RULES_NAME_MAX))
        slice_replace_text(&entry->session.kind, slice_from(kind));
    else if (json_is_object(metadata))
        slice_replace_text(&entry->session.kind, SLICE_NONE);
    if (json_is_object(metadata))
        entry->session.wish = wish_of(metadata);
    json_decref(metadata);
    session_classify(entry);
}

void sessions_metadata_seen(struct sessions *sessions, const struct session *session,
                            struct slice metadata) {
    struct session_entry *entry = map_find(&sessions->by_id, slice_from(session->meeting_id));
    if (!entry)
        return;
    if (!metadata.len)
        entry->session.wish = SESSION_RECORD;
    read_metadata(entry, metadata);
}

/* The sid names the meeting. Without one the room's active session is meant; where there is none,
 * the room's name is the meeting's. */
static struct session_entry *find_for_room(struct sessions *sessions,
                                           const struct livekit_room *room, struct slice *id) {
    *id = room->sid.len ? room->sid : room->name;
    struct session_entry *entry = find_entry(sessions, *id);
    if (!room->sid.len && (!entry || !entry->session.is_active)) {
        struct session_entry *active = find_active(sessions, room->name);
        entry = active ? active : entry;
    }
    return entry;
}

static bool is_usable(const struct livekit_room *room) {
    return text_is_identity(room->name, SESSION_NAME_MAX) &&
           (!room->sid.len || text_is_identity(room->sid, SESSION_NAME_MAX));
}

/* LiveKit has one room of a name at a time: the end of the older session was lost. */
static void end_predecessors(struct session_entry *entry) {
    LIST_EACH(&entry->room->sessions, node) {
        struct session_entry *other = CONTAINER_OF(node, struct session_entry, in_room);
        if (other == entry || !other->session.is_active)
            continue;
        bool is_older = other->session.started_ms <= entry->session.started_ms;
        struct session_entry *gone = is_older ? other : entry;
        gone->needs_end = true;
        session_mark_ended(gone, is_older ? entry->session.started_ms : other->session.started_ms);
        session_tell_store(gone);
        if (!is_older)
            return;
    }
}

static void entry_begin(struct session_entry *entry, const struct livekit_room *room,
                        const struct session_event *event) {
    entry->session.is_active = true;
    entry->session.ended_ms = 0;
    entry->session.started_ms = room->created_ms ? room->created_ms : event->at_ms;
    entry->event_ms = event->at_ms;
    entry->needs_start = true;
    entry->needs_end = false;
    announce_start(entry);
    end_predecessors(entry);
}

static struct session_entry *entry_make(struct sessions *sessions, const struct livekit_room *room,
                                        struct slice id, const struct session_event *event) {
    struct session_entry *entry = entry_new(sessions, id, room->name, room->sid);
    if (event->is_signed)
        session_vouch(entry);
    if (!session_share_weigh(entry)) {
        session_entry_free(entry);
        return NULL;
    }
    read_metadata(entry, room->metadata);
    session_look_up(entry); /* first, so that everything else waits for the answer */
    entry_begin(entry, room, event);
    return entry;
}

/* The oldest event known moves the beginning back. */
static void note_beginning(struct session_entry *entry, int64_t at_ms) {
    if (at_ms >= entry->session.started_ms)
        return;
    entry->session.started_ms = at_ms;
    entry->needs_start = true;
    entry->needs_end = !entry->session.is_active;
    session_tell_store(entry);
}

void sessions_refuse_new(struct sessions *sessions) {
    sessions->refuses_new = true;
}

/* A session is not begun. But LiveKit has one room of a name at a time, so the one before is over. */
static const struct session *pass_over(struct sessions *sessions, const struct livekit_room *room,
                                       int64_t began_ms) {
    struct session_entry *before = room->sid.len ? find_active(sessions, room->name) : NULL;
    began_ms = room->created_ms ? room->created_ms : began_ms;
    sessions->stats.refused++;
    if (before && before->session.started_ms <= began_ms) {
        before->needs_end = true;
        session_mark_ended(before, began_ms);
        session_tell_store(before);
    }
    return NULL;
}

static const struct session *room_seen(struct sessions *sessions, const struct livekit_room *room,
                                       const struct session_event *event, bool is_start) {
    struct slice id;
    if (!is_usable(room))
        return NULL;
    struct session_entry *entry = find_for_room(sessions, room, &id);
    if (!entry && sessions->refuses_new)
        return pass_over(sessions, room, is_start ? event->at_ms : 0);
    if (!entry) {
        entry = entry_make(sessions, room, id, event);
        return entry ? &entry->session : NULL;
    }
    claim_got_on(&entry->memory, loop_now_ms(sessions->set.loop));
    if (event->is_signed && !entry->session.is_signed)
        session_vouch(entry);
    read_metadata(entry, room->metadata);
    if (event->at_ms > entry->event_ms)
        entry->event_ms = event->at_ms;
    note_beginning(entry, room->created_ms ? room->created_ms : event->at_ms);
    if (!entry->session.is_active && is_start && !sessions->refuses_new &&
        event->at_ms > entry->session.ended_ms) {
        entry_begin(entry, room, event);
        session_tell_store(entry);
    }
    return &entry->session;
}

const struct session *sessions_room_started(struct sessions *sessions,
                                            const struct livekit_room *room,
                                            const struct session_event *event) {
    return room_seen(sessions, room, event, true);
}

const struct session *sessions_room_seen(struct sessions *sessions, const struct livekit_room *room,
                                         const struct session_event *event) {
    return room_seen(sessions, room, event, false);
}

void sessions_room_finished(struct sessions *sessions, const struct livekit_room *room,
                            const struct session_event *event) {
    struct slice id;
    if (!is_usable(room))
        return;
    struct session_entry *entry = find_for_room(sessions, room, &id);
    /* The beginning was lost or comes later; the end must be known then. */
    if (!entry && !sessions->refuses_new)
        entry = entry_make(sessions, room, id, event);
    if (!entry)
        return;
    /* A sid belongs to one room for ever; a name may belong to the next room already. */
    bool is_late = !room->sid.len && event->at_ms < entry->session.started_ms;
    if (!entry->session.is_active || is_late)
        return;
    entry->needs_end = true;
    session_mark_ended(entry, event->at_ms);
    session_tell_store(entry);
}

/* ---- At start, and from time to time ---- */

static void sessions_on_sweep(void *user) {
    struct sessions *sessions = user;
    int64_t now_ms = loop_now_ms(sessions->set.loop);
    MAP_EACH(&sessions->by_id, at) {
        struct session_entry *entry = at.value;
        session_tell_store(entry);
        bool is_told = !entry->needs_start && !entry->needs_end && !entry->call;
        if (!entry->session.is_active && is_told &&
            now_ms - entry->ended_here_ms >= sessions->set.linger_ms)
            session_entry_free(entry);
    }
}

static void sessions_on_retry(void *user) {
    sessions_load(user);
}

static void sessions_on_loaded(int err, const struct store_session_list *list, void *user) {
    struct sessions *sessions = user;
    sessions->loading = NULL;
    if (err == EAGAIN) {
        timer_start(sessions->set.loop, &sessions->retry, LOAD_RETRY_MS, 0, sessions_on_retry,
                    sessions);
        return;
    }
    for (size_t i = 0; !err && i < list->count; i++) {
        const struct store_session *row = &list->sessions[i];
        if (find_entry(sessions, row->meeting_id))
            continue;
        struct session_entry *entry =
            entry_new(sessions, row->meeting_id, row->room_name, row->room_sid);
        session_set_owner(entry, row);
        entry->session.started_ms = entry->event_ms = row->started_ms;
        entry->session.is_active = true;
        /* The answer also brings the number of the last feedback. */
        entry->needs_start = true;
        if (!session_share_weigh(entry)) {
            session_entry_free(entry);
            continue;
        }
        announce_start(entry);
        session_tell_store(entry);
    }
    sessions->is_loaded = true;
}

void sessions_load(struct sessions *sessions) {
    if (!sessions->set.store)
        sessions->is_loaded = true;
    else if (!sessions->loading)
        sessions->loading =
            store_session_list_active(sessions->set.store, LOAD_MAX, sessions_on_loaded, sessions);
}

struct sessions *sessions_new(const struct sessions_settings *set) {
    struct sessions *sessions = mem_alloc(sizeof *sessions);
    sessions->set = *set;
    if (!sessions->set.linger_ms)
        sessions->set.linger_ms = linger_default_ms;
    map_init(&sessions->by_id, rand_u64());
    map_init(&sessions->by_room, rand_u64());
    list_init(&sessions->giving_way);
    timer_start(set->loop, &sessions->sweep, SWEEP_MS, SWEEP_MS, sessions_on_sweep, sessions);
    return sessions;
}

void sessions_free(struct sessions *sessions) {
    if (!sessions)
        return;
    timer_stop(&sessions->sweep);
    timer_stop(&sessions->retry);
    loop_undefer(sessions->set.loop, &sessions->give_way);
    if (sessions->loading)
        store_cancel(sessions->loading);
    MAP_EACH(&sessions->by_id, at)
        session_entry_free(at.value);
    map_free(&sessions->by_id);
    map_free(&sessions->by_room);
    mem_free(sessions);
}
