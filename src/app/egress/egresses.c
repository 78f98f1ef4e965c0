#include "app/egress/egresses.h"

#include "app/config/config.h"
#include "app/egress/egress_track.h"
#include "app/sessions/sessions.h"
#include "base/mem.h"
#include "base/rand.h"
#include "outside/livekit/livekit_info.h"
#include "outside/store/store_egress.h"
#include "wire/web/json_write.h"

struct egresses {
    struct egress_world world;
    struct map rooms;            /* meeting id -> struct egress_room */
    egresses_taken_fn *is_taken; /* NULL: none is */
    void *user;
};

static struct egress_room *find_room(const struct egresses *egresses,
                                     const struct session *session) {
    return map_find(&egresses->rooms, slice_from(session->meeting_id));
}

static struct egress_room *get_room(struct egresses *egresses, const struct session *session) {
    struct egress_room *room = find_room(egresses, session);
    if (room)
        return room;
    room = egress_room_new(&egresses->world, session);
    map_set(&egresses->rooms, slice_from(room->meeting_id), room);
    return room;
}

static const struct session *find_session(const struct egresses *egresses, struct slice id,
                                          struct slice room_name) {
    const struct session *session = sessions_find(egresses->world.sessions, id);
    return session ? session : sessions_find_active(egresses->world.sessions, room_name);
}

void egresses_set_taken(struct egresses *egresses, egresses_taken_fn *fn, void *user) {
    egresses->is_taken = fn;
    egresses->user = user;
}

static bool is_ours(const struct egresses *egresses, const struct session *session) {
    return egresses->world.config->egress_autostart &&
           !(egresses->is_taken && egresses->is_taken(session, egresses->user));
}

void egresses_track_published(struct egresses *egresses, const struct session *session,
                              struct slice identity, const struct livekit_track *info) {
    struct livekit_track plain = *info;
    plain.is_encrypted = false;
    if (!is_ours(egresses, session) || !session->is_active || !livekit_track_is_audio(&plain))
        return;
    struct egress_track *track = egress_room_get(get_room(egresses, session), info->sid);
    if (track)
        egress_track_publish(track, identity, info);
}

void egresses_track_unpublished(struct egresses *egresses, const struct session *session,
                                struct slice track_sid) {
    if (!is_ours(egresses, session) || !track_sid.len)
        return;
    /* An unknown track is added as gone: the event that it was published may come late. */
    struct egress_track *track = egress_room_get(get_room(egresses, session), track_sid);
    if (track)
        egress_track_unpublish(track);
}

void egresses_participant_seen(struct egresses *egresses, const struct session *session,
                               struct slice identity) {
    struct egress_room *room = find_room(egresses, session);
    const struct attendee *attendee = session_find_attendee(session, identity);
    if (!room)
        return;
    if (attendee && attendee->is_known && !attendee->is_present)
        egress_room_participant_left(room, identity);
    else
        egress_room_participant_seen(room, identity);
}

void egresses_status_seen(struct egresses *egresses, const struct livekit_egress *egress) {
    const struct session *session = find_session(egresses, egress->room_sid, egress->room_name);
    struct egress_room *room = session ? find_room(egresses, session) : NULL;
    struct egress_track *track = room ? egress_room_find(room, egress->track_sid) : NULL;
    if (track)
        egress_track_hear(track, egress);
}

void egresses_socket_changed(struct egresses *egresses, struct slice meeting_id,
                             struct slice track_sid, bool is_open) {
    const struct session *session = sessions_find(egresses->world.sessions, meeting_id);
    if (!session || !session->is_active || !is_ours(egresses, session))
        return;
    /* An unknown track is added: its socket may open before LiveKit's webhook arrives. */
    struct egress_track *track = egress_room_get(get_room(egresses, session), track_sid);
    if (!track)
        return;
    if (is_open)
        egress_track_connect(track);
    else
        egress_track_disconnect(track);
}

void egresses_session_ended(struct egresses *egresses, const struct session *session) {
    struct egress_room *room = find_room(egresses, session);
    if (!room)
        return;
    store_egress_stops_forget(egresses->world.store, slice_from(session->meeting_id));
    map_remove(&egresses->rooms, slice_from(room->meeting_id));
    egress_room_free(room);
}

void egresses_listing_begin(struct egresses *egresses, const struct session *session,
                            int64_t asked_ms) {
    struct egress_room *room = find_room(egresses, session);
    if (!room)
        return;
    room->listed_ms = asked_ms;
    MAP_EACH(&room->tracks, at) {
        struct egress_track *track = at.value;
        track->is_listed = false;
    }
}

/* As by a webhook that was lost. */
static void track_unlisted(struct egresses *egresses, const struct session *session,
                           struct egress_track *track) {
    const struct livekit_track info = {.sid = slice_from(track->sid), .type = TRACK_TYPE_AUDIO};
    sessions_track_seen(egresses->world.sessions, session, slice_from(track->identity), &info,
                        false);
    egress_track_unpublish(track);
}

void egresses_listing_end(struct egresses *egresses, const struct session *session) {
    struct egress_room *room = find_room(egresses, session);
    if (!room)
        return;
    MAP_EACH(&room->tracks, at) {
        struct egress_track *track = at.value;
        if (!track->is_listed && track->published_ms < room->listed_ms)
            track_unlisted(egresses, session, track);
    }
    room->listed_ms = 0;
}

bool egresses_hear(const struct egresses *egresses, const struct session *session) {
    const struct egress_room *room = find_room(egresses, session);
    if (!room)
        return false;
    MAP_EACH(&room->tracks, at) {
        const struct egress_track *track = at.value;
        if (!track->is_gone && (track->sockets || track->state == EGRESS_CALLING ||
                                track->state == EGRESS_STARTED))
            return true;
    }
    return false;
}

/* ---- What is not recorded ---- */

static bool lacks_audio(const struct egress_track *track) {
    return !track->is_gone && !track->sockets && track->state != EGRESS_LEFT_ALONE;
}

struct egress_health egresses_health(const struct egresses *egresses) {
    struct egress_health health = {0};
    MAP_EACH(&egresses->rooms, at) {
        const struct egress_room *room = at.value;
        MAP_EACH(&room->tracks, in_room) {
            const struct egress_track *track = in_room.value;
            if (!lacks_audio(track))
                continue;
            health.failing += track->problem[0] != 0;
            health.encrypted += track->is_encrypted;
            health.unrecorded += track->is_unrecorded && !track->is_encrypted;
        }
    }
    return health;
}

static void track_describe(const struct egress_track *track, struct buf *json) {
    json_open(json, NULL);
    json_add_text(json, "participantId", slice_from(track->identity));
    json_add_text(json, "trackId", slice_from(track->sid));
    json_add_text(json, "reason", track->is_encrypted ? SLICE("encrypted") : SLICE("not_recorded"));
    if (track->problem[0])
        json_add_text(json, "problem", slice_from(track->problem));
    json_close(json);
}

void egresses_describe(const struct egresses *egresses, struct slice meeting, struct buf *json) {
    const struct session *session = find_session(egresses, meeting, meeting);
    const struct egress_room *room = session ? find_room(egresses, session) : NULL;
    bool is_open = false;
    if (!room)
        return;
    MAP_EACH(&room->tracks, at) {
        const struct egress_track *track = at.value;
        if (!lacks_audio(track) || !(track->is_unrecorded || track->is_encrypted))
            continue;
        if (!is_open)
            json_open_array(json, "unrecorded");
        is_open = true;
        track_describe(track, json);
    }
    if (is_open)
        json_close_array(json);
}

/* ---- Opening and closing ---- */

struct egresses *egresses_new(struct loop *loop, const struct config *config,
                              struct livekit *livekit, struct sessions *sessions,
                              struct store *store, struct directory *directory) {
    struct egresses *egresses = mem_alloc(sizeof *egresses);
    egresses->world = (struct egress_world){
        .loop = loop,
        .config = config,
        .livekit = livekit,
        .sessions = sessions,
        .store = store,
        .directory = directory,
    };
    map_init(&egresses->rooms, rand_u64());
    return egresses;
}

void egresses_free(struct egresses *egresses) {
    if (!egresses)
        return;
    MAP_EACH(&egresses->rooms, at) {
        egress_room_free(at.value);
    }
    map_free(&egresses->rooms);
    mem_free(egresses);
}

const struct egress_track_stats *egresses_stats(const struct egresses *egresses) {
    return &egresses->world.stats;
}
