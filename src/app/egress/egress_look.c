#include "app/config/config.h"
#include "app/egress/egress_judge.h"
#include "app/egress/egress_track_private.h"
#include "app/sessions/sessions.h"
#include "base/clock.h"
#include "base/log.h"
#include "outside/livekit/livekit.h"
#include "outside/livekit/livekit_info.h"
#include "outside/store/store_egress.h"

enum { PAGES_MAX = 1000 };

/* ---- What runs ---- */

struct look {
    enum egress_verdict verdict;
    const json_t *newest; /* of those that mean anything to the track */
    int64_t newest_ms;
};

/* The newest egress of a track decides, except that a running one takes precedence over others. */
static void weigh(const struct egress_track *track, const json_t *item, struct look *look) {
    struct livekit_egress egress;
    livekit_read_egress(&egress, item);
    if (!slice_is_equal(egress.track_sid, slice_from(track->sid)))
        return;
    bool is_own = slice_is_equal(egress.id, slice_from(track->egress_id));
    bool is_young = egress_is_young(&egress, clock_wall_ms()) ||
                    (is_own && egress_now_ms(track) - track->started_ms < SOCKET_DUE_MS);
    enum egress_verdict verdict = egress_judge(&egress, track->room->world->config->egress_ws_base,
                                               track->sockets > 0 || is_young);
    bool is_newer = egress.started_ms >= look->newest_ms;
    if (verdict == EGRESS_IS_OURS || (is_newer && look->verdict != EGRESS_IS_OURS))
        look->verdict = verdict;
    if (is_newer) {
        look->newest = item;
        look->newest_ms = egress.started_ms;
    }
}

/* Whether the newest egress has ended in a way that was not known yet; the track has acted on
 * it. */
static bool takes_end(struct egress_track *track, const struct look *look) {
    struct livekit_egress egress;
    if (!look->newest || look->verdict == EGRESS_IS_OURS)
        return false;
    livekit_read_egress(&egress, look->newest);
    bool is_known = slice_is_equal(egress.id, slice_from(track->ended_id)) ||
                    !slice_is_equal(egress.id, slice_from(track->egress_id));
    if (look->verdict == EGRESS_IS_NOTHING && (is_known || egress.status != EGRESS_FAILED))
        return false;
    egress_track_judge_end(track, &egress);
    return true;
}

static void take_listing(struct egress_track *track, const json_t *items) {
    struct look look = {EGRESS_IS_NOTHING, NULL, 0};
    size_t i;
    json_t *item;
    json_array_foreach(items, i, item) {
        weigh(track, item, &look);
    }
    if (track->sockets)
        track->state = EGRESS_CONNECTED;
    else if (look.verdict == EGRESS_IS_OURS)
        egress_track_wait(track, EGRESS_STARTED, RELOOK_MS);
    else if (!takes_end(track, &look))
        egress_start(track);
}

/* items NULL: LiveKit did not say. */
static void end_listing(struct egress_room *room, const json_t *items) {
    if (items)
        room->has_looked = true;
    MAP_EACH(&room->tracks, at) {
        struct egress_track *track = at.value;
        if (track->state != EGRESS_LOOKING || track->is_gone)
            continue;
        if (items)
            take_listing(track, items);
        else
            egress_track_back_off(track, EGRESS_PAUSING);
    }
    json_decref(room->listed);
    room->listed = NULL;
}

static void egress_on_listed(const struct livekit_reply *reply, void *user) {
    struct egress_room *room = user;
    size_t i;
    json_t *item;

    room->listing = NULL;
    if (!reply->body) {
        end_listing(room, NULL);
        return;
    }
    json_array_foreach(json_object_get(reply->body, "items"), i, item) {
        json_array_append(room->listed, item);
    }
    struct slice next = livekit_read_next_page(reply->body);
    if (next.len && ++room->pages < PAGES_MAX)
        room->listing = livekit_list_egress(room->world->livekit, slice_from(room->name), next,
                                            egress_on_listed, room);
    else
        end_listing(room, room->listed);
}

static void ask_listing(struct egress_room *room) {
    if (room->listing)
        return;
    room->listed = json_array();
    room->pages = 0;
    room->listing = livekit_list_egress(room->world->livekit, slice_from(room->name), SLICE_NONE,
                                        egress_on_listed, room);
}

/* ---- What was stopped before a restart ---- */

/* While the database is away, the ended egresses that LiveKit remembers have to suffice. */
static void egress_on_stops(int err, const struct slice *sids, size_t count, void *arg) {
    struct egress_room *room = arg;
    room->asking = NULL;
    room->knows_stops = true;
    for (size_t i = 0; i < count; i++) {
        struct egress_track *track = egress_room_get(room, sids[i]);
        if (!track || track->sockets)
            continue;
        track->state = EGRESS_LEFT_ALONE;
        egress_notice_end(track);
    }
    MAP_EACH(&room->tracks, at) {
        struct egress_track *track = at.value;
        if (track->state == EGRESS_LOOKING)
            egress_track_advance(track);
    }
}

void egress_look_at_room(struct egress_room *room) {
    if (room->knows_stops)
        ask_listing(room);
    else if (!room->asking)
        room->asking = store_egress_stops_list(room->world->store, slice_from(room->meeting_id),
                                               egress_on_stops, room);
}

/* ---- Who publishes it ---- */

static bool lists(const struct livekit_participant *participant, struct slice sid) {
    size_t i;
    json_t *item;
    json_array_foreach(participant->tracks, i, item) {
        struct livekit_track track;
        livekit_read_track(&track, item);
        if (slice_is_equal(track.sid, sid))
            return true;
    }
    return false;
}

/* The webhook that told of its end was lost, or its participant's connection broke. */
static void let_go(struct egress_track *track) {
    log_info("egress", "track is gone", log_text("meetingId", track->room->meeting_id),
             log_text("track", track->sid));
    egress_track_unpublish(track);
}

static void egress_on_participant(const struct livekit_reply *reply, void *user) {
    struct egress_track *track = user;
    const struct session *session = egress_session(track->room);
    struct livekit_participant participant = {0};

    track->call = NULL;
    if (!session || track->state != EGRESS_ASKING)
        return;
    if (!reply->body && livekit_is_passing(reply)) {
        egress_track_back_off(track, EGRESS_ASKING);
        return;
    }
    if (reply->body) {
        livekit_read_participant(&participant, reply->body);
        sessions_participant_seen(track->room->world->sessions, session, &participant);
    }
    if (track->is_doubted && !lists(&participant, slice_from(track->sid))) {
        let_go(track);
        return;
    }
    track->is_doubted = false;
    const struct attendee *attendee = session_find_attendee(session, slice_from(track->identity));
    if (!attendee || !attendee->is_known) /* the sound is recorded all the same */
        track->state = EGRESS_LOOKING;
    egress_track_advance(track);
    egress_room_participant_seen(track->room, slice_from(track->identity));
}

void egress_look_at_participant(struct egress_track *track) {
    if (!track->call && !timer_is_running(&track->timer))
        track->call =
            livekit_get_participant(track->room->world->livekit, slice_from(track->room->name),
                                    slice_from(track->identity), egress_on_participant, track);
}
