#include "app/egress/roll_call.h"

#include "app/sessions/sessions.h"
#include "outside/livekit/livekit_info.h"

/* By sid where both have one: a room's name may be used again. */
static bool is_listed(const struct session *session, const json_t *rooms) {
    size_t i;
    json_t *item;
    json_array_foreach(rooms, i, item) {
        struct livekit_room room;
        livekit_read_room(&room, item);
        bool has_sid = session->room_sid[0] && room.sid.len;
        if (has_sid ? slice_is_equal(room.sid, slice_from(session->room_sid))
                    : slice_is_equal(room.name, slice_from(session->room_name)))
            return true;
    }
    return false;
}

enum roll_answer roll_call_take(struct map *missing, const struct session *session,
                                const json_t *rooms) {
    struct slice id = slice_from(session->meeting_id);
    bool was_missing = map_remove(missing, id) != NULL;
    if (!session->is_active)
        return ROLL_ENDED;
    if (is_listed(session, rooms))
        return ROLL_PRESENT;
    if (was_missing)
        return ROLL_GONE;
    map_set(missing, id, missing); /* the value means nothing */
    return ROLL_MISSING;
}
