/*
 * What hosts say of the feedback they got, and rights to one meeting's page. Calls and callbacks
 * follow the rules of outside/store/store.h. Rows are deleted after expires_ms, and with their
 * meeting.
 */
#ifndef OUTSIDE_STORE_VERDICT_H
#define OUTSIDE_STORE_VERDICT_H

#include "outside/store/store.h"

/* ---- Verdicts ---- */

enum { STORE_VERDICTS_MAX = 1000 }; /* of a meeting */

struct store_verdict {
    struct slice id;
    struct slice meeting_id;     /* only for store_verdict_add */
    struct slice verdict;        /* told, wrong, quiet, mark */
    struct slice type;           /* of feedback, or of the mark */
    struct slice participant_id; /* empty: the group */
    struct slice feedback_id;    /* may be empty */
    struct slice by;             /* may be empty */
    int64_t until_ms;            /* 0: none */
    int64_t said_ms;
    int64_t expires_ms; /* only for store_verdict_add */
};

struct store_verdict_list {
    const struct store_verdict *verdicts;
    size_t count;
};
typedef void store_verdicts_fn(int err, const struct store_verdict_list *, void *arg);

/* EBUSY: the meeting has STORE_VERDICTS_MAX. */
struct store_call *store_verdict_add(struct store *, const struct store_verdict *, store_done_fn *,
                                     void *arg);
/* A meeting's, in the order in which they were said. */
struct store_call *store_verdict_list(struct store *, struct slice meeting_id, store_verdicts_fn *,
                                      void *arg);
/* ENOENT: the meeting has none of this id. */
struct store_call *store_verdict_remove(struct store *, struct slice meeting_id, struct slice id,
                                        store_done_fn *, void *arg);

/* ---- Rights to one meeting ---- */

struct store_right {
    struct slice id;
    struct slice token_hash; /* only for store_right_add */
    struct slice meeting_id, room_name;
    struct slice subject; /* who was given it: an identity at LiveKit */
    int64_t created_ms, expires_ms;
    int64_t revoked_ms; /* 0: it is not */
};

enum { STORE_RIGHTS_MAX = 1000 }; /* of a list */

struct store_right_list {
    const struct store_right *rights;
    size_t count;
};
typedef void store_right_fn(int err, const struct store_right *, void *arg);
typedef void store_rights_fn(int err, const struct store_right_list *, void *arg);

struct store_call *store_right_add(struct store *, const struct store_right *, store_done_fn *,
                                   void *arg);
/* ENOENT: there is none. One that has expired or was revoked is found: its times say so. */
struct store_call *store_right_find(struct store *, struct slice token_hash, store_right_fn *,
                                    void *arg);
struct store_call *store_right_get(struct store *, struct slice id, store_right_fn *, void *arg);
struct store_call *store_right_list(struct store *, struct slice meeting_id, store_rights_fn *,
                                    void *arg);
/* ENOENT: there is none that holds. */
struct store_call *store_right_revoke(struct store *, struct slice id, int64_t now_ms,
                                      store_done_fn *, void *arg);

#endif
