/* What control and a shard tell each other about a room that is joined. */
#ifndef APP_ROOM_NEWS_H
#define APP_ROOM_NEWS_H

#include "base/slice.h"
#include "outside/room/room.h"

#include <stdbool.h>
#include <stdint.h>

enum shard_room_news {
    SHARD_ROOM_NEEDS_TICKET, /* `is_resume` */
    SHARD_ROOM_JOINED,       /* `is_resume` */
    SHARD_ROOM_METADATA,     /* `text` */
    SHARD_ROOM_ENCRYPTED,    /* `identity`, `track`: nobody can hear it */
    SHARD_ROOM_MISSING,      /* `identity`, `track`, `text`: why LiveKit does not send it */
    SHARD_ROOM_HEARD,        /* `track`: nothing is in its way any more */
    SHARD_ROOM_ENDED         /* `end`, `is_alone`; the last */
};

/* A joined room. */
struct shard_room_event {
    uint64_t meeting_key;
    enum shard_room_news news;
    bool is_resume;
    bool is_alone; /* we left, as nobody was there */
    enum course_end end;
    struct slice identity, track, text;
};

/* Permission to join the meeting's room, or to come back to it. */
struct shard_ticket {
    struct slice room; /* its name */
    struct room_ticket sfu;
    bool is_recorded; /* else its audio is only analysed */
    bool is_first;    /* else an answer to SHARD_ROOM_NEEDS_TICKET */
};

#endif
