#include "app/sessions/mute_inquiry.h"

#include "app/sessions/sessions.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/rand.h"
#include "outside/livekit/livekit.h"
#include "outside/livekit/livekit_info.h"

struct mute_inquiry {
    struct livekit *livekit;
    struct sessions *sessions;
    /* Meeting id -> struct room_inquiry: those with a question under way. */
    struct map rooms;
};

struct room_inquiry {
    struct mute_inquiry *owner;
    char *meeting_id;
    struct livekit_call *call;
    /* Who the call is about; NULL: everybody in the room. */
    char *identity;
    /* Identities to ask about next. */
    struct map waiting;
};

static void room_inquiry_free(struct room_inquiry *room) {
    map_remove(&room->owner->rooms, slice_from(room->meeting_id));
    livekit_cancel(room->call);
    map_free(&room->waiting);
    mem_free(room->identity);
    mem_free(room->meeting_id);
    mem_free(room);
}

static const struct session *session_of(const struct room_inquiry *room) {
    const struct session *session =
        sessions_find(room->owner->sessions, slice_from(room->meeting_id));
    return session && session->is_active ? session : NULL;
}

static void person_take(const struct room_inquiry *room, const struct session *session,
                        const json_t *json) {
    struct livekit_participant participant;
    livekit_read_participant(&participant, json);
    sessions_participant_seen(room->owner->sessions, session, &participant);
}

static void room_inquiry_next(struct room_inquiry *room);

static void inquiry_on_person(const struct livekit_reply *reply, void *user) {
    struct room_inquiry *room = user;
    const struct session *session = session_of(room);
    room->call = NULL;
    if (session && reply->body) {
        person_take(room, session, reply->body);
    } else if (session && slice_is_equal(reply->code, SLICE("not_found"))) {
        const struct livekit_participant gone = {.identity = slice_from(room->identity)};
        sessions_participant_left(room->owner->sessions, session, &gone);
    } else if (session) {
        log_warn("mute", "LiveKit does not say whether somebody muted",
                 log_text("meetingId", room->meeting_id), log_text("cause", reply->problem));
    }
    room_inquiry_next(room);
}

static void inquiry_on_people(const struct livekit_reply *reply, void *user) {
    struct room_inquiry *room = user;
    const struct session *session = session_of(room);
    const json_t *item;
    size_t i;
    room->call = NULL;
    if (session && !reply->body)
        log_warn("mute", "LiveKit does not say who muted",
                 log_text("meetingId", room->meeting_id), log_text("cause", reply->problem));
    json_array_foreach(session ? json_object_get(reply->body, "participants") : NULL, i, item)
        person_take(room, session, item);
    room_inquiry_next(room);
}

/* One person is asked about by name; of several, the whole room is listed. */
static void room_inquiry_next(struct room_inquiry *room) {
    const struct session *session = session_of(room);
    struct livekit *livekit = room->owner->livekit;
    size_t count = room->waiting.len;
    if (!session || count == 0) {
        room_inquiry_free(room);
        return;
    }
    mem_free(room->identity);
    room->identity = NULL;
    struct slice name = slice_from(session->room_name);
    if (count > 1) {
        room->call = livekit_list_participants(livekit, name, inquiry_on_people, room);
    } else {
        struct map_cursor at = {0};
        map_next(&room->waiting, &at);
        room->identity = slice_copy_text(at.key);
        room->call = livekit_get_participant(livekit, name, at.key, inquiry_on_person, room);
    }
    map_free(&room->waiting);
    map_init(&room->waiting, rand_u64());
}

void mute_inquiry_ask(struct mute_inquiry *inquiry, const struct session *session,
                      struct slice identity) {
    struct room_inquiry *room = map_find(&inquiry->rooms, slice_from(session->meeting_id));
    bool is_first = !room;
    if (is_first) {
        room = mem_alloc(sizeof *room);
        room->owner = inquiry;
        room->meeting_id = mem_copy_text(session->meeting_id);
        map_init(&room->waiting, rand_u64());
        map_set(&inquiry->rooms, slice_from(room->meeting_id), room);
    }
    map_set(&room->waiting, identity, room);
    if (is_first)
        room_inquiry_next(room);
}

struct mute_inquiry *mute_inquiry_new(struct livekit *livekit, struct sessions *sessions) {
    struct mute_inquiry *inquiry = mem_alloc(sizeof *inquiry);
    inquiry->livekit = livekit;
    inquiry->sessions = sessions;
    map_init(&inquiry->rooms, rand_u64());
    return inquiry;
}

void mute_inquiry_free(struct mute_inquiry *inquiry) {
    if (!inquiry)
        return;
    MAP_EACH(&inquiry->rooms, at)
        room_inquiry_free(at.value);
    map_free(&inquiry->rooms);
    mem_free(inquiry);
}
