#include "app/egress/egress_track.h"

#include "app/config/config.h"
#include "app/egress/egress_judge.h"
#include "app/egress/egress_url.h"
#include "app/sessions/sessions.h"
#include "base/backoff.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/counter.h"
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
    BACKOFF_FIRST_MS = 1000,
    BACKOFF_MAX_MS = 30000,
    SOCKET_DUE_MS = 20000, /* an egress worker that is busy starts slowly */
    RELOOK_MS = 2500,      /* at an egress that runs but has no socket here */
    STEADY_MS = 10000,     /* a socket that lived so long forgives earlier tries */
    TRACKS_MAX = 5000      /* of a meeting */
};

static void advance(struct egress_track *track);

static int64_t now_ms(const struct egress_track *track) {
    return loop_now_ms(track->room->world->loop);
}

static const struct session *session_of(const struct egress_room *room) {
    return sessions_find(room->world->sessions, slice_from(room->meeting_id));
}

/* ---- Rooms and tracks ---- */

struct egress_room *egress_room_new(struct egress_world *world, const struct session *session) {
    struct egress_room *room = mem_alloc(sizeof *room);
    room->world = world;
    room->meeting_id = mem_copy_text(session->meeting_id);
    room->name = mem_copy_text(session->room_name);
    map_init(&room->tracks, rand_u64());
    return room;
}

static void track_free(struct egress_track *track) {
    egress_track_unpublish(track);
    mem_free(track->sid);
    mem_free(track->identity);
    mem_free(track->source);
    mem_free(track->egress_id);
    mem_free(track);
}

void egress_room_free(struct egress_room *room) {
    livekit_cancel(room->listing);
    if (room->asking)
        store_cancel(room->asking);
    MAP_EACH(&room->tracks, at) {
        track_free(at.value);
    }
    map_free(&room->tracks);
    mem_free(room->meeting_id);
    mem_free(room->name);
    mem_free(room);
}

struct egress_track *egress_room_find(const struct egress_room *room, struct slice sid) {
    return map_find(&room->tracks, sid);
}

struct egress_track *egress_room_get(struct egress_room *room, struct slice sid) {
    struct egress_track *track = egress_room_find(room, sid);
    if (track || room->tracks.len >= TRACKS_MAX)
        return track;
    track = mem_alloc(sizeof *track);
    track->room = room;
    track->sid = slice_copy_text(sid);
    track->identity = mem_copy_text("");
    track->source = mem_copy_text("");
    track->egress_id = mem_copy_text("");
    map_set(&room->tracks, sid, track);
    return track;
}

/* ---- Waiting ---- */

static void egress_on_timer(void *arg) {
    struct egress_track *track = arg;
    if (track->state == EGRESS_PAUSING || track->state == EGRESS_STARTED) {
        track->state = EGRESS_LOOKING;
        track->room->has_looked = false;
    }
    advance(track);
}

static void egress_wait_for(struct egress_track *track, enum egress_state state, int64_t ms) {
    track->state = state;
    timer_start(track->room->world->loop, &track->timer, ms, 0, egress_on_timer, track);
}

/* Counts a failure and tries again later, in this state. */
static void egress_back_off(struct egress_track *track, enum egress_state state) {
    track->tries++;
    egress_wait_for(track, state,
                    backoff_ms(track->tries, BACKOFF_FIRST_MS, BACKOFF_MAX_MS, rand_u64()));
}

/* The store remembers it, so that a restart of the server does not start the track either. */
static void leave_alone(struct egress_track *track, const char *why) {
    struct egress_world *world = track->room->world;
    timer_stop(&track->timer);
    track->state = EGRESS_LEFT_ALONE;
    store_egress_stop_add(world->store, slice_from(track->room->meeting_id), slice_from(track->sid),
                          clock_wall_ms());
    world->stats.left_alone++;
    log_info("egress", "track left alone", log_text("meetingId", track->room->meeting_id),
             log_text("track", track->sid), log_text("why", why));
}

/* ---- Starting an egress ---- */

static void add_param(struct buf *query, const char *name, const char *value) {
    buf_printf(query, "%s%s=", query->len ? "&" : "", name);
    url_encode(query, slice_from(value));
}

static void write_url(struct buf *url, const struct egress_track *track) {
    const struct config *config = track->room->world->config;
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
    if (track->is_stereo)
        add_param(&query, "stereo", "on");
    egress_url_sign(&query, SLICE("/egress-audio"), slice_from(config->egress_url_secret),
                    slice_from(nonce), clock_wall_ms() / 1000 + EGRESS_URL_LIFE_S);
    buf_printf(url, "%s/egress-audio?%.*s", config->egress_ws_base, SLICE_ARG(buf_slice(&query)));
    buf_free(&query);
}

static void take_started(struct egress_track *track, const json_t *body) {
    struct egress_track_stats *stats = &track->room->world->stats;
    struct livekit_egress egress;
    livekit_read_egress(&egress, body);
    stats->started++;
    stats->restarted += track->egress_id[0] != 0;
    slice_replace_text(&track->egress_id, egress.id);
    track->started_ms = now_ms(track);
    log_info("egress", "egress started", log_text("meetingId", track->room->meeting_id),
             log_text("track", track->sid), log_slice("egress", egress.id));
    if (track->state == EGRESS_CALLING && track->sockets)
        track->state = EGRESS_CONNECTED;
    else if (track->state == EGRESS_CALLING)
        egress_wait_for(track, EGRESS_STARTED, SOCKET_DUE_MS);
}

static void egress_on_started(const struct livekit_reply *reply, void *user) {
    struct egress_track *track = user;
    struct egress_world *world = track->room->world;

    track->call = NULL;
    if (reply->body) {
        take_started(track, reply->body);
        return;
    }
    world->stats.failed++;
    log_warn("egress", "egress not started", log_text("meetingId", track->room->meeting_id),
             log_text("track", track->sid), log_text("problem", reply->problem));
    if (track->state != EGRESS_CALLING)
        return;
    /* A call without an answer may have started one, so the next try looks at what runs first. */
    if (livekit_is_passing(reply))
        egress_back_off(track, EGRESS_PAUSING);
    else if (reply->status == 400 || reply->status == 501)
        leave_alone(track, "LiveKit refuses it");
    else
        egress_wait_for(track, EGRESS_PAUSING, world->config->reconcile_seconds * 1000);
}

static void call_start(struct egress_track *track) {
    struct buf url = {0};
    write_url(&url, track);
    track->state = EGRESS_CALLING;
    track->call = livekit_start_track_egress(track->room->world->livekit,
                                             slice_from(track->room->name), slice_from(track->sid),
                                             buf_slice(&url), egress_on_started, track);
    buf_free(&url);
}

/* ---- Looking at what runs ---- */

struct look {
    enum egress_verdict verdict;
    int64_t newest_ms;
};

/* The newest egress of a track decides, except that a running one takes precedence over others. */
static void weigh(const struct egress_track *track, const struct livekit_egress *egress,
                  struct look *look) {
    bool is_own = slice_is_equal(egress->id, slice_from(track->egress_id));
    bool is_young = egress_is_young(egress, clock_wall_ms()) ||
                    (is_own && now_ms(track) - track->started_ms < SOCKET_DUE_MS);
    enum egress_verdict verdict = egress_judge(egress, track->room->world->config->egress_ws_base,
                                               track->sockets > 0 || is_young);
    bool is_newer = egress->started_ms >= look->newest_ms;
    if (verdict == EGRESS_IS_OURS || (is_newer && look->verdict != EGRESS_IS_OURS))
        look->verdict = verdict;
    if (is_newer)
        look->newest_ms = egress->started_ms;
}

/* Acts on the egresses that LiveKit lists. */
static void take_listing(struct egress_track *track, const json_t *items) {
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
        leave_alone(track, "its egress was stopped");
    else if (look.verdict == EGRESS_IS_OURS)
        egress_wait_for(track, EGRESS_STARTED, RELOOK_MS);
    else
        call_start(track);
}

static void egress_on_listed(const struct livekit_reply *reply, void *user) {
    struct egress_room *room = user;
    room->listing = NULL;
    if (reply->body)
        room->has_looked = true;
    MAP_EACH(&room->tracks, at) {
        struct egress_track *track = at.value;
        if (track->state != EGRESS_LOOKING || track->is_gone)
            continue;
        if (reply->body)
            take_listing(track, json_object_get(reply->body, "items"));
        else
            egress_back_off(track, EGRESS_PAUSING);
    }
}

static void ask_listing(struct egress_room *room) {
    if (!room->listing)
        room->listing = livekit_list_egress(room->world->livekit, slice_from(room->name),
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
        if (track && !track->sockets)
            track->state = EGRESS_LEFT_ALONE;
    }
    MAP_EACH(&room->tracks, at) {
        struct egress_track *track = at.value;
        if (track->state == EGRESS_LOOKING)
            advance(track);
    }
}

static void ask_stops(struct egress_room *room) {
    if (!room->asking)
        room->asking = store_egress_stops_list(room->world->store, slice_from(room->meeting_id),
                                               egress_on_stops, room);
}

/* ---- Who publishes it ---- */

static void egress_on_participant(const struct livekit_reply *reply, void *user) {
    struct egress_track *track = user;
    const struct session *session = session_of(track->room);

    track->call = NULL;
    if (!session || track->state != EGRESS_ASKING)
        return;
    if (reply->body) {
        struct livekit_participant participant;
        livekit_read_participant(&participant, reply->body);
        sessions_participant_seen(track->room->world->sessions, session, &participant);
        egress_room_participant_seen(track->room, slice_from(track->identity));
    } else if (livekit_is_passing(reply)) {
        egress_back_off(track, EGRESS_ASKING);
    } else { /* LiveKit does not know the participant: the sound is recorded all the same */
        track->state = EGRESS_LOOKING;
        advance(track);
    }
}

static void ask_participant(struct egress_track *track) {
    if (!track->call && !timer_is_running(&track->timer))
        track->call =
            livekit_get_participant(track->room->world->livekit, slice_from(track->room->name),
                                    slice_from(track->identity), egress_on_participant, track);
}

void egress_room_participant_seen(struct egress_room *room, struct slice identity) {
    MAP_EACH(&room->tracks, at) {
        struct egress_track *track = at.value;
        if (track->state == EGRESS_ASKING && slice_is_equal(slice_from(track->identity), identity))
            advance(track);
    }
}

/* ---- The next step ---- */

static void identify(struct egress_track *track, const struct session *session) {
    const struct attendee *attendee = session_find_attendee(session, slice_from(track->identity));
    if (!attendee || !attendee->is_known)
        ask_participant(track);
    else if (attendee->is_service)
        leave_alone(track, "it is no participant's");
    else
        track->state = EGRESS_LOOKING;
}

/* Takes the next step, if the track's state has one that nothing else will bring about. */
static void advance(struct egress_track *track) {
    struct egress_room *room = track->room;
    const struct session *session = session_of(room);
    if (track->is_gone || !session || !session->is_active)
        return;
    if (track->state == EGRESS_ASKING)
        identify(track, session);
    if (track->state != EGRESS_LOOKING)
        return;
    /* One listing serves the room's first tracks. Those published later are new, so none runs. */
    if (track->sockets)
        track->state = EGRESS_CONNECTED;
    else if (!room->knows_stops)
        ask_stops(room);
    else if (room->has_looked)
        call_start(track);
    else
        ask_listing(room);
}

/* ---- What happens to a track ---- */

void egress_track_publish(struct egress_track *track, struct slice identity,
                          const struct livekit_track *info) {
    track->is_listed = true;
    if (track->is_gone || track->identity[0])
        return;
    track->has_no_dtx = info->has_no_dtx;
    track->is_stereo = info->is_stereo;
    slice_replace_text(&track->identity, identity);
    slice_replace_text(&track->source, info->source);
    track->room->world->stats.tracks++;
    advance(track);
}

void egress_track_unpublish(struct egress_track *track) {
    if (track->is_gone)
        return;
    track->is_gone = true;
    timer_stop(&track->timer);
    livekit_cancel(track->call);
    track->call = NULL;
    if (track->identity[0])
        track->room->world->stats.tracks--;
}

void egress_track_hear(struct egress_track *track, const struct livekit_egress *egress) {
    if (track->is_gone || egress->status < EGRESS_COMPLETE || track->state == EGRESS_LEFT_ALONE)
        return;
    if (track->egress_id[0] && !slice_is_equal(egress->id, slice_from(track->egress_id)))
        return; /* an earlier one of this track */
    const char *base = track->room->world->config->egress_ws_base;
    if (egress_judge(egress, base, false) == EGRESS_WAS_STOPPED)
        leave_alone(track, "its egress was stopped");
    else if (track->state == EGRESS_STARTED && !track->sockets)
        egress_back_off(track, EGRESS_PAUSING);
}

void egress_track_connect(struct egress_track *track) {
    track->sockets++;
    track->connected_ms = now_ms(track);
    if (track->state == EGRESS_LEFT_ALONE || track->state == EGRESS_CALLING ||
        track->state == EGRESS_ASKING)
        return;
    timer_stop(&track->timer);
    track->state = EGRESS_CONNECTED;
}

void egress_track_disconnect(struct egress_track *track) {
    if (!track->sockets || --track->sockets)
        return;
    if (now_ms(track) - track->connected_ms >= STEADY_MS)
        track->tries = 0;
    if (track->state == EGRESS_CONNECTED && !track->is_gone)
        egress_back_off(track, EGRESS_PAUSING);
}

#define AT(member) offsetof(struct egress_track_stats, member)

static const struct counter counters[] = {
    {"prosa_egress_started_total", "Egresses started.", COUNTER_SUM, AT(started)},
    {"prosa_egress_restarted_total", "Of those, started again.", COUNTER_SUM, AT(restarted)},
    {"prosa_egress_failed_total", "Egresses LiveKit would not start.", COUNTER_SUM, AT(failed)},
    {"prosa_egress_left_alone_total",
     "Tracks whose egress somebody stopped, or that can have none.", COUNTER_SUM, AT(left_alone)},
    {"prosa_published_tracks", "Published audio tracks.", COUNTER_GAUGE, AT(tracks)},
};

const struct counter_table egress_track_counters = {counters, ARRAY_LEN(counters)};
