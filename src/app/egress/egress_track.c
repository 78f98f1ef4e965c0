#include "app/config/config.h"
#include "app/egress/egress_judge.h"
#include "app/egress/egress_track_private.h"
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

enum {
    BACKOFF_FIRST_MS = 1000,
    BACKOFF_MAX_MS = 30000,
    STEADY_MS = 10000, /* a socket that lived so long forgives earlier tries */
    TRACKS_MAX = 5000  /* of a meeting */
};

int64_t egress_now_ms(const struct egress_track *track) {
    return loop_now_ms(track->room->world->loop);
}

const struct session *egress_session(const struct egress_room *room) {
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
    mem_free(track->ended_id);
    mem_free(track->early_end);
    mem_free(track->problem);
    mem_free(track);
}

void egress_room_free(struct egress_room *room) {
    livekit_cancel(room->listing);
    json_decref(room->listed);
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
    track->ended_id = mem_copy_text("");
    track->early_end = mem_copy_text("");
    track->problem = mem_copy_text("");
    map_set(&room->tracks, sid, track);
    return track;
}

/* ---- Waiting ---- */

/* After a pause LiveKit is asked what runs, and whether a track that had an egress is still there.
 * One that never had any may be too new for LiveKit to say. */
static void egress_on_timer(void *arg) {
    struct egress_track *track = arg;
    if (track->state == EGRESS_PAUSING || track->state == EGRESS_STARTED) {
        track->is_doubted = track->egress_id[0] != 0;
        track->state = track->is_doubted ? EGRESS_ASKING : EGRESS_LOOKING;
        track->room->has_looked = false;
    }
    egress_track_advance(track);
}

void egress_track_wait(struct egress_track *track, enum egress_state state, int64_t ms) {
    track->state = state;
    timer_start(track->room->world->loop, &track->timer, ms, 0, egress_on_timer, track);
}

void egress_track_back_off(struct egress_track *track, enum egress_state state) {
    track->tries++;
    egress_track_wait(track, state,
                      backoff_ms(track->tries, BACKOFF_FIRST_MS, BACKOFF_MAX_MS, rand_u64()));
}

void egress_track_leave_alone(struct egress_track *track, const char *why) {
    struct egress_world *world = track->room->world;
    timer_stop(&track->timer);
    egress_notice_end(track);
    track->state = EGRESS_LEFT_ALONE;
    store_egress_stop_add(world->store, slice_from(track->room->meeting_id), slice_from(track->sid),
                          clock_wall_ms());
    world->stats.left_alone++;
    log_info("egress", "track left alone", log_text("meetingId", track->room->meeting_id),
             log_text("track", track->sid), log_text("why", why));
}

/* ---- Failing ---- */

/* Addresses in Egress's words carry a signature of ours behind the question mark. */
static char *without_queries(struct slice words) {
    struct buf out = {0};
    bool is_query = false;
    for (size_t i = 0; i < words.len; i++) {
        char c = words.ptr[i];
        is_query = c == '?' || (is_query && c != ' ' && c != '"' && c != '\'');
        if (!is_query)
            buf_add_byte(&out, c);
    }
    return buf_take_text(&out);
}

void egress_track_fail(struct egress_track *track, struct slice words) {
    track->room->world->stats.failed++;
    char *problem = without_queries(words.len ? words : SLICE("LiveKit does not say why"));
    if (!slice_is_equal(slice_from(problem), slice_from(track->problem)))
        log_warn("egress", "egress failed", log_text("meetingId", track->room->meeting_id),
                 log_text("track", track->sid), log_text("problem", problem));
    mem_free(track->problem);
    track->problem = problem;
}

void egress_track_give_up(struct egress_track *track) {
    timer_stop(&track->timer);
    track->state = EGRESS_IMPOSSIBLE;
    track->room->world->stats.left_alone++;
}

/* Whether its socket stayed open long enough to say that the egress works. */
static bool has_worked(const struct egress_track *track) {
    return track->sockets ? egress_now_ms(track) - track->connected_ms >= STEADY_MS
                          : track->is_steady;
}

void egress_track_judge_end(struct egress_track *track, const struct livekit_egress *egress) {
    const char *base = track->room->world->config->egress_ws_base;
    enum egress_verdict verdict = egress_judge(egress, base, false);
    bool is_own = slice_is_equal(egress->id, slice_from(track->egress_id));
    bool is_news = !slice_is_equal(egress->id, slice_from(track->ended_id));
    bool has_failed = egress->status == EGRESS_FAILED && is_own && !has_worked(track);
    slice_replace_text(&track->ended_id, egress->id);
    if (is_news && (has_failed || verdict == EGRESS_IS_IMPOSSIBLE))
        egress_track_fail(track, egress->error.len ? egress->error : egress->details);
    if (verdict == EGRESS_WAS_STOPPED)
        egress_track_leave_alone(track, "its egress was stopped");
    else if (verdict == EGRESS_IS_IMPOSSIBLE)
        egress_track_give_up(track);
    else if (!track->sockets && (track->state == EGRESS_STARTED || track->state == EGRESS_LOOKING))
        egress_track_back_off(track, EGRESS_PAUSING);
}

/* ---- The next step ---- */

static void identify(struct egress_track *track, const struct session *session) {
    const struct attendee *attendee = session_find_attendee(session, slice_from(track->identity));
    if (!attendee || !attendee->is_known || track->is_doubted)
        egress_look_at_participant(track);
    else if (attendee->is_service)
        egress_track_leave_alone(track, "it is no participant's");
    else
        track->state = EGRESS_LOOKING;
}

void egress_track_advance(struct egress_track *track) {
    struct egress_room *room = track->room;
    const struct session *session = egress_session(room);
    if (track->is_gone || !session || !session->is_active)
        return;
    if (track->state == EGRESS_ASKING)
        identify(track, session);
    if (track->state != EGRESS_LOOKING)
        return;
    /* One listing serves the room's first tracks. Those published later are new, so none runs. */
    if (track->sockets)
        track->state = EGRESS_CONNECTED;
    else if (room->knows_stops && room->has_looked)
        egress_start(track);
    else
        egress_look_at_room(room);
}

void egress_room_participant_seen(struct egress_room *room, struct slice identity) {
    MAP_EACH(&room->tracks, at) {
        struct egress_track *track = at.value;
        if (track->state == EGRESS_ASKING && slice_is_equal(slice_from(track->identity), identity))
            egress_track_advance(track);
    }
}

void egress_room_participant_left(struct egress_room *room, struct slice identity) {
    MAP_EACH(&room->tracks, at) {
        struct egress_track *track = at.value;
        if (slice_is_equal(slice_from(track->identity), identity))
            egress_track_unpublish(track);
    }
}

/* ---- What happens to a track ---- */

/* What the listing shows is newer than an end that was told before it was asked for. */
static bool is_back(const struct egress_track *track) {
    return track->is_gone && track->gone_ms < track->room->listed_ms;
}

/* The server has no key, so an egress would record noise. */
static void find_encrypted(struct egress_track *track) {
    struct egress_room *room = track->room;
    if (!room->is_encrypted)
        log_warn("egress", "the room is encrypted end to end, so nothing of it can be recorded",
                 log_text("meetingId", room->meeting_id), log_text("room", room->name));
    room->is_encrypted = true;
    track->state = EGRESS_IMPOSSIBLE;
}

void egress_track_publish(struct egress_track *track, struct slice identity,
                          const struct livekit_track *info) {
    track->is_listed = true;
    if (is_back(track)) {
        track->is_gone = false;
        slice_replace_text(&track->identity, SLICE_NONE);
        if (track->state < EGRESS_IMPOSSIBLE)
            track->state = EGRESS_ASKING;
    }
    if (track->is_gone || track->identity[0])
        return;
    track->has_no_dtx = info->has_no_dtx;
    track->is_stereo = info->is_stereo;
    track->is_encrypted = info->is_encrypted;
    if (trace_current())
        track->trace = *trace_current();
    track->published_ms = egress_now_ms(track);
    slice_replace_text(&track->identity, identity);
    slice_replace_text(&track->source, info->source);
    track->room->world->stats.tracks++;
    if (!track->sockets && track->state != EGRESS_LEFT_ALONE)
        egress_notice_begin(track);
    if (track->is_encrypted)
        find_encrypted(track);
    egress_track_advance(track);
}

void egress_track_unpublish(struct egress_track *track) {
    if (track->is_gone)
        return;
    track->is_gone = true;
    track->gone_ms = egress_now_ms(track);
    timer_stop(&track->timer);
    egress_notice_end(track);
    livekit_cancel(track->call);
    track->call = NULL;
    if (track->identity[0])
        track->room->world->stats.tracks--;
}

void egress_track_hear(struct egress_track *track, const struct livekit_egress *egress) {
    if (track->is_gone || egress->status < EGRESS_COMPLETE || track->state >= EGRESS_IMPOSSIBLE)
        return;
    if (track->state == EGRESS_CALLING) /* whose it is, the answer to the call will tell */
        slice_replace_text(&track->early_end, egress->id);
    else if (!track->egress_id[0] || slice_is_equal(egress->id, slice_from(track->egress_id)))
        egress_track_judge_end(track, egress);
}

void egress_track_connect(struct egress_track *track) {
    track->sockets++;
    egress_notice_end(track);
    track->connected_ms = egress_now_ms(track);
    if (track->state >= EGRESS_IMPOSSIBLE || track->state == EGRESS_CALLING ||
        track->state == EGRESS_ASKING)
        return;
    timer_stop(&track->timer);
    track->state = EGRESS_CONNECTED;
}

void egress_track_disconnect(struct egress_track *track) {
    if (!track->sockets || --track->sockets)
        return;
    if (track->identity[0] && !track->is_gone && track->state != EGRESS_LEFT_ALONE)
        egress_notice_begin(track);
    track->is_steady = egress_now_ms(track) - track->connected_ms >= STEADY_MS;
    if (track->is_steady) {
        track->tries = 0;
        slice_replace_text(&track->problem, SLICE_NONE);
    }
    if (track->state == EGRESS_CONNECTED && !track->is_gone)
        egress_track_back_off(track, EGRESS_PAUSING);
}

#define AT(member) offsetof(struct egress_track_stats, member)

static const struct counter counters[] = {
    {"prosa_egress_started_total", "Egresses started.", COUNTER_SUM, AT(started)},
    {"prosa_egress_restarted_total", "Of those, started again.", COUNTER_SUM, AT(restarted)},
    {"prosa_egress_failed_total", "Egresses that were not started, or failed soon after it.",
     COUNTER_SUM, AT(failed)},
    {"prosa_egress_left_alone_total",
     "Tracks whose egress somebody stopped, or that can have none.", COUNTER_SUM, AT(left_alone)},
    {"prosa_published_tracks", "Published audio tracks.", COUNTER_GAUGE, AT(tracks)},
};

const struct counter_table egress_track_counters = {counters, ARRAY_LEN(counters)};
