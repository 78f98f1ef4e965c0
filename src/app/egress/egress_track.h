/*
 * One published track on its way to an egress, and what the files of egress_start share: egress_start.c (what is known),
 * egress_advance.c (what is done about it), egress_judge.c (what an egress means).
 */
#ifndef APP_EGRESS_TRACK_H
#define APP_EGRESS_TRACK_H

#include "app/egress/egresses.h"
#include "base/list.h"
#include "base/map.h"
#include "net/timer.h"

struct livekit_call;
struct store_call;

enum egress_state {
    EGRESS_ASKING,    /* who publishes it? */
    EGRESS_LOOKING,   /* does one run already? */
    EGRESS_CALLING,   /* StartTrackEgress is under way */
    EGRESS_STARTED,   /* LiveKit has one; its socket is due */
    EGRESS_CONNECTED, /* its socket is here */
    EGRESS_PAUSING,   /* until the next try */
    EGRESS_LEFT_ALONE /* not ours to start (again) */
};

struct egress_track {
    struct egress_room *room;
    char *sid, *identity, *source;
    char *egress_id; /* of the last one started; "" for none */
    enum egress_state state;
    bool has_no_dtx;
    bool is_gone;   /* unpublished; stays so that a late event does not bring it back */
    bool is_listed; /* seen in the listing under way */
    unsigned sockets;
    unsigned tries;                   /* since it last worked */
    int64_t started_ms, connected_ms; /* monotonic */
    struct timer timer;
    struct livekit_call *call;
};

struct egress_start {
    struct loop *loop;
    const struct config *config;
    struct livekit *livekit;
    struct sessions *sessions;
    struct store *store; /* NULL: nothing is remembered over a restart */
    struct map rooms;    /* meeting id -> struct egress_room */
    struct egress_start_stats stats;
};

/* A meeting's tracks. */
struct egress_room {
    struct egress_start *owner;
    char *meeting_id, *name;
    struct map tracks; /* track sid -> struct egress_track */
    struct livekit_call *listing;
    struct store_call *asking; /* for the tracks that somebody stopped */
    bool knows_stops;
    int64_t listed_ms; /* monotonic; 0: never */
};

/* Finds or adds; NULL when the meeting has too many. */
struct egress_track *egress_track_get(struct egress_room *, struct slice sid);

/* One step further, from wherever the track is. */
void egress_track_advance(struct egress_track *);
/* Tries again later, and looks first at what runs. */
void egress_track_back_off(struct egress_track *);
/* Never again, a restart included. */
void egress_track_leave_alone(struct egress_track *, const char *why);

/* What an egress that runs or ran means for its track. */
enum egress_verdict {
    EGRESS_IS_NOTHING, /* another's, or an old one: start ours */
    EGRESS_IS_OURS,    /* it runs, or has just begun */
    EGRESS_WAS_STOPPED /* somebody ended it, or it can never work */
};

/* `base` is EGRESS_WS_BASE; is_alive: its socket is here, or it has only just begun. */
enum egress_verdict egress_judge(const struct livekit_egress *, const char *base, bool is_alive);

/* Began less than 20 s ago; now_ms is Unix time. */
bool egress_is_young(const struct livekit_egress *, int64_t now_ms);

/* Milliseconds before try number `tries` (1 is the first repetition): 1 s, 2 s, 4 s ... 30 s, each 50 to 100 % of it. */
int64_t egress_backoff_ms(unsigned tries, uint64_t random);

#endif
