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
#include "base/trace.h"
#include "net/timer.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct livekit_egress;
struct livekit_track;
struct session;

struct egress_track_stats {
    uint64_t started;    /* StartTrackEgress answered with an egress */
    uint64_t restarted;  /* of those, for a track that had one before */
    uint64_t failed;     /* not started, or failed before it had worked for a while */
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
    struct store *store;         /* remembers which tracks to leave alone after a restart */
    struct directory *directory; /* the way to the hosts; NULL in tests */
    struct egress_track_stats stats;
};

enum egress_state {
    EGRESS_ASKING,     /* who publishes it? */
    EGRESS_LOOKING,    /* does one run already? */
    EGRESS_CALLING,    /* StartTrackEgress is under way */
    EGRESS_STARTED,    /* LiveKit has one; its socket is due */
    EGRESS_CONNECTED,  /* its socket is open here */
    EGRESS_PAUSING,    /* until the next try */
    EGRESS_IMPOSSIBLE, /* no egress can take it */
    EGRESS_LEFT_ALONE  /* not ours to start (again) */
};

struct egress_track {
    struct egress_room *room;
    char *sid, *identity, *source;
    char *egress_id;    /* of the last one started; "" for none */
    char *ended_id;     /* of the last one whose end is known */
    char *early_end;    /* of one whose end came while a start was under way */
    struct trace trace; /* in which it was published; zeroed: none */
    char *problem;      /* why the last try failed; "" when it did not */
    enum egress_state state;
    bool has_no_dtx, is_stereo, is_encrypted;
    bool is_gone;    /* unpublished; kept, so that a late event does not bring it back */
    bool is_listed;  /* seen in the listing under way */
    bool is_doubted; /* LiveKit has to list it before it is started again */
    bool is_steady;  /* the last egress worked for a while */
    unsigned sockets;
    unsigned tries; /* since it last worked */
    /* Monotonic. */
    int64_t published_ms, gone_ms, started_ms, connected_ms;
    struct timer timer;
    struct livekit_call *call;

    /* While nothing records it. */
    int64_t silent_ms, told_ms; /* since when; when the hosts were told last */
    unsigned tellings;
    bool is_unrecorded; /* for so long that it is told */
    struct timer notice;
};

/* A meeting's tracks. */
struct egress_room {
    struct egress_world *world;
    char *meeting_id, *name;
    struct map tracks; /* track sid -> struct egress_track */
    struct livekit_call *listing;
    json_t *listed; /* the egresses of the pages that have come; NULL: no listing is under way */
    unsigned pages;
    struct store_call *asking; /* for the tracks that were stopped before a restart */
    int64_t listed_ms; /* when the listing of its tracks was asked for that is read now; 0: none */
    bool knows_stops;
    bool has_looked; /* LiveKit has listed the room's egresses */
    bool is_encrypted, has_told_encrypted;
};

/* The world must outlive the room. */
struct egress_room *egress_room_new(struct egress_world *world, const struct session *session);
void egress_room_free(struct egress_room *room);

struct egress_track *egress_room_find(const struct egress_room *room, struct slice sid);
/* Finds or adds; NULL when the meeting has too many. */
struct egress_track *egress_room_get(struct egress_room *room, struct slice sid);

/* The role of a participant has become known, or has changed. */
void egress_room_participant_seen(struct egress_room *room, struct slice identity);
/* Their tracks are gone. */
void egress_room_participant_left(struct egress_room *room, struct slice identity);

void egress_track_publish(struct egress_track *track, struct slice identity,
                          const struct livekit_track *info);
void egress_track_unpublish(struct egress_track *track);

/* LiveKit reports the state of an egress of this track. */
void egress_track_hear(struct egress_track *track, const struct livekit_egress *egress);

/* One of the track's media sockets opened, or closed. */
void egress_track_connect(struct egress_track *track);
void egress_track_disconnect(struct egress_track *track);

#endif
