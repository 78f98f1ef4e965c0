#include "app/sessions/mute_inquiry.h"

#include "app/sessions/sessions.h"
#include "base/backoff.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/timer.h"
#include "outside/livekit/livekit.h"
#include "outside/livekit/livekit_info.h"

enum { RETRY_FIRST_MS = 1000, RETRY_MAX_MS = 15000 };

struct mute_inquiry {
    struct loop *loop;
    struct livekit *livekit;
    struct sessions *sessions;
    /* Meeting id -> struct room_inquiry: those with a question under way. */
    struct map rooms;
};

struct room_inquiry {
    struct mute_inquiry *owner;
    char *meeting_id;
    struct livekit_call *call;
    /* Identities that the call is about, and those to ask about next. Of several the whole room is
     * listed. */
    struct map asked, waiting;
    /* Until the next question, after one that was not answered. */
    struct timer timer;
    unsigned failures; /* in a row */
};

static void room_inquiry_free(struct room_inquiry *room) {
    map_remove(&room->owner->rooms, slice_from(room->meeting_id));
    livekit_cancel(room->call);
    timer_stop(&room->timer);
    map_free(&room->asked);
    map_free(&room->waiting);
    mem_free(room->meeting_id);
    mem_free(room);
}

static const struct session *session_of(const struct room_inquiry *room) {
    const struct session *session =
        sessions_find(room->owner->sessions, slice_from(room->meeting_id));
    return session && session->is_active ? session : NULL;
}

static void asked_clear(struct room_inquiry *room) {
    map_free(&room->asked);
    map_init(&room->asked, rand_u64());
}

/* ---- What LiveKit answers ---- */

static void person_take(struct room_inquiry *room, const struct session *session,
                        const json_t *json) {
    struct livekit_participant participant;
    livekit_read_participant(&participant, json);
    sessions_participant_seen(room->owner->sessions, session, &participant);
    map_remove(&room->asked, participant.identity);
}

/* Those who were asked about and are in no answer. */
static void people_left(struct room_inquiry *room, const struct session *session) {
    MAP_EACH(&room->asked, at) {
        const struct livekit_participant gone = {.identity = at.key};
        sessions_participant_left(room->owner->sessions, session, &gone);
    }
}

static void room_inquiry_next(struct room_inquiry *room);

static void inquiry_on_timer(void *arg) {
    room_inquiry_next(arg);
}

/* Until LiveKit answers, nobody is muted and nobody is dead. The same words are logged once. */
static void ask_again(struct room_inquiry *room, const char *problem) {
    MAP_EACH(&room->asked, at)
        map_set(&room->waiting, at.key, room);
    asked_clear(room);
    if (++room->failures == 1)
        log_warn("mute", "LiveKit does not say who muted", log_text("meetingId", room->meeting_id),
                 log_text("cause", problem));
    timer_start(room->owner->loop, &room->timer,
                backoff_ms(room->failures, RETRY_FIRST_MS, RETRY_MAX_MS, rand_u64()), 0,
                inquiry_on_timer, room);
}

static void inquiry_on_answer(const struct livekit_reply *reply, void *user) {
    struct room_inquiry *room = user;
    const struct session *session = session_of(room);
    room->call = NULL;
    bool is_answer = reply->body || slice_is_equal(reply->code, SLICE("not_found"));
    if (session && !is_answer) {
        ask_again(room, reply->problem);
        return;
    }
    const json_t *people = json_object_get(reply->body, "participants");
    if (session && people) {
        const json_t *item;
        size_t i;
        json_array_foreach(people, i, item)
            person_take(room, session, item);
    } else if (session && reply->body) {
        person_take(room, session, reply->body);
    }
    if (session && (reply->body || room->asked.len == 1)) /* else the room is not known there */
        people_left(room, session);
    asked_clear(room);
    room->failures = 0;
    room_inquiry_next(room);
}

/* ---- Questions ---- */

static void room_inquiry_next(struct room_inquiry *room) {
    const struct session *session = session_of(room);
    struct livekit *livekit = room->owner->livekit;
    if (!session || room->waiting.len == 0) {
        room_inquiry_free(room);
        return;
    }
    struct map empty = room->asked;
    room->asked = room->waiting;
    room->waiting = empty;
    struct slice name = slice_from(session->room_name);
    if (room->asked.len > 1) {
        room->call = livekit_list_participants(livekit, name, inquiry_on_answer, room);
        return;
    }
    struct map_cursor at = {0};
    map_next(&room->asked, &at);
    room->call = livekit_get_participant(livekit, name, at.key, inquiry_on_answer, room);
}

void mute_inquiry_ask(struct mute_inquiry *inquiry, const struct session *session,
                      struct slice identity) {
    struct room_inquiry *room = map_find(&inquiry->rooms, slice_from(session->meeting_id));
    bool is_first = !room;
    if (is_first) {
        room = mem_alloc(sizeof *room);
        room->owner = inquiry;
        room->meeting_id = mem_copy_text(session->meeting_id);
        map_init(&room->asked, rand_u64());
        map_init(&room->waiting, rand_u64());
        map_set(&inquiry->rooms, slice_from(room->meeting_id), room);
    }
    map_set(&room->waiting, identity, room);
    if (is_first)
        room_inquiry_next(room);
}

struct mute_inquiry *mute_inquiry_new(struct loop *loop, struct livekit *livekit,
                                      struct sessions *sessions) {
    struct mute_inquiry *inquiry = mem_alloc(sizeof *inquiry);
    inquiry->loop = loop;
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
