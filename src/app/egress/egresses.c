#include "app/egress/egresses.h"

#include "app/config/config.h"
#include "app/egress/egress_track.h"
#include "app/sessions/sessions.h"
#include "base/mem.h"
#include "base/rand.h"
#include "outside/livekit/livekit_info.h"
#include "outside/store/store_egress.h"

struct egresses {
    struct egress_world world;
    struct map rooms; /* meeting id -> struct egress_room */
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

static bool is_on(const struct egresses *egresses) {
    return egresses->world.config->egress_autostart;
}

void egresses_track_published(struct egresses *egresses, const struct session *session,
                              struct slice identity, const struct livekit_track *info) {
    if (!is_on(egresses) || !session->is_active || !livekit_track_is_audio(info))
        return;
    struct egress_track *track = egress_room_get(get_room(egresses, session), info->sid);
    if (track)
        egress_track_publish(track, identity, info);
}

void egresses_track_unpublished(struct egresses *egresses, const struct session *session,
                                struct slice track_sid) {
    if (!is_on(egresses) || !track_sid.len)
        return;
    /* An unknown track is added as gone: the event that it was published may come late. */
    struct egress_track *track = egress_room_get(get_room(egresses, session), track_sid);
    if (track)
        egress_track_unpublish(track);
}

void egresses_participant_seen(struct egresses *egresses, const struct session *session,
                               struct slice identity) {
    struct egress_room *room = find_room(egresses, session);
    if (room)
        egress_room_participant_seen(room, identity);
}

void egresses_status_seen(struct egresses *egresses, const struct livekit_egress *egress) {
    const struct sessions *sessions = egresses->world.sessions;
    const struct session *session = sessions_find(sessions, egress->room_sid);
    if (!session)
        session = sessions_find_active(sessions, egress->room_name);
    struct egress_room *room = session ? find_room(egresses, session) : NULL;
    struct egress_track *track = room ? egress_room_find(room, egress->track_sid) : NULL;
    if (track)
        egress_track_hear(track, egress);
}

void egresses_socket_changed(struct egresses *egresses, struct slice meeting_id,
                             struct slice track_sid, bool is_open) {
    const struct session *session = sessions_find(egresses->world.sessions, meeting_id);
    if (!session || !session->is_active || !is_on(egresses))
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

void egresses_listing_begin(struct egresses *egresses, const struct session *session) {
    struct egress_room *room = find_room(egresses, session);
    if (!room)
        return;
    MAP_EACH(&room->tracks, at) {
        struct egress_track *track = at.value;
        track->is_listed = false;
    }
}

void egresses_listing_end(struct egresses *egresses, const struct session *session) {
    struct egress_room *room = find_room(egresses, session);
    if (!room)
        return;
    MAP_EACH(&room->tracks, at) {
        struct egress_track *track = at.value;
        if (!track->is_listed)
            egress_track_unpublish(track);
    }
}

struct egresses *egresses_new(struct loop *loop, const struct config *config,
                              struct livekit *livekit, struct sessions *sessions,
                              struct store *store) {
    struct egresses *egresses = mem_alloc(sizeof *egresses);
    egresses->world = (struct egress_world){loop, config, livekit, sessions, store, {0}};
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
