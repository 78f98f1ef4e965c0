/*
 * One published track on its way to an egress, and the meeting that it belongs to. A track goes
 * through
 *
 *     asking who it is -> looking at what runs -> starting -> started -> connected
 *                 ^            ^ after an unclear answer or a lost socket, with back-off
 *
 * or ends as left alone. Control thread only.
 */
#ifndef APP_EGRESS_TRACK_H
#define APP_EGRESS_TRACK_H

#include "base/map.h"
#include "base/slice.h"
#include "net/timer.h"

#include <stdbool.h>
#include <stdint.h>

struct livekit_egress;
struct livekit_track;
struct session;

struct egress_track_stats {
    uint64_t started;    /* StartTrackEgress answered with an egress */
    uint64_t restarted;  /* of those, for a track that had one before */
    uint64_t failed;     /* StartTrackEgress answered with an error, or not at all */
    uint64_t left_alone; /* tracks whose egress was stopped, or can never work */
    uint64_t tracks;     /* published audio tracks known now */
};

/* How the metrics show it. */
extern const struct counter_table egress_track_counters;

/* What all tracks share. */
struct egress_world {
    struct loop *loop;
    const struct config *config;
    struct livekit *livekit;
    struct sessions *sessions;
    struct store *store; /* remembers which tracks to leave alone after a restart */
    struct egress_track_stats stats;
};

enum egress_state {
    EGRESS_ASKING,    /* who publishes it? */
    EGRESS_LOOKING,   /* does one run already? */
    EGRESS_CALLING,   /* StartTrackEgress is under way */
    EGRESS_STARTED,   /* LiveKit has one; its socket is due */
    EGRESS_CONNECTED, /* its socket is open here */
    EGRESS_PAUSING,   /* until the next try */
    EGRESS_LEFT_ALONE /* not ours to start (again) */
};

struct egress_track {
    struct egress_room *room;
    char *sid, *identity, *source;
    char *egress_id; /* of the last one started; "" for none */
    enum egress_state state;
    bool has_no_dtx, is_stereo;
    bool is_gone;   /* unpublished; kept, so that a late event does not bring it back */
    bool is_listed; /* seen in the listing under way */
    unsigned sockets;
    unsigned tries;                   /* since it last worked */
    int64_t started_ms, connected_ms; /* monotonic */
    struct timer timer;
    struct livekit_call *call;
};

/* A meeting's tracks. */
struct egress_room {
    struct egress_world *world;
    char *meeting_id, *name;
    struct map tracks; /* track sid -> struct egress_track */
    struct livekit_call *listing;
    struct store_call *asking; /* for the tracks that were stopped before a restart */
    bool knows_stops;
    bool has_looked; /* LiveKit has listed the room's egresses */
};

/* The world must outlive the room. */
struct egress_room *egress_room_new(struct egress_world *world, const struct session *session);
void egress_room_free(struct egress_room *room);

struct egress_track *egress_room_find(const struct egress_room *room, struct slice sid);
/* Finds or adds; NULL when the meeting has too many. */
struct egress_track *egress_room_get(struct egress_room *room, struct slice sid);

/* The role of a participant has become known, or has changed. */
void egress_room_participant_seen(struct egress_room *room, struct slice identity);

void egress_track_publish(struct egress_track *track, struct slice identity,
                          const struct livekit_track *info);
void egress_track_unpublish(struct egress_track *track);

/* LiveKit reports the state of an egress of this track. */
void egress_track_hear(struct egress_track *track, const struct livekit_egress *egress);

/* One of the track's media sockets opened, or closed. */
void egress_track_connect(struct egress_track *track);
void egress_track_disconnect(struct egress_track *track);

#endif
