#include "app/rooms/rooms.h"

#include "app/config/config.h"
#include "app/rooms/room_names.h"
#include "app/rooms/rooms_private.h"
#include "app/sessions/directory.h"
#include "app/sessions/sessions.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/mem.h"
#include "base/rand.h"
#include "wire/web/json_write.h"

/* ---- Meetings ---- */

static struct join *join_of(const struct rooms *rooms, struct slice meeting_id) {
    return map_find(&rooms->joins, meeting_id);
}

static bool is_allowed(const struct rooms *rooms, const struct session *session) {
    const struct config *config = rooms->set.config;
    struct slice name = slice_from(session->room_name);
    return session->wish != SESSION_IGNORE &&
           room_names_fit(slice_from(config->join_rooms), name) &&
           !room_names_fit(slice_from(config->join_rooms_except), name);
}

void rooms_look(struct rooms *rooms, const struct session *session) {
    struct join *join = join_of(rooms, slice_from(session->meeting_id));
    bool is_wanted = session->is_active && is_allowed(rooms, session);
    if (!join && !is_wanted)
        return;
    if (!join) {
        join = join_new(rooms, session);
        map_set(&rooms->joins, slice_from(join->meeting_id), join);
    }
    join_look(join, session, is_wanted);
}

static void join_forget(struct rooms *rooms, struct join *join) {
    map_remove(&rooms->joins, slice_from(join->meeting_id));
    join_free(join);
}

/* A session in the room ends by itself, as the room is closed; what still comes of it is passed
 * over. */
void rooms_session_ended(struct rooms *rooms, const struct session *session) {
    struct join *join = join_of(rooms, slice_from(session->meeting_id));
    if (!join)
        return;
    directory_leave_room(rooms->set.directory, slice_from(session->meeting_id));
    join_forget(rooms, join);
}

void rooms_hear(struct rooms *rooms, struct slice meeting_id,
                const struct shard_room_event *event) {
    struct join *join = join_of(rooms, meeting_id);
    const struct session *session = sessions_find(rooms->set.sessions, meeting_id);
    if (event->news == SHARD_ROOM_METADATA && session) {
        sessions_metadata_seen(rooms->set.sessions, session, event->text);
        rooms_look(rooms, session);
    } else if (join) {
        join_hear(join, event);
    } else if (event->news == SHARD_ROOM_NEEDS_TICKET) {
        directory_leave_room(rooms->set.directory, meeting_id);
    }
}

void rooms_track_gone(struct rooms *rooms, const struct session *session, struct slice track_sid) {
    struct join *join = join_of(rooms, slice_from(session->meeting_id));
    if (join)
        join_track_heard(join, track_sid);
}

bool rooms_take(const struct rooms *rooms, const struct session *session) {
    const struct join *join = join_of(rooms, slice_from(session->meeting_id));
    return !join || join->state != JOIN_FALLEN_BACK;
}

/* ---- What is not heard ---- */

void rooms_describe(const struct rooms *rooms, struct slice meeting, struct buf *json) {
    const struct session *session = sessions_find(rooms->set.sessions, meeting);
    if (!session)
        session = sessions_find_active(rooms->set.sessions, meeting);
    const struct join *join = session ? join_of(rooms, slice_from(session->meeting_id)) : NULL;
    if (!join || !join->unheard.len)
        return;
    json_open_array(json, "unrecorded");
    MAP_EACH(&join->unheard, at) {
        const struct unheard_track *track = at.value;
        json_open(json, NULL);
        json_add_text(json, "participantId", slice_from(track->identity));
        json_add_text(json, "trackId", at.key);
        json_add_text(json, "reason",
                      track->is_encrypted ? SLICE("encrypted") : SLICE("not_recorded"));
        if (track->why[0])
            json_add_text(json, "problem", slice_from(track->why));
        json_close(json);
    }
    json_close_array(json);
}

const struct rooms_stats *rooms_stats(struct rooms *rooms) {
    struct rooms_stats *stats = &rooms->stats;
    stats->failing = stats->encrypted = stats->missing = 0;
    MAP_EACH(&rooms->joins, at) {
        const struct join *join = at.value;
        stats->failing += join->is_failing;
        MAP_EACH(&join->unheard, in_join) {
            const struct unheard_track *track = in_join.value;
            stats->encrypted += track->is_encrypted;
            stats->missing += !track->is_encrypted;
        }
    }
    return stats;
}

#define AT(member) offsetof(struct rooms_stats, member)

static const struct counter counters[] = {
    {"prosa_rooms_failing", "Rooms that cannot be joined now.", COUNTER_GAUGE, AT(failing)},
    {"prosa_rooms_left_to_egress_total",
     "Rooms that could not be joined, so that their microphones came by Egress.", COUNTER_SUM,
     AT(fallbacks)},
    {"prosa_rooms_unheard_tracks", "Tracks of joined rooms that nobody here hears.", COUNTER_GAUGE,
     AT(encrypted), .label = "cause", .value = "encrypted"},
    {"prosa_rooms_unheard_tracks", NULL, COUNTER_GAUGE, AT(missing), .label = "cause",
     .value = "missing"},
};

const struct counter_table rooms_counters = {counters, ARRAY_LEN(counters)};

/* ---- Life ---- */

struct rooms *rooms_new(const struct rooms_settings *set) {
    struct rooms *rooms = mem_alloc(sizeof *rooms);
    rooms->set = *set;
    map_init(&rooms->joins, rand_u64());
    return rooms;
}

void rooms_free(struct rooms *rooms) {
    if (!rooms)
        return;
    MAP_EACH(&rooms->joins, at)
        join_free(at.value);
    map_free(&rooms->joins);
    mem_free(rooms);
}
