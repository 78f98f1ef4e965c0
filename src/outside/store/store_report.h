/*
 * Who took part in meetings, and the meetings' reports. Calls and callbacks follow the rules of
 * outside/store/store.h. Rows are deleted after expires_ms, and with their meeting.
 */
#ifndef OUTSIDE_STORE_REPORT_H
#define OUTSIDE_STORE_REPORT_H

#include "outside/store/store.h"

/* One stay of somebody in a meeting. */
struct store_participant {
    struct slice id; /* of the stay; only for store_participant_put */
    struct slice meeting_id;
    struct slice participant_id;
    struct slice name; /* empty: not known */
    bool is_host;
    int64_t joined_ms, left_ms; /* left_ms 0: still there */
    int64_t expires_ms;
};

struct store_participant_list {
    const struct store_participant *stays;
    size_t count;
};
typedef void store_participants_fn(int err, const struct store_participant_list *, void *arg);

enum { STORE_STAYS_MAX = 5000 }; /* of a list */

/* Inserts the stay, or adds what is known now; the callback may be NULL. */
struct store_call *store_participant_put(struct store *, const struct store_participant *,
                                         store_done_fn *, void *arg);
/* A meeting's, in the order in which they began. */
struct store_call *store_participant_list(struct store *, struct slice meeting_id,
                                          store_participants_fn *, void *arg);

struct store_report {
    struct slice meeting_id;
    unsigned version; /* of the JSON */
    struct slice json;
    int64_t created_ms, expires_ms;
};
typedef void store_report_fn(int err, struct slice json, void *arg);

/* Inserts the report, or replaces it; the callback may be NULL. */
struct store_call *store_report_put(struct store *, const struct store_report *, store_done_fn *,
                                    void *arg);
/* ENOENT: there is none. */
struct store_call *store_report_get(struct store *, struct slice meeting_id, store_report_fn *,
                                    void *arg);

#endif
