/*
 * A meeting's room that Prosa has joined itself: one session at LiveKit (outside/room), whose people
 * and tracks become news of the meeting. It leaves when nobody is there any more. What control has
 * to know goes to the core's on_room. Shard's thread only.
 */
#ifndef APP_JOINED_ROOM_H
#define APP_JOINED_ROOM_H

#include "app/media/live_meeting.h"
#include "app/media/room_news.h"

struct joined_room {
    struct list in_core; /* of shard_core.rooms */
    struct live_meeting *meeting;
    struct room *room;
    char *name; /* of the room */
    struct list videos;
    bool is_in;       /* LiveKit has let us in */
    int64_t alone_ms; /* since when nobody is there; 0: somebody is */
    int64_t looked_ms, heard_ms;
};

/* Begins to join; the meeting has no room. */
void joined_room_open(struct live_meeting *, const struct shard_ticket *);
void joined_room_attempt(struct joined_room *, const struct room_ticket *);

/* On each tick. */
void joined_room_drain(struct joined_room *);

/* Leaves, and tells that it has ended. */
void joined_room_close(struct joined_room *);

/* Adds what the connections of open rooms have counted to the shard's numbers. */
void joined_rooms_add_stats(const struct shard_core *, struct room_stats *total);

#endif
