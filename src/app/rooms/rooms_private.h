/* Private to rooms.c (all meetings) and join.c (one meeting on its way into its room). */
#ifndef APP_ROOMS_PRIVATE_H
#define APP_ROOMS_PRIVATE_H

#include "app/rooms/rooms.h"
#include "base/map.h"
#include "net/timer.h"

enum join_state {
    JOIN_IDLE,        /* nobody is there, or the room is not to be joined */
    JOIN_ASKING,      /* LiveKit is asked who is there */
    JOIN_PAUSING,     /* until it is asked again */
    JOIN_IN,          /* its shard has the room */
    JOIN_FALLEN_BACK, /* it is Egress's until the meeting ends, or Egress has nothing of it */
    JOIN_LEFT_ALONE   /* we were sent away, until the meeting ends */
};

/* A track of the room that is published and not heard. */
struct unheard_track {
    char *identity;
    bool is_encrypted;
    const char *why; /* "": none is known */
};

struct rooms {
    struct rooms_settings set;
    struct map joins; /* meeting id -> struct join */
    struct rooms_stats stats;
};

struct join {
    struct rooms *rooms;
    char *meeting_id, *room_name;
    char *identity; /* ours in the room: the same until the meeting ends, so that we can resume */
    enum join_state state;
    bool is_wanted;
    bool is_on_shard; /* the shard has it, and has not told its end */
    bool is_failing;
    unsigned failures; /* in a row */
    struct timer timer;
    struct livekit_call *call;
    struct map unheard; /* track sid -> struct unheard_track */
    bool has_told_encrypted;
    struct timer notice; /* until the hosts are told that audio is encrypted */
};

struct join *join_new(struct rooms *, const struct session *);
void join_free(struct join *);

/* Takes the next step, if somebody is there and it is wanted; leaves if it is not. */
void join_look(struct join *, const struct session *, bool is_wanted);
/* It is heard, or gone. */
void join_track_heard(struct join *, struct slice track_sid);
void join_hear(struct join *, const struct shard_room_event *);

#endif
