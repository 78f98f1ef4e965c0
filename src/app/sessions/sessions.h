/*
 * The sessions: meetings as LiveKit's webhooks tell of them. All that are active, and those that ended lately, are in
 * memory; the store has every one. Whatever the order and repetition of events, the end is the same: an event counts by
 * the time at which LiveKit made it, and a session that ended comes back only when its room really started again later.
 * Control thread only.
 */
#ifndef APP_SESSIONS_H
#define APP_SESSIONS_H

#include "base/map.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct directory;
struct livekit_participant;
struct livekit_room;
struct loop;
struct sessions;
struct store;

/* One participant. Texts are owned by the session. */
struct attendee {
    char *identity;
    char *sid;      /* of the newest connection; "" while only a track told of it */
    char *left_sid; /* of the last connection that ended */
    char *name;     /* "" while unknown */
    int64_t joined_ms;
    bool is_present; /* joined and not left */
    bool is_known;   /* LiveKit told who it is; before, only a track named it */
    bool is_host;
    bool is_service; /* an egress, a recorder or an agent: nobody who takes part */
};

struct session {
    char *meeting_id; /* the room's sid; its name where no sid was given */
    char *room_name;
    char *room_sid;        /* "" when unknown */
    char *organization_id; /* the owner; "" for none */
    bool is_active;
    bool is_signed;       /* a webhook with a valid signature told of it */
    int64_t started_ms;   /* Unix time */
    int64_t ended_ms;     /* 0 while active */
    struct map attendees; /* identity -> struct attendee */
};

struct sessions_settings {
    struct loop *loop;
    struct store *store;         /* NULL: memory only */
    struct directory *directory; /* NULL in tests */
    int64_t linger_ms;           /* how long an ended session stays in memory; 0: 10 minutes */
    void (*on_started)(void *arg, const struct session *);
    void (*on_ended)(void *arg, const struct session *);
    /* The store has it, and with it what was recorded under its room's name. May come again. */
    void (*on_stored)(void *arg, const struct session *);
    void *arg;
};

struct sessions *sessions_new(const struct sessions_settings *);
/* No callbacks of the store come any more. NULL is fine. */
void sessions_free(struct sessions *);

/* Brings the active sessions of the store into memory; tries again while the database is away. */
void sessions_load(struct sessions *);
bool sessions_are_loaded(const struct sessions *);

/* NULL when unknown here. */
const struct session *sessions_find(const struct sessions *, struct slice meeting_id);

/* The active session of a room; of several the one that started last. */
const struct session *sessions_find_active(const struct sessions *, struct slice room_name);

const struct attendee *session_find_attendee(const struct session *, struct slice identity);

/* Walks all sessions in memory from a zeroed cursor; NULL at the end. */
const struct session *sessions_next(const struct sessions *, struct map_cursor *);
unsigned sessions_count_active(const struct sessions *);

/* When LiveKit made an event, and whether its signature was good. */
struct session_event {
    int64_t at_ms;
    bool is_signed;
};

/* The room exists: its session begins, or begins again if it ended before this. NULL for a room without a name. */
const struct session *sessions_room_started(struct sessions *, const struct livekit_room *,
                                            const struct session_event *);
void sessions_room_finished(struct sessions *, const struct livekit_room *,
                            const struct session_event *);

/* Something happened in the room: its session begins unless it has ended. The session, or NULL without a room's name. */
const struct session *sessions_room_seen(struct sessions *, const struct livekit_room *,
                                         const struct session_event *);

/* A participant as LiveKit describes it (joined, updated or listed), and one that is gone. */
void sessions_participant_seen(struct sessions *, const struct session *,
                               const struct livekit_participant *);
void sessions_participant_left(struct sessions *, const struct session *,
                               const struct livekit_participant *);

#endif
