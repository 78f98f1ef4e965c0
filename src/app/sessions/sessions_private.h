/* Private to sessions.c (their lives), sessions_store.c (what the store is told about them) and
 * attendees.c (their participants). */
#ifndef APP_SESSIONS_PRIVATE_H
#define APP_SESSIONS_PRIVATE_H

#include "app/sessions/sessions.h"
#include "base/list.h"
#include "net/budget.h"
#include "net/loop.h"

enum { SESSION_NAME_MAX = 256 }; /* bytes of an identity or a name */

struct store_call;

/* A session and what the store is still to be told about it. */
struct session_entry {
    /* First: a session is its entry. */
    struct session session;
    struct list in_room;
    struct session_room *room;
    struct sessions *owner;
    struct store_call *call;
    /* The slug in the room's metadata; "" for none. */
    char *organization;
    /* When the newest event about it was sent. */
    int64_t event_ms;
    /* When we learnt of the end; monotonic, for the sweep. */
    int64_t ended_here_ms;
    /* In the budget. */
    struct claim memory;
    /* Of sessions.giving_way, once its memory is needed. */
    struct list in_giving_way;
    /* The store is being asked whether the session has ended already. */
    bool is_looking;
    bool needs_start, needs_end;
};

struct session_room {
    struct list sessions;
    char *name;
};

struct sessions {
    struct sessions_settings set;
    /* Meeting id -> struct session_entry. */
    struct map by_id;
    /* Room name -> struct session_room. */
    struct map by_room;
    struct store_call *loading;
    struct timer retry, sweep;
    /* Sessions that end at the end of the turn, for the sake of others. */
    struct list giving_way;
    struct deferred give_way;
    struct sessions_stats stats;
    unsigned active;
    bool is_loaded;
    bool refuses_new;
};

struct store_session;

/* Tells the directory whose the meeting is, and of which kind. */
void session_classify(const struct session_entry *);
/* Its owner, as the store knows it. */
void session_set_owner(struct session_entry *, const struct store_session *);

/* Ends it here and tells the rest of the server if it was active. */
void session_mark_ended(struct session_entry *, int64_t at_ms);

/* Asks the store whether it knows the session, and whether it has ended. */
void session_look_up(struct session_entry *);
/* Sends the store what it needs. One call at a time, so that start and end arrive in this order. */
void session_tell_store(struct session_entry *);

void attendee_free(struct attendee *);
/* Tells the directory about it. */
void attendee_tell(struct sessions *, const struct session *, const struct attendee *);

void session_entry_free(struct session_entry *);

/* ---- sessions_share.c ---- */

/* A session begins to count, and what it costs has changed. False: there is no memory for it. */
void session_share_open(struct session_entry *);
bool session_share_weigh(struct session_entry *);
void session_share_close(struct session_entry *);
/* A valid signature stands behind it. */
void session_vouch(struct session_entry *);

#endif
