/* What the files of sessions share: sessions.c (their lives), attendees.c (who is in them). */
#ifndef APP_SESSIONS_PRIVATE_H
#define APP_SESSIONS_PRIVATE_H

#include "app/sessions/sessions.h"
#include "base/list.h"
#include "net/timer.h"

enum { SESSION_NAME_MAX = 256 }; /* bytes of an identity or a name */

struct store_call;

/* A session and what the store is still to be told about it. */
struct entry {
    struct session session; /* first: a session is its entry */
    struct list in_room;
    struct room *room;
    struct sessions *owner;
    struct store_call *call;
    char *organization;    /* slug in the room's metadata; "" for none */
    int64_t event_ms;      /* of the newest event about it */
    int64_t ended_here_ms; /* when we learnt of the end, for the sweep; monotonic */
    bool is_looking;       /* asking the store whether it has ended already */
    bool needs_start, needs_end;
};

struct room {
    struct list sessions;
    char *name;
};

struct sessions {
    struct sessions_settings set;
    struct map by_id;   /* meeting id -> struct entry */
    struct map by_room; /* room name -> struct room */
    struct store_call *loading;
    struct timer retry, sweep;
    unsigned active;
    bool is_loaded;
};

void attendee_free(struct attendee *);

#endif
