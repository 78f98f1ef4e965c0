#include "app/egress/egress_track.h"

#include "app/config/config.h"
#include "app/egress/egress_url.h"
#include "app/sessions/sessions.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/loop.h"
#include "outside/livekit/livekit.h"
#include "outside/livekit/livekit_info.h"
#include "outside/store/store_egress.h"
#include "wire/web/url.h"

#include <stdio.h>

enum {
    SOCKET_DUE_MS = 20000, /* an egress worker that is busy starts slowly */
    RELOOK_MS = 2500       /* at an egress that runs but has no socket here */
};

static int64_t now_ms(const struct egress_track *track) {
    return loop_now_ms(track->room->owner->loop);
}

static const struct session *session_of(const struct egress_room *room) {
    return sessions_find(room->owner->sessions, slice_from(room->meeting_id));
}

/* ---- waiting ---- */

static void on_timer(void *arg) {
    struct egress_track *track = arg;
    if (track->state == EGRESS_PAUSING || track->state == EGRESS_STARTED) {
        track->state = EGRESS_LOOKING;
        track->room->listed_ms = 0;
    }
    egress_track_advance(track);
}

static void wait_for(struct egress_track *track, enum egress_state state, int64_t ms) {
    track->state = state;
    timer_start(track->room->owner->loop, &track->timer, ms, 0, on_timer, track);
}

void egress_track_back_off(struct egress_track *track) {
    track->tries++;
    wait_for(track, EGRESS_PAUSING, egress_backoff_ms(track->tries, rand_u64()));
}

void egress_track_leave_alone(struct egress_track *track, const char *why) {
    timer_stop(&track->timer);
    track->state = EGRESS_LEFT_ALONE;
    if (track->room->owner->store)
        store_egress_stop_add(track->room->owner->store, slice_from(track->room->meeting_id),
                              slice_from(track->sid), clock_wall_ms());
    track->room->owner->stats.left_alone++;
    log_info("egress", "track left alone", log_text("meetingId", track->room->meeting_id),
             log_text("track", track->sid), log_text("why", why));
}

/* ---- starting ---- */

static void add_param(struct buf *query, const char *name, const char *value) {
    buf_printf(query, "%s%s=", query->len ? "&" : "", name);
    url_encode(query, slice_from(value));
}

static void write_url(struct buf *url, const struct egress_track *track) {
    const struct config *config = track->room->owner->config;
    struct buf query = {0};
    char group[32], nonce[EGRESS_NONCE_CHARS + 1];

    snprintf(group, sizeof group, "%g", config->group_seconds);
    rand_token(nonce, EGRESS_NONCE_CHARS);
    add_param(&query, "roomName", track->room->name);
    add_param(&query, "participant", track->identity);
    add_param(&query, "trackId", track->sid);
    add_param(&query, "meetingId", track->room->meeting_id);
    add_param(&query, "sampleRate", "48000");
    add_param(&query, "channels", "2");
    add_param(&query, "groupSeconds", group);
    add_param(&query, "source", track->source);
    if (track->has_no_dtx)
        add_param(&query, "dtx", "off");
    egress_url_sign(&query, SLICE("/egress-audio"), slice_from(config->egress_url_secret),
                    slice_from(nonce), clock_wall_ms() / 1000 + EGRESS_URL_LIFE_S);
    buf_printf(url, "%s/egress-audio?%.*s", config->egress_ws_base, SLICE_ARG(buf_slice(&query)));
    buf_free(&query);
}

static void take_egress_id(struct egress_track *track, struct slice id) {
    char *old = track->egress_id;
    if (old[0])
        track->room->owner->stats.restarted++;
    track->egress_id = slice_copy_text(id);
    mem_free(old);
}

static void on_started(void *arg, const struct livekit_reply *reply) {
    struct egress_track *track = arg;
    struct egress_start *start = track->room->owner;
    struct livekit_egress egress;

    track->call = NULL;
    if (reply->body) {
        livekit_read_egress(&egress, reply->body);
        start->stats.started++;
        take_egress_id(track, egress.id);
        track->started_ms = now_ms(track);
        log_info("egress", "egress started", log_text("meetingId", track->room->meeting_id),
                 log_text("track", track->sid), log_slice("egress", egress.id));
        if (track->state == EGRESS_CALLING && track->sockets)
            track->state = EGRESS_CONNECTED;
        else if (track->state == EGRESS_CALLING)
            wait_for(track, EGRESS_STARTED, SOCKET_DUE_MS);
        return;
    }
    start->stats.failed++;
    log_warn("egress", "egress not started", log_text("meetingId", track->room->meeting_id),
             log_text("track", track->sid), log_text("problem", reply->problem));
    if (track->state != EGRESS_CALLING)
        return;
    if (livekit_is_passing(reply))
        egress_track_back_off(
            track); /* and look before the next try: the call may have done its work */
    else if (reply->status == 400 || reply->status == 501)
        egress_track_leave_alone(track, "LiveKit refuses it");
    else
        wait_for(track, EGRESS_PAUSING, start->config->reconcile_seconds * 1000);
}

static void call_start(struct egress_track *track) {
    struct egress_start *start = track->room->owner;
    struct buf url = {0};
    write_url(&url, track);
    track->state = EGRESS_CALLING;
    track->call =
        livekit_start_track_egress(start->livekit, slice_from(track->room->name),
                                   slice_from(track->sid), buf_slice(&url), on_started, track);
    buf_free(&url);
}

/* ---- looking at what runs ---- */

struct look {
    enum egress_verdict verdict;
    int64_t newest_ms;
};

/* The newest egress of a track decides, except that one which runs beats one that does not. */
static void weigh(const struct egress_track *track, const struct livekit_egress *egress,
                  struct look *look) {
    bool is_own = slice_is_equal(egress->id, slice_from(track->egress_id));
    bool is_young = egress_is_young(egress, clock_wall_ms()) ||
                    (is_own && now_ms(track) - track->started_ms < SOCKET_DUE_MS);
    enum egress_verdict verdict = egress_judge(egress, track->room->owner->config->egress_ws_base,
                                               track->sockets > 0 || is_young);
    bool is_newer = egress->started_ms >= look->newest_ms;
    if (verdict == EGRESS_IS_OURS || (is_newer && look->verdict != EGRESS_IS_OURS))
        look->verdict = verdict;
    if (is_newer)
        look->newest_ms = egress->started_ms;
}

static void settle(struct egress_track *track, const json_t *items) {
    struct look look = {EGRESS_IS_NOTHING, 0};
    size_t i;
    json_t *item;

    json_array_foreach(items, i, item) {
        struct livekit_egress egress;
        livekit_read_egress(&egress, item);
        if (slice_is_equal(egress.track_sid, slice_from(track->sid)))
            weigh(track, &egress, &look);
    }
    if (track->sockets)
        track->state = EGRESS_CONNECTED;
    else if (look.verdict == EGRESS_WAS_STOPPED)
        egress_track_leave_alone(track, "its egress was stopped");
    else if (look.verdict == EGRESS_IS_OURS)
        wait_for(track, EGRESS_STARTED, RELOOK_MS);
    else
        call_start(track);
}

static void on_listed(void *arg, const struct livekit_reply *reply) {
    struct egress_room *room = arg;
    struct map_cursor at = {0};
    struct slice key;
    void *value;

    room->listing = NULL;
    if (reply->body)
        room->listed_ms = loop_now_ms(room->owner->loop);
    while (map_next(&room->tracks, &at, &key, &value)) {
        struct egress_track *track = value;
        if (track->state != EGRESS_LOOKING || track->is_gone)
            continue;
        if (reply->body)
            settle(track, json_object_get(reply->body, "items"));
        else
            egress_track_back_off(track);
    }
}

static void look(struct egress_room *room) {
    if (!room->listing)
        room->listing =
            livekit_list_egress(room->owner->livekit, slice_from(room->name), on_listed, room);
}

/* ---- what was stopped before a restart ---- */

static void advance_all(struct egress_room *room) {
    struct map_cursor at = {0};
    struct slice key;
    void *value;
    while (map_next(&room->tracks, &at, &key, &value)) {
        struct egress_track *track = value;
        if (track->state == EGRESS_LOOKING)
            egress_track_advance(track);
    }
}

/* A store that is away knows nothing; LiveKit's own memory has to do then. */
static void on_stops(int err, const struct slice *sids, size_t count, void *arg) {
    struct egress_room *room = arg;
    room->asking = NULL;
    room->knows_stops = true;
    for (size_t i = 0; i < count; i++) {
        struct egress_track *track = egress_track_get(room, sids[i]);
        if (track && !track->sockets)
            track->state = EGRESS_LEFT_ALONE;
    }
    advance_all(room);
}

static void ask_stops(struct egress_room *room) {
    struct store *store = room->owner->store;
    if (!store)
        room->knows_stops = true;
    else if (!room->asking)
        room->asking = store_egress_stops_list(store, slice_from(room->meeting_id), on_stops, room);
}

/* ---- who publishes it ---- */

static void on_participant(void *arg, const struct livekit_reply *reply) {
    struct egress_track *track = arg;
    struct egress_start *start = track->room->owner;
    const struct session *session = session_of(track->room);
    struct livekit_participant participant;

    track->call = NULL;
    if (!session || track->state != EGRESS_ASKING)
        return;
    if (reply->body) {
        livekit_read_participant(&participant, reply->body);
        sessions_participant_seen(start->sessions, session, &participant);
        egress_start_participant(start, session, slice_from(track->identity));
    } else if (livekit_is_passing(reply)) {
        track->tries++;
        wait_for(track, EGRESS_ASKING, egress_backoff_ms(track->tries, rand_u64()));
    } else { /* gone, or hidden from us: its sound is recorded all the same */
        track->state = EGRESS_LOOKING;
        egress_track_advance(track);
    }
}

static void ask(struct egress_track *track) {
    struct egress_start *start = track->room->owner;
    if (!track->call && !timer_is_running(&track->timer))
        track->call = livekit_get_participant(start->livekit, slice_from(track->room->name),
                                              slice_from(track->identity), on_participant, track);
}

/* One step further, from wherever the track is. */
void egress_track_advance(struct egress_track *track) {
    const struct session *session = session_of(track->room);
    if (track->is_gone || !session || !session->is_active)
        return;

    if (track->state == EGRESS_ASKING) {
        const struct attendee *attendee =
            session_find_attendee(session, slice_from(track->identity));
        if (attendee && attendee->is_known && attendee->is_service)
            egress_track_leave_alone(track, "it is no participant's");
        else if (attendee && attendee->is_known)
            track->state = EGRESS_LOOKING;
        else
            ask(track);
    }
    if (track->state != EGRESS_LOOKING)
        return;
    /* The first track of a room looks at what runs; those that come later need not, they are new. */
    if (track->sockets)
        track->state = EGRESS_CONNECTED;
    else if (!track->room->knows_stops)
        ask_stops(track->room);
    else if (track->room->listed_ms)
        call_start(track);
    else
        look(track->room);
}
