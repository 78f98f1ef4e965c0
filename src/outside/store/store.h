/*
 * The database: sessions, feedback, users. One function per question the program asks; SQLite or
 * PostgreSQL behind it.
 *
 * A thread of its own runs the queries, one after the other. Calls are made on the thread of the
 * loop given to store_open, and their callbacks run there, error first, `arg` last; what a callback
 * is given lives until it returns. Only store_feedback_add and store_stats may be used from any
 * thread. Arguments are copied.
 *
 * A call answers within the deadline of the configuration. While the database is away it answers
 * EAGAIN (say 503); ENOENT: no such thing; EEXIST: taken already; EINVAL: the database refuses the
 * value; ECANCELED: the store closes.
 *
 * SQLite on a disk that stalls answers requests EAGAIN soon (stall_ms), and what it told so is not done later.
 */
#ifndef OUTSIDE_STORE_H
#define OUTSIDE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct loop;
struct store;
struct store_call; /* a question on its way; valid until its callback has run or it is cancelled */

struct store_settings {
    const char *url;          /* DATABASE_URL as Prisma writes it; NULL: SQLite at default_path */
    const char *default_path; /* e.g. storage/prosa.db */
    unsigned feedback_ttl_days;
    unsigned deadline_ms; /* 0: 2000 */
    unsigned
        stall_ms; /* SQLite: how long a request waits for a disk that does nothing; 0: to the deadline */
    size_t feedback_queue_max;        /* 0: 50000 events */
    const char *default_organization; /* slug, or NULL */
};

/*
 * Opens the database and brings its tables up to date. A database that is away for now is no
 * failure: the store starts degraded and tries again. One that cannot be used (damaged, newer than
 * this program, of an unknown shape, a URL that makes no sense) is, and `why` then holds one
 * sentence.
 */
int store_open(struct store **, const struct store_settings *, struct loop *, char *why,
               size_t why_bytes);

/* Writes what is queued, for at most patience_ms, and ends the thread. Open calls are answered
 * ECANCELED. */
void store_close(struct store *, unsigned patience_ms);

/* The callback will not run. */
void store_cancel(struct store_call *);

/* Whether a request that has to write would be refused now, because the disk stalls. Any thread. */
bool store_is_stalled(const struct store *);

/* Of a list that is shown: while the database stands still it may be read as it was before what is still being written. */
void store_let_overtake(struct store_call *);

/* Rows the caller may keep only by copying. Times are Unix milliseconds, 0 where there is none. */

enum session_status { SESSION_ACTIVE, SESSION_ENDED };

struct store_session {
    struct slice id;
    struct slice meeting_id;
    struct slice room_sid; /* empty: unknown */
    struct slice room_name;
    struct slice organization_id;   /* empty: belongs to nobody */
    struct slice organization_slug; /* the same, for people */
    enum session_status status;
    int64_t started_ms;
    int64_t ended_ms; /* 0: it goes on */
    int64_t last_seq; /* highest feedback seq stored for the meeting; only in the answer to
                         store_session_start */
};

struct store_session_list {
    const struct store_session *sessions;
    size_t count;
    struct slice next; /* cursor of the next page; empty: this was the last */
};

typedef void store_done_fn(int err, void *arg);
typedef void store_session_fn(int err, const struct store_session *, void *arg);
typedef void store_sessions_fn(int err, const struct store_session_list *, void *arg);

struct store_session_start {
    struct slice meeting_id;
    struct slice room_sid; /* may be empty */
    struct slice room_name;
    struct slice organization; /* slug the room's metadata asks for; counts only if an operator
                                  linked it. Empty: default */
    bool is_signed; /* the webhook's signature was checked: only then a meeting belongs to somebody
                     */
    int64_t at_ms;
    int64_t ended_ms; /* 0: it goes on, as far as we know */
};

/*
 * Inserts the session, or makes it active again with its end cleared. Its organization is fixed by
 * the first call and never changed.
 */
struct store_call *store_session_start(struct store *, const struct store_session_start *,
                                       store_session_fn *, void *arg);
/* ENOENT: unknown meeting, which is no tragedy. Ending twice keeps the first end. */
struct store_call *store_session_end(struct store *, struct slice meeting_id, int64_t at_ms,
                                     store_done_fn *, void *arg);
/* The active session of the room that started last; ENOENT: none. */
struct store_call *store_session_resolve(struct store *, struct slice room_name, store_session_fn *,
                                         void *arg);
/* ENOENT: no such meeting. Whose it is is the caller's to check. */
struct store_call *store_session_get(struct store *, struct slice meeting_id, store_session_fn *,
                                     void *arg);

struct store_session_filter {
    struct slice organization_id; /* required: lists never cross organizations */
    int status;                   /* enum session_status, or -1: any */
    int64_t from_ms, to_ms;       /* startedAt in [from, to); 0: open */
    struct slice cursor;          /* `next` of the page before; EINVAL when it is not one of ours */
    unsigned limit;               /* 1..200 */
};
/* Latest start first. */
struct store_call *store_session_list(struct store *, const struct store_session_filter *,
                                      store_sessions_fn *, void *arg);
/* Every active session, for the directory at start; at most `limit`, latest start first. */
struct store_call *store_session_list_active(struct store *, unsigned limit, store_sessions_fn *,
                                             void *arg);

struct store_feedback {
    struct slice id;
    struct slice meeting_id;
    struct slice participant_id;
    struct slice participant_name; /* may be empty */
    struct slice type;             /* wire names */
    struct slice severity;
    int64_t ts_ms;
    int64_t window_start_ms;
    int64_t window_end_ms;
    struct slice message;
    struct slice tips;     /* JSON array, or empty */
    struct slice metadata; /* JSON object, or empty */
    int64_t seq;           /* per meeting; 0: none */
};

struct store_feedback_list {
    const struct store_feedback *events;
    size_t count;
    struct slice next;
};
typedef void store_feedback_fn(int err, const struct store_feedback_list *, void *arg);

/*
 * Queues one event for writing, in order and in batches; from any thread, never blocks. False: the
 * queue is full and the event is lost to the table, which is counted.
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
/* What came after `after`, oldest first: for a host who reconnects. */
struct store_call *store_feedback_replay(struct store *, struct slice meeting_id, int64_t after_seq,
                                         unsigned limit, store_feedback_fn *, void *arg);
/* Events stored since `since_ms` under a provisional name get the meeting's true id, after all that
 * is queued. fn may be NULL. */
struct store_call *store_feedback_rename(struct store *, struct slice from_meeting,
                                         struct slice to_meeting, int64_t since_ms, store_done_fn *,
                                         void *arg);

/* A picture for metrics and /ready; from any thread. */
struct store_stats {
    bool is_away;     /* the last attempt to reach the database failed */
    uint64_t away_ms; /* for how long */
    uint64_t queued;  /* feedback events waiting */
    uint64_t written; /* feedback events in the table */
    uint64_t dropped; /* feedback events lost to a full queue */
    uint64_t refused; /* feedback events the database would not take */
    uint64_t expired; /* rows deleted after their time */
    uint64_t calls;   /* questions answered */
    uint64_t late;    /* ... with EAGAIN */
    uint64_t stalls;  /* times that requests did not wait for the disk any longer */
    uint64_t reconnects;
    uint64_t batch_us_max; /* longest write of a batch */
};
void store_stats(struct store *, struct store_stats *);

#endif
