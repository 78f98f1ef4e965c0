/*
 * The database of the program: sessions and feedback here, users and logins in store_accounts.h,
 * recordings in store_recording.h, stopped egresses in store_egress.h, who took part and reports in
 * store_report.h. One function for each question, with SQLite or PostgreSQL behind it.
 *
 * A thread of its own runs the questions one after the other. Calls are made on the thread of the
 * loop given to store_open(), and their callbacks run there: error first, `arg` last. What a
 * callback receives lives until it returns. Arguments are copied. Only store_feedback_add(),
 * store_is_stalled() and store_stats() may be used from any thread.
 *
 * A call is answered within the deadline of the settings. EAGAIN: the database is away (the REST
 * API says 503); ENOENT: no such thing; EEXIST: taken already; EINVAL: the database refuses the
 * value; EIO: it lacks or denies what the question needs, which is logged; ECANCELED: the store
 * closes.
 *
 * SQLite on a disk that stalls: requests are answered EAGAIN after stall_ms, and what was answered
 * so is not done later.
 */
#ifndef OUTSIDE_STORE_H
#define OUTSIDE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct second_clock;
struct counter_table;
struct loop;
struct store;
/* A question that is not answered yet; valid until its callback has run or it is cancelled. */
struct store_call;

struct store_settings {
    /* DATABASE_URL as Prisma writes it; NULL: SQLite at default_path */
    const char *url;
    const char *default_path;
    /* While it doubts the time, nothing is deleted for its age. NULL is fine. */
    const struct second_clock *clock;
    unsigned feedback_ttl_days;
    /* 0: 2000 */
    unsigned deadline_ms;
    /* SQLite: a request waits so long for a disk that stalls; 0: until its deadline */
    unsigned stall_ms;
    /* events; 0: 50000 */
    size_t feedback_queue_max;
    /* its slug, or NULL */
    const char *default_organization;
};

/*
 * Opens the database and migrates its tables. A database that is away for now is no failure: the
 * store starts without it and tries again. One that cannot be used is a failure, because it is
 * damaged, newer than this program or of an unknown shape, or because the URL is wrong. `why` then
 * holds one sentence.
 */
int store_open(struct store **, const struct store_settings *, struct loop *, char *why,
               size_t why_bytes);

/* Writes what is queued, for at most patience_ms, and ends the threads. Calls that are not answered
 * yet are answered ECANCELED. */
void store_close(struct store *, unsigned patience_ms);

/* The callback will not run. */
void store_cancel(struct store_call *);

/* Whether a request that has to write would be refused now, because the disk stalls. Any thread. */
bool store_is_stalled(const struct store *);

/* Rows are the callback's to copy. Times are Unix ms, 0 where there is none. */

typedef void store_done_fn(int err, void *arg);

/* ---- Sessions ---- */

/* SESSION_OTHER: a status that another program gave it; neither active nor ended. */
enum session_status { SESSION_ACTIVE, SESSION_ENDED, SESSION_OTHER };

struct store_session {
    struct slice id;
    struct slice meeting_id;
    struct slice room_sid; /* empty: unknown */
    struct slice room_name;
    struct slice organization_id; /* empty: no organization owns it */
    struct slice organization_slug;
    enum session_status status;
    struct slice status_name; /* as in the table */
    int64_t started_ms;
    int64_t ended_ms; /* 0: it is active */
    int64_t last_seq; /* the meeting's highest feedback seq; only from store_session_start() */
};

struct store_session_list {
    const struct store_session *sessions;
    size_t count;
    struct slice next; /* cursor of the next page; empty: this is the last */
};

typedef void store_session_fn(int err, const struct store_session *, void *arg);
typedef void store_sessions_fn(int err, const struct store_session_list *, void *arg);

struct store_session_start {
    struct slice meeting_id;
    /* may be empty */
    struct slice room_sid;
    struct slice room_name;
    /* the slug in the room's metadata, which counts only if an operator linked that organization;
     * empty: the default organization */
    struct slice organization;
    /* the webhook's signature was checked; without it the meeting gets no organization */
    bool is_signed;
    int64_t at_ms;
    /* 0: it has not ended, as far as is known */
    int64_t ended_ms;
};

/*
 * Inserts the session, or makes it active again with its end cleared. The first call decides which
 * organization owns it; later calls do not change that.
 */
struct store_call *store_session_start(struct store *, const struct store_session_start *,
                                       store_session_fn *, void *arg);
/* ENOENT: unknown meeting, which is harmless. A second call keeps the first end. */
struct store_call *store_session_end(struct store *, struct slice meeting_id, int64_t at_ms,
                                     store_done_fn *, void *arg);
/* The room's active session that started last; ENOENT: none. */
struct store_call *store_session_resolve(struct store *, struct slice room_name, store_session_fn *,
                                         void *arg);
/* ENOENT: no such meeting. The caller checks which organization owns it. */
struct store_call *store_session_get(struct store *, struct slice meeting_id, store_session_fn *,
                                     void *arg);

struct store_session_filter {
    struct slice organization_id; /* required: a list never mixes organizations */
    int status;                   /* SESSION_ACTIVE, SESSION_ENDED, or -1: any */
    int64_t from_ms, to_ms;       /* startedAt in [from, to); 0: open */
    struct slice room;            /* a part of the room's name; empty: any */
    struct slice person;          /* of somebody's identity or name */
    struct slice cursor;          /* `next` of the page before; EINVAL if it is not one of ours */
    unsigned limit;               /* 1..200 */
};
/* Latest start first. */
struct store_call *store_session_list(struct store *, const struct store_session_filter *,
                                      store_sessions_fn *, void *arg);
/* Active sessions of all organizations, for the start of the program; latest start first. */
struct store_call *store_session_list_active(struct store *, unsigned limit, store_sessions_fn *,
                                             void *arg);

/* ---- Feedback ---- */

struct store_feedback {
    struct slice id;
    struct slice meeting_id;
    struct slice participant_id;
    struct slice participant_name; /* may be empty */
    struct slice type;             /* as on the wire */
    struct slice severity;         /* as on the wire */
    int64_t ts_ms;
    int64_t window_start_ms;
    int64_t window_end_ms;
    struct slice message;
    struct slice tips;     /* JSON array, or empty */
    struct slice metadata; /* JSON object, or empty */
    int64_t seq;           /* counted per meeting; 0: none */
};

struct store_feedback_list {
    const struct store_feedback *events;
    size_t count;
    struct slice next; /* as in store_session_list */
};
typedef void store_feedback_fn(int err, const struct store_feedback_list *, void *arg);

/*
 * Queues one event, to be written in order and in batches. Any thread; never blocks. False: the
 * queue is full and the event will not be in the table, which is counted.
 */
bool store_feedback_add(struct store *, const struct store_feedback *);

struct store_feedback_filter {
    struct slice meeting_id;
    int64_t from_ms, to_ms; /* ts in [from, to); 0: open */
    struct slice cursor;
    unsigned limit; /* 1..1000 */
};
/* Newest first. */
struct store_call *store_feedback_list(struct store *, const struct store_feedback_filter *,
                                       store_feedback_fn *, void *arg);
/* Events after `after_seq`, oldest first, for a host who reconnects. */
struct store_call *store_feedback_replay(struct store *, struct slice meeting_id, int64_t after_seq,
                                         unsigned limit, store_feedback_fn *, void *arg);
/* Moves events and recordings since `since_ms` from a provisional name to the meeting's true id,
 * after all queued events are written. The callback may be NULL. */
struct store_call *store_feedback_rename(struct store *, struct slice from_meeting,
                                         struct slice to_meeting, int64_t since_ms, store_done_fn *,
                                         void *arg);

/* ---- Figures for /metrics and /ready ---- */

struct store_stats {
    bool is_away;     /* it cannot be reached, its disk stalls, or it refuses what we need */
    uint64_t away_ms; /* for how long it could not be reached */
    uint64_t queued;  /* feedback events not written yet */
    uint64_t written; /* feedback events in the table */
    uint64_t dropped; /* feedback events lost because the queue was full */
    uint64_t refused; /* feedback events that the database would not take */
    uint64_t expired; /* feedback events deleted after their time */
    uint64_t calls;   /* calls answered */
    uint64_t late;    /* ... with EAGAIN */
    uint64_t stalls;  /* times that writes were refused because the disk stalled */
    uint64_t reconnects;
    uint64_t batch_us_max; /* longest write of a batch */
};

/* How the metrics show it. */
extern const struct counter_table store_counters;
void store_stats(struct store *, struct store_stats *);

#endif
