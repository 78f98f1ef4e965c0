/*
 * The sessions: meetings as LiveKit's webhooks tell of them. All that are active, and those that
 * ended lately, are in memory; the store has every one. Events may come in any order and more than
 * once, with the same result: an event counts by the time at which LiveKit made it, and a session
 * that ended becomes active again only when its room really started again later. Control thread
 * only.
 */
#ifndef APP_SESSIONS_H
#define APP_SESSIONS_H

#include "base/map.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct counter_table;
struct livekit_participant;
struct livekit_room;
struct livekit_track;
struct pool;
struct sessions;

/* One participant. Texts are owned by the session. */
struct attendee {
    char *identity;
    /* Of the newest connection; "" while only a track told of it. */
    char *sid;
    /* Of the last connection that ended. */
    char *left_sid;
    /* "" while unknown. */
    char *name;
    int64_t joined_ms;
    /* Joined and not left. */
    bool is_present;
    /* LiveKit has described the participant; until then only a track named it. */
    bool is_known;
    bool is_host;
    /* An egress, a recorder or an agent, not a person. */
    bool is_service;
    /* Counted among those who meet. */
    bool is_person;
    /* What the store was told last: as `sid`, `is_present`, `is_host` and a name. */
    char *stored_sid;
    bool was_present, was_host, had_name;
};

/* What the room's metadata say Prosa shall do: {"prosa":"off"|"analyse"|"record"}. */
enum session_wish { SESSION_RECORD, SESSION_ANALYSE, SESSION_IGNORE };

struct session {
    /* The room's sid; its name where no sid was given. */
    char *meeting_id;
    char *room_name;
    /* "" when unknown. */
    char *room_sid;
    /* The owner; "" for none. */
    char *organization_id, *organization_slug;
    /* "meetingKind" of the room's metadata; "" for none. */
    char *kind;
    /* Of a joined room; SESSION_RECORD where the metadata say nothing. */
    enum session_wish wish;
    bool is_active;
    /* A webhook with a valid signature told of it. */
    bool is_signed;
    /* The store has it: its organization is known. */
    bool is_stored;
    /* Unix time; ended_ms is 0 while active. */
    int64_t started_ms, ended_ms;
    /* Identity -> struct attendee. */
    struct map attendees;
};

struct sessions_settings {
    struct loop *loop;
    /* NULL: memory only. */
    struct store *store;
    /* How long the store keeps who took part. */
    unsigned participants_ttl_days;
    /* NULL in tests. */
    struct directory *directory;
    /* Of the budget: what unsigned webhooks tell is held there. NULL: it is not bounded. */
    struct pool *memory;
    /* How long an ended session stays in memory; 0: 10 minutes. */
    int64_t linger_ms;
    void (*on_started)(const struct session *, void *user);
    void (*on_ended)(const struct session *, void *user);
    /* The store has it, and with it what was recorded under its room's name. May come again. */
    void (*on_stored)(const struct session *, void *user);
    void *user;
};

struct sessions_stats {
    uint64_t refused;  /* not begun (sessions_refuse_new) */
    uint64_t known;    /* now, also those that ended lately */
    uint64_t gave_way; /* ended, as others needed their memory */
};
/* How the metrics show it. */
extern const struct counter_table sessions_counters;
const struct sessions_stats *sessions_stats(struct sessions *);

struct sessions *sessions_new(const struct sessions_settings *);
/* After this the store calls nothing back here. NULL is fine. */
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

/* A track has come to this meeting (its id, or the room while that is not known). Where the
 * directory has forgotten its session, it is told again. */
void sessions_sound_came(struct sessions *, struct slice meeting_id);

/* From now on no session begins, and those that are active go on to their end. What LiveKit tells of
 * others is passed over: the next server finds their rooms running. */
void sessions_refuse_new(struct sessions *);

/* When LiveKit made an event, and whether its signature was good. */
struct session_event {
    int64_t at_ms;
    bool is_signed;
};

/* The room exists: its session begins, or begins again if it ended before this event. NULL for a
 * room without a name, and where none is begun. */
const struct session *sessions_room_started(struct sessions *, const struct livekit_room *,
                                            const struct session_event *);
void sessions_room_finished(struct sessions *, const struct livekit_room *,
                            const struct session_event *);

/* Something happened in the room: its session begins unless it has ended. NULL for a room without a
 * name. */
const struct session *sessions_room_seen(struct sessions *, const struct livekit_room *,
                                         const struct session_event *);

/* The room's metadata as they are now: what they do not say they do not wish. */
void sessions_metadata_seen(struct sessions *, const struct session *, struct slice metadata);

/* A participant as LiveKit describes it (joined, updated or listed), and one that has left. */
void sessions_participant_seen(struct sessions *, const struct session *,
                               const struct livekit_participant *);
void sessions_participant_left(struct sessions *, const struct session *,
                               const struct livekit_participant *);

/* A track as LiveKit describes it, and one that was unpublished. */
void sessions_track_seen(struct sessions *, const struct session *, struct slice identity,
                         const struct livekit_track *, bool is_published);

#endif
