/* What sessions cost, and which of them end when that is too much. Where webhooks need no signature
 * anybody can tell of meetings and people; those that LiveKit has signed keep their place. */
#include "app/sessions/directory.h"
#include "app/sessions/sessions_private.h"
#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/macros.h"
#include "outside/store/store.h"

enum {
    /* Here, in the directory and on a shard, with texts of ordinary length. */
    SESSION_BYTES = 8 * 1024,
    ATTENDEE_BYTES = 2 * 1024,
};

/* At the end of the turn, as the turn may be about one of them. */
static void sessions_on_give_way(void *user) {
    struct sessions *sessions = user;
    struct list *node;
    while ((node = list_take_first(&sessions->giving_way))) {
        struct session_entry *entry = CONTAINER_OF(node, struct session_entry, in_giving_way);
        bool was_active = entry->session.is_active;
        session_mark_ended(entry, clock_wall_ms());
        if (was_active && sessions->set.store)
            store_session_end(sessions->set.store, slice_from(entry->session.meeting_id),
                              entry->session.ended_ms, NULL, NULL);
        session_entry_free(entry);
    }
}

static void session_on_give_way(void *owner) {
    struct session_entry *entry = owner;
    struct sessions *sessions = entry->owner;
    sessions->stats.gave_way++;
    list_add(&sessions->giving_way, &entry->in_giving_way);
    loop_defer(sessions->set.loop, &sessions->give_way, sessions_on_give_way, sessions);
}

void session_share_open(struct session_entry *entry) {
    list_init(&entry->in_giving_way);
    claim_open(&entry->memory, entry->owner->set.memory,
               entry->session.is_signed ? BUDGET_SIGNED : BUDGET_STRANGER, SLICE_NONE,
               session_on_give_way, entry);
}

bool session_share_weigh(struct session_entry *entry) {
    size_t bytes = SESSION_BYTES + entry->session.attendees.len * ATTENDEE_BYTES;
    if (!list_is_empty(&entry->in_giving_way))
        return false;
    return claim_set(&entry->memory, bytes, loop_now_ms(entry->owner->set.loop));
}

void session_share_close(struct session_entry *entry) {
    claim_close(&entry->memory);
    list_remove(&entry->in_giving_way);
}

void session_vouch(struct session_entry *entry) {
    struct sessions *sessions = entry->owner;
    entry->session.is_signed = true;
    claim_raise(&entry->memory, BUDGET_SIGNED, loop_now_ms(sessions->set.loop));
    if (sessions->set.directory)
        directory_vouch(sessions->set.directory, slice_from(entry->session.meeting_id));
}

void sessions_sound_came(struct sessions *sessions, struct slice meeting_id) {
    struct directory *directory = sessions->set.directory;
    const struct session *session = sessions_find(sessions, meeting_id);
    if (!session)
        session = sessions_find_active(sessions, meeting_id);
    if (!session || !session->is_active ||
        directory_has_session(directory, slice_from(session->meeting_id)))
        return;
    struct session_entry *entry = map_find(&sessions->by_id, slice_from(session->meeting_id));
    directory_start_session(directory, slice_from(session->meeting_id),
                            slice_from(session->room_name), 0);
    session_classify(entry);
    if (session->is_signed)
        directory_vouch(directory, slice_from(session->meeting_id));
    MAP_EACH(&session->attendees, at)
        attendee_tell(sessions, session, at.value);
    entry->needs_start = true; /* the answer brings the number of the last feedback */
    session_tell_store(entry);
}

const struct sessions_stats *sessions_stats(struct sessions *sessions) {
    sessions->stats.known = sessions->by_id.len;
    return &sessions->stats;
}

#define AT(member) offsetof(struct sessions_stats, member)

static const struct counter counters[] = {
    {"prosa_sessions_known", "Sessions in memory.", COUNTER_GAUGE, AT(known)},
    {"prosa_sessions_ended_for_others_total", "Sessions that ended as others needed their memory.",
     COUNTER_SUM, AT(gave_way)},
    {"prosa_sessions_passed_over_total",
     "Events of meetings that were not begun, as the server drains.", COUNTER_SUM, AT(refused)},
};

const struct counter_table sessions_counters = {counters, ARRAY_LEN(counters)};
