#ifndef APP_SESSIONS_H
#define APP_SESSIONS_H

/*
 * The sessions (meetings as LiveKit knows them) of this server, in memory on control and in the
 * store. All that is active, and what ended in the last minutes; the store has the rest. Control
 * thread only.
 */

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct config;
struct directory;
struct http_request;
struct livekit;
struct loop;
struct sessions;
struct store;

/* One participant as the webhooks told. Strings are owned by the session. */
struct attendee {
    char *identity;
    char *sid;    /* of the newest connection; "" while only a track told of it */
    char *name;   /* "" while unknown */
    bool present; /* joined and not left */
    bool known;   /* participant_joined, or LiveKit itself, told the role */
    bool is_host;
    bool is_service; /* an egress, an ingress recorder or an agent: never recorded */
};

struct session {
    char *meeting_id; /* the room's sid; its name where no sid was given */
    char *room_name;
    char *room_sid;     /* "" when unknown */
    char *organization; /* id of the owning organization; "" for none */
    bool is_active;
    int64_t started_ms; /* Unix time */
    int64_t ended_ms;   /* 0 while active */
};

/* NULL when unknown here. */
const struct session *sessions_find(const struct sessions *, struct slice meeting_id);

/* The active session of a room; of several the one that started last. */
const struct session *sessions_find_active(const struct sessions *, struct slice room_name);

const struct attendee *session_find_attendee(const struct session *, struct slice identity);

#endif
