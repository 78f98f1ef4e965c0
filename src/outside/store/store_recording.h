/*
 * Recordings in the database, erasing, and the audit of what was erased. Calls and callbacks follow
 * the rules of outside/store/store.h.
 */
#ifndef OUTSIDE_STORE_RECORDING_H
#define OUTSIDE_STORE_RECORDING_H

#include "outside/files/recording_info.h"
#include "outside/store/store.h"

struct store_recording_list {
    const struct recording_info *recordings;
    size_t count;
};
typedef void store_recording_fn(int err, const struct recording_info *, void *arg);
typedef void store_recordings_fn(int err, const struct store_recording_list *, void *arg);
typedef void store_recording_put_fn(int err, struct slice meeting_id, void *arg);

/*
 * Inserts the row, or updates it. The callback receives the meeting that the row now has: for a
 * recording that was reported under its room's name this is the session's, if one is known by now.
 */
struct store_call *store_recording_put(struct store *, const struct recording_info *,
                                       store_recording_put_fn *, void *arg);
struct store_call *store_recording_get(struct store *, struct slice id, store_recording_fn *,
                                       void *arg);
/* A meeting's recordings, in the order in which they started. */
struct store_call *store_recording_list(struct store *, struct slice meeting_id, unsigned limit,
                                        store_recordings_fn *, void *arg);
/* The same of one participant. */
struct store_call *store_recording_list_person(struct store *, struct slice meeting_id,
                                               struct slice participant, unsigned limit,
                                               store_recordings_fn *, void *arg);
/* The same for a request: while the disk stalls, it is answered from what was committed last. */
struct store_call *store_recording_list_committed(struct store *, struct slice meeting_id,
                                                  unsigned limit, store_recordings_fn *, void *arg);
/* Those that ended before a time, the oldest first, without the first `skip`. */
struct store_call *store_recording_list_older(struct store *, int64_t before_ms, unsigned skip,
                                              unsigned limit, store_recordings_fn *, void *arg);

/* An entry of the audit. */
struct store_erasure {
    struct slice id;          /* of the recording, or empty */
    struct slice meeting_id;  /* the recording's, or the erased one */
    struct slice participant; /* of a person who is erased */
    struct slice actor;       /* user id, or "retention" */
    struct slice what;        /* was erased, in words */
    int64_t at_ms;
};

/* Deletes the recording's row and writes the audit, in one transaction. */
struct store_call *store_recording_erase(struct store *, const struct store_erasure *,
                                         store_done_fn *, void *arg);

struct store_erased {
    int64_t feedback, recordings, sessions;
};
typedef void store_erased_fn(int err, const struct store_erased *, void *arg);

/*
 * Deletes an ended meeting: its feedback, the rows of its recordings, who took part, its report, its
 * session. Writes the audit
 * in the same transaction. EBUSY: it is active. ENOENT: there is none.
 */
struct store_call *store_meeting_erase(struct store *, const struct store_erasure *,
                                       store_erased_fn *, void *arg);

/* Deletes what an ended meeting holds of a person: their feedback, stays, verdicts about them, rows of
 * recordings; and takes them out of the stored report. As above. */
struct store_call *store_person_erase(struct store *, const struct store_erasure *,
                                      store_erased_fn *, void *arg);

#endif
