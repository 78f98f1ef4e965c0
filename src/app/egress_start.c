#include "app/egress_start.h"

#include "app/config.h"
#include "app/egress_track.h"
#include "app/egress_url.h"
#include "app/sessions.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/loop.h"
#include "outside/livekit.h"
#include "outside/livekit_info.h"
#include "outside/store_egress.h"
#include "wire/url.h"

#include <string.h>

enum {
    SOCKET_DUE_MS = 20000, /* an egress worker that is busy starts slowly */
    RELOOK_MS = 2500,      /* at an egress that runs but has no socket here */
    STEADY_MS = 10000,     /* a socket that lived so long forgives earlier tries */
    TRACKS_MAX = 5000      /* of a meeting */
};

struct egress_start {
    struct loop *loop;
    const struct config *config;
    struct livekit *livekit;
    struct sessions *sessions;
    struct store *store;
    struct map rooms; /* meeting id -> struct egress_room */
    struct egress_start_stats stats;
};

static void advance(struct egress_track *);

static int64_t now_ms(const struct egress_track *track) {
    return loop_now_ms(track->room->owner->loop);
}

static const struct session *session_of(const struct egress_room *room) {
    return sessions_find(room->owner->sessions, slice_from(room->meeting_id));
}

/* ---- rooms and tracks ---- */

static void track_free(struct egress_track *track) {
    timer_stop(&track->timer);
    livekit_cancel(track->call);
    mem_free(track->sid);
    mem_free(track->identity);
    mem_free(track->source);
    mem_free(track->egress_id);
    mem_free(track);
}

static struct egress_track *find_track(const struct egress_room *room, struct slice sid) {
    return room ? map_find(&room->tracks, sid) : NULL;
}

static struct egress_track *track_get(struct egress_room *room, struct slice sid) {
    struct egress_track *track = find_track(room, sid);
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

static struct egress_room *find_room(const struct egress_start *start, struct slice meeting_id) {
    return map_find(&start->rooms, meeting_id);
}

static struct egress_room *room_get(struct egress_start *start, const struct session *session) {
    struct egress_room *room = find_room(start, slice_from(session->meeting_id));
    if (room)
        return room;
    room = mem_alloc(sizeof *room);
    room->owner = start;
    room->meeting_id = mem_copy_text(session->meeting_id);
    room->name = mem_copy_text(session->room_name);
    map_init(&room->tracks, rand_u64());
    map_set(&start->rooms, slice_from(room->meeting_id), room);
    return room;
}

static void room_free(struct egress_room *room) {
    struct map_cursor at = {0};
    struct slice key;
    void *track;
    livekit_cancel(room->listing);
    if (room->asking)
        store_cancel(room->asking);
    map_remove(&room->owner->rooms, slice_from(room->meeting_id));
    while (map_next(&room->tracks, &at, &key, &track))
        track_free(track);
    map_free(&room->tracks);
    mem_free(room->meeting_id);
    mem_free(room->name);
    mem_free(room);
}

/* ---- waiting ---- */

static void on_timer(void *arg) {
    struct egress_track *track = arg;
    if (track->state == EGRESS_PAUSING || track->state == EGRESS_STARTED) {
        track->state = EGRESS_LOOKING;
        track->room->listed_ms = 0;
    }
    advance(track);
}

static void wait_for(struct egress_track *track, enum egress_state state, int64_t ms) {
    track->state = state;
    timer_start(track->room->owner->loop, &track->timer, ms, 0, on_timer, track);
}

static void back_off(struct egress_track *track) {
    track->tries++;
    wait_for(track, EGRESS_PAUSING, egress_backoff_ms(track->tries, rand_u64()));
}

static void leave_alone(struct egress_track *track, const char *why) {
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
        back_off(track); /* and look before the next try: the call may have done its work */
    else if (reply->status == 400 || reply->status == 501)
        leave_alone(track, "LiveKit refuses it");
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
        leave_alone(track, "its egress was stopped");
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
            back_off(track);
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
            advance(track);
    }
}

/* A store that is away knows nothing; LiveKit's own memory has to do then. */
static void on_stops(int err, const struct slice *sids, size_t count, void *arg) {
    struct egress_room *room = arg;
    room->asking = NULL;
    room->knows_stops = true;
    for (size_t i = 0; i < count; i++) {
        struct egress_track *track = track_get(room, sids[i]);
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
        advance(track);
    }
}

static void ask(struct egress_track *track) {
    struct egress_start *start = track->room->owner;
    if (!track->call && !timer_is_running(&track->timer))
        track->call = livekit_get_participant(start->livekit, slice_from(track->room->name),
                                              slice_from(track->identity), on_participant, track);
}

/* One step further, from wherever the track is. */
static void advance(struct egress_track *track) {
    const struct session *session = session_of(track->room);
    if (track->is_gone || !session || !session->is_active)
        return;

    if (track->state == EGRESS_ASKING) {
        const struct attendee *attendee =
            session_find_attendee(session, slice_from(track->identity));
        if (attendee && attendee->is_known && attendee->is_service)
            leave_alone(track, "it is no participant's");
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

/* ---- what happens ---- */

void egress_start_published(struct egress_start *start, const struct session *session,
                            struct slice identity, const struct livekit_track *info) {
    if (!start->config->egress_autostart || !session->is_active || !livekit_track_is_audio(info))
        return;
    struct egress_room *room = room_get(start, session);
    struct egress_track *track = track_get(room, info->sid);
    if (!track)
        return;
    track->is_listed = true;
    if (track->is_gone || track->identity[0])
        return;
    track->has_no_dtx = info->has_no_dtx;
    mem_free(track->identity);
    mem_free(track->source);
    track->identity = slice_copy_text(identity);
    track->source = slice_copy_text(info->source);
    start->stats.tracks++;
    advance(track);
}

static void unpublish(struct egress_track *track) {
    if (track->is_gone)
        return;
    track->is_gone = true;
    timer_stop(&track->timer);
    livekit_cancel(track->call);
    track->call = NULL;
    if (track->room->owner->stats.tracks)
        track->room->owner->stats.tracks--;
}

void egress_start_unpublished(struct egress_start *start, const struct session *session,
                              struct slice track_sid) {
    if (!start->config->egress_autostart || !track_sid.len)
        return;
    /* Also of a track that we hear of for the first time: its beginning may come late. */
    struct egress_track *track = track_get(room_get(start, session), track_sid);
    if (track && !track->identity[0])
        start->stats.tracks++;
    if (track)
        unpublish(track);
}

void egress_start_participant(struct egress_start *start, const struct session *session,
                              struct slice identity) {
    struct egress_room *room = find_room(start, slice_from(session->meeting_id));
    struct map_cursor at = {0};
    struct slice key;
    void *value;
    while (room && map_next(&room->tracks, &at, &key, &value)) {
        struct egress_track *track = value;
        if (track->state == EGRESS_ASKING && slice_is_equal(slice_from(track->identity), identity))
            advance(track);
    }
}

/* Only the end of the egress we know matters: LiveKit tells whether somebody wanted it. */
void egress_start_egress(struct egress_start *start, const struct livekit_egress *egress) {
    const struct session *session = sessions_find(start->sessions, egress->room_sid);
    if (!session)
        session = sessions_find_active(start->sessions, egress->room_name);
    struct egress_track *track =
        session ? find_track(find_room(start, slice_from(session->meeting_id)), egress->track_sid)
                : NULL;
    if (!track || track->is_gone || egress->status < EGRESS_COMPLETE ||
        track->state == EGRESS_LEFT_ALONE)
        return;
    bool is_current =
        !track->egress_id[0] || slice_is_equal(egress->id, slice_from(track->egress_id));
    if (!is_current)
        return;
    if (egress_judge(egress, start->config->egress_ws_base, false) == EGRESS_WAS_STOPPED)
        leave_alone(track, "its egress was stopped");
    else if (track->state == EGRESS_STARTED && !track->sockets)
        back_off(track);
}

void egress_start_socket(struct egress_start *start, struct slice meeting_id,
                         struct slice track_sid, bool is_open) {
    const struct session *session = sessions_find(start->sessions, meeting_id);
    if (!session || !session->is_active || !start->config->egress_autostart)
        return;
    /* A socket may be here before we hear of its track. */
    struct egress_track *track = track_get(room_get(start, session), track_sid);
    if (!track)
        return;
    if (is_open) {
        if (track->sockets++ == 0)
            start->stats.connected++;
        track->connected_ms = now_ms(track);
        if (track->state != EGRESS_LEFT_ALONE && track->state != EGRESS_CALLING &&
            track->state != EGRESS_ASKING) {
            timer_stop(&track->timer);
            track->state = EGRESS_CONNECTED;
        }
        return;
    }
    if (!track->sockets || --track->sockets)
        return;
    start->stats.connected--;
    if (now_ms(track) - track->connected_ms >= STEADY_MS)
        track->tries = 0;
    if (track->state == EGRESS_CONNECTED && !track->is_gone)
        back_off(track);
}

void egress_start_ended(struct egress_start *start, const struct session *session) {
    struct egress_room *room = find_room(start, slice_from(session->meeting_id));
    struct map_cursor at = {0};
    struct slice key;
    void *value;
    if (!room)
        return;
    if (start->store)
        store_egress_stops_forget(start->store, slice_from(session->meeting_id));
    while (map_next(&room->tracks, &at, &key, &value)) {
        struct egress_track *track = value;
        if (track->sockets)
            start->stats.connected--;
        unpublish(track);
    }
    room_free(room);
}

void egress_start_listing_begin(struct egress_start *start, const struct session *session) {
    struct egress_room *room = find_room(start, slice_from(session->meeting_id));
    struct map_cursor at = {0};
    struct slice key;
    void *track;
    while (room && map_next(&room->tracks, &at, &key, &track))
        ((struct egress_track *)track)->is_listed = false;
}

void egress_start_listing_end(struct egress_start *start, const struct session *session) {
    struct egress_room *room = find_room(start, slice_from(session->meeting_id));
    struct map_cursor at = {0};
    struct slice key;
    void *track;
    while (room && map_next(&room->tracks, &at, &key, &track))
        if (!((struct egress_track *)track)->is_listed)
            unpublish(track);
}

struct egress_start *egress_start_new(struct loop *loop, const struct config *config,
                                      struct livekit *livekit, struct sessions *sessions,
                                      struct store *store) {
    struct egress_start *start = mem_alloc(sizeof *start);
    start->store = store;
    start->loop = loop;
    start->config = config;
    start->livekit = livekit;
    start->sessions = sessions;
    map_init(&start->rooms, rand_u64());
    return start;
}

void egress_start_free(struct egress_start *start) {
    if (!start)
        return;
    struct map_cursor at = {0};
    struct slice key;
    void *room;
    while (map_next(&start->rooms, &at, &key, &room))
        room_free(room);
    map_free(&start->rooms);
    mem_free(start);
}

const struct egress_start_stats *egress_start_stats(const struct egress_start *start) {
    return &start->stats;
}
