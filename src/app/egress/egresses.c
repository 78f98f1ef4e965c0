#include "app/egress/egresses.h"

#include "app/config/config.h"
#include "app/egress/egress_track.h"
#include "app/sessions/sessions.h"
#include "base/mem.h"
#include "base/rand.h"
#include "net/loop.h"
#include "outside/livekit/livekit.h"
#include "outside/livekit/livekit_info.h"
#include "outside/store/store_egress.h"

enum {
    STEADY_MS = 10000, /* a socket that lived so long forgives earlier tries */
    TRACKS_MAX = 5000  /* of a meeting */
};

static int64_t now_ms(const struct egress_track *track) {
    return loop_now_ms(track->room->owner->loop);
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

struct egress_track *egress_track_get(struct egress_room *room, struct slice sid) {
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

/* ---- what happens ---- */

void egress_start_published(struct egress_start *start, const struct session *session,
                            struct slice identity, const struct livekit_track *info) {
    if (!start->config->egress_autostart || !session->is_active || !livekit_track_is_audio(info))
        return;
    struct egress_room *room = room_get(start, session);
    struct egress_track *track = egress_track_get(room, info->sid);
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
    egress_track_advance(track);
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
    struct egress_track *track = egress_track_get(room_get(start, session), track_sid);
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
            egress_track_advance(track);
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
        egress_track_leave_alone(track, "its egress was stopped");
    else if (track->state == EGRESS_STARTED && !track->sockets)
        egress_track_back_off(track);
}

void egress_start_socket(struct egress_start *start, struct slice meeting_id,
                         struct slice track_sid, bool is_open) {
    const struct session *session = sessions_find(start->sessions, meeting_id);
    if (!session || !session->is_active || !start->config->egress_autostart)
        return;
    /* A socket may be here before we hear of its track. */
    struct egress_track *track = egress_track_get(room_get(start, session), track_sid);
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
        egress_track_back_off(track);
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
