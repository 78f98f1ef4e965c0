#include "app/egress/reconcile.h"

#include "app/config/config.h"
#include "app/egress/egresses.h"
#include "app/egress/roll_call.h"
#include "app/sessions/sessions.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/loop.h"
#include "outside/livekit/livekit.h"
#include "outside/livekit/livekit_info.h"

#include <string.h>

enum { READY_CHECK_MS = 100, RETRY_FIRST_MS = 1000 };

/* One room whose participants are being listed. */
struct visit {
    struct reconcile *owner;
    struct list in_owner;
    char *meeting_id;
    int64_t asked_ms; /* monotonic */
    struct livekit_call *call;
    struct timer timer; /* until it is asked again */
    unsigned failures;
};

struct reconcile {
    struct loop *loop;
    const struct config *config;
    struct livekit *livekit;
    struct sessions *sessions;
    struct egresses *egresses;
    struct timer timer;
    struct livekit_call *call;
    struct list visits;
    struct map missing; /* for roll_call_take */
    unsigned failures;  /* listings of rooms that failed in a row */
    reconcile_listed_fn *on_listed; /* NULL: nobody waits for it */
    void *user;
};

static void reconcile_on_timer(void *arg);

static void sweep_in(struct reconcile *reconcile, int64_t ms) {
    timer_start(reconcile->loop, &reconcile->timer, ms, 0, reconcile_on_timer, reconcile);
}

/* ---- One room ---- */

static void visit_free(struct visit *visit) {
    list_remove(&visit->in_owner);
    livekit_cancel(visit->call);
    timer_stop(&visit->timer);
    mem_free(visit->meeting_id);
    mem_free(visit);
}

static void see_participant(struct reconcile *reconcile, const struct session *session,
                            const json_t *json) {
    struct livekit_participant participant;
    size_t i;
    json_t *item;

    livekit_read_participant(&participant, json);
    if (participant.is_disconnected || livekit_is_recorder(&participant))
        return;
    sessions_participant_seen(reconcile->sessions, session, &participant);
    egresses_participant_seen(reconcile->egresses, session, participant.identity);
    const struct attendee *attendee = session_find_attendee(session, participant.identity);
    if (attendee && !attendee->is_present)
        return; /* they have left, and LiveKit has not noticed everywhere */
    json_array_foreach(participant.tracks, i, item) {
        struct livekit_track track;
        livekit_read_track(&track, item);
        egresses_track_published(reconcile->egresses, session, participant.identity, &track);
    }
}

static void visit_ask(struct visit *visit);

static void reconcile_on_visit_timer(void *arg) {
    visit_ask(arg);
}

/* A listing that failed is asked for again before the next sweep. */
static void visit_back_off(struct visit *visit) {
    struct reconcile *reconcile = visit->owner;
    int64_t most_ms = reconcile->config->reconcile_seconds * 1000;
    visit->failures++;
    timer_start(reconcile->loop, &visit->timer,
                backoff_ms(visit->failures, RETRY_FIRST_MS, most_ms, rand_u64()), 0,
                reconcile_on_visit_timer, visit);
}

static void reconcile_on_participants(const struct livekit_reply *reply, void *user) {
    struct visit *visit = user;
    struct reconcile *reconcile = visit->owner;
    const struct session *session =
        sessions_find(reconcile->sessions, slice_from(visit->meeting_id));

    visit->call = NULL;
    if (livekit_is_passing(reply) && session && session->is_active) {
        visit_back_off(visit);
        return;
    }
    if (reply->body && session && session->is_active) {
        size_t i;
        json_t *item;
        egresses_listing_begin(reconcile->egresses, session, visit->asked_ms);
        json_array_foreach(json_object_get(reply->body, "participants"), i, item) {
            see_participant(reconcile, session, item);
        }
        egresses_listing_end(reconcile->egresses, session);
        if (reconcile->on_listed)
            reconcile->on_listed(session, reconcile->user);
    }
    visit_free(visit);
}

static void visit_ask(struct visit *visit) {
    struct reconcile *reconcile = visit->owner;
    const struct session *session =
        sessions_find(reconcile->sessions, slice_from(visit->meeting_id));
    if (!session || !session->is_active) {
        visit_free(visit);
        return;
    }
    visit->asked_ms = loop_now_ms(reconcile->loop);
    visit->call = livekit_list_participants(reconcile->livekit, slice_from(session->room_name),
                                            reconcile_on_participants, visit);
}

static bool is_visited(const struct reconcile *reconcile, const struct session *session) {
    LIST_EACH(&reconcile->visits, node) {
        const struct visit *visit = CONTAINER_OF(node, struct visit, in_owner);
        if (strcmp(visit->meeting_id, session->meeting_id) == 0)
            return true;
    }
    return false;
}

void reconcile_set_listed(struct reconcile *reconcile, reconcile_listed_fn *fn, void *user) {
    reconcile->on_listed = fn;
    reconcile->user = user;
}

void reconcile_room(struct reconcile *reconcile, const struct session *session) {
    if (is_visited(reconcile, session))
        return;
    struct visit *visit = mem_alloc(sizeof *visit);
    visit->owner = reconcile;
    visit->meeting_id = mem_copy_text(session->meeting_id);
    list_add(&reconcile->visits, &visit->in_owner);
    visit_ask(visit);
}

/* ---- All rooms ---- */

/* The webhook that told of the room's end was lost. */
static void finish_room(struct reconcile *reconcile, const struct session *session) {
    log_info("reconcile", "room is gone", log_text("meetingId", session->meeting_id));
    struct livekit_room room = {.sid = slice_from(session->meeting_id),
                                .name = slice_from(session->room_name)};
    struct session_event event = {clock_wall_ms(), session->is_signed};
    sessions_room_finished(reconcile->sessions, &room, &event);
}

/* No webhook tells when they change. */
static void see_metadata(struct reconcile *reconcile, const json_t *rooms) {
    size_t i;
    json_t *item;
    json_array_foreach(rooms, i, item) {
        struct livekit_room room;
        livekit_read_room(&room, item);
        const struct session *session = sessions_find(reconcile->sessions, room.sid);
        if (session && session->is_active)
            sessions_metadata_seen(reconcile->sessions, session, room.metadata);
    }
}

static void compare(struct reconcile *reconcile, const json_t *rooms) {
    struct map_cursor at = {0};
    const struct session *session;
    while ((session = sessions_next(reconcile->sessions, &at))) {
        enum roll_answer answer = roll_call_take(&reconcile->missing, session, rooms);
        if (answer == ROLL_GONE)
            finish_room(reconcile, session);
        else if (answer == ROLL_PRESENT)
            reconcile_room(reconcile, session);
    }
}

/* RECONCILE_ROOMS=all: also rooms whose first webhook was lost. */
static void reconcile_adopt(struct reconcile *reconcile, const json_t *rooms) {
    size_t i;
    json_t *item;
    json_array_foreach(rooms, i, item) {
        struct livekit_room room;
        livekit_read_room(&room, item);
        struct session_event event = {room.created_ms ? room.created_ms : clock_wall_ms(), true};
        sessions_room_seen(reconcile->sessions, &room, &event);
    }
}

static void reconcile_on_rooms(const struct livekit_reply *reply, void *user) {
    struct reconcile *reconcile = user;
    int64_t period_ms = reconcile->config->reconcile_seconds * 1000;

    reconcile->call = NULL;
    if (!reply->body) {
        reconcile->failures++;
        sweep_in(reconcile, backoff_ms(reconcile->failures, RETRY_FIRST_MS, period_ms, rand_u64()));
        return;
    }
    reconcile->failures = 0;
    const json_t *rooms = json_object_get(reply->body, "rooms");
    if (reconcile->config->reconcile_rooms == RECONCILE_ALL)
        reconcile_adopt(reconcile, rooms);
    see_metadata(reconcile, rooms);
    compare(reconcile, rooms);
    sweep_in(reconcile, period_ms);
}

static void reconcile_on_timer(void *arg) {
    struct reconcile *reconcile = arg;
    bool is_needed = sessions_count_active(reconcile->sessions) > 0 ||
                     reconcile->config->reconcile_rooms == RECONCILE_ALL;
    if (!sessions_are_loaded(reconcile->sessions))
        sweep_in(reconcile, READY_CHECK_MS);
    else if (!is_needed)
        sweep_in(reconcile, reconcile->config->reconcile_seconds * 1000);
    else
        reconcile->call = livekit_list_rooms(reconcile->livekit, reconcile_on_rooms, reconcile);
}

struct reconcile *reconcile_new(struct loop *loop, const struct config *config,
                                struct livekit *livekit, struct sessions *sessions,
                                struct egresses *egresses) {
    struct reconcile *reconcile = mem_alloc(sizeof *reconcile);
    reconcile->loop = loop;
    reconcile->config = config;
    reconcile->livekit = livekit;
    reconcile->sessions = sessions;
    reconcile->egresses = egresses;
    list_init(&reconcile->visits);
    map_init(&reconcile->missing, rand_u64());
    sweep_in(reconcile, READY_CHECK_MS);
    return reconcile;
}

void reconcile_free(struct reconcile *reconcile) {
    if (!reconcile)
        return;
    timer_stop(&reconcile->timer);
    livekit_cancel(reconcile->call);
    LIST_EACH(&reconcile->visits, node) {
        visit_free(CONTAINER_OF(node, struct visit, in_owner));
    }
    map_free(&reconcile->missing);
    mem_free(reconcile);
}
