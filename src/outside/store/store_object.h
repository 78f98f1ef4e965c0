/*
 * Recordings in an object store, one row each: what is known of the object, and when something is
 * next to be done about it. Calls and callbacks follow the rules of outside/store/store.h.
 */
#ifndef OUTSIDE_STORE_OBJECT_H
#define OUTSIDE_STORE_OBJECT_H

#include "outside/store/store.h"

enum store_object_state {
    STORE_OBJECT_WAITING, /* to be uploaded */
    STORE_OBJECT_STORED,  /* verified; if there is a next time, the local file goes then */
    STORE_OBJECT_ERASING, /* its recording is erased, and the object has to follow */
};

struct store_object {
    struct slice id;           /* of the recording's row */
    struct slice path, format; /* the recording's, as in struct recording_info */
    struct slice key;          /* empty before the first try */
    struct slice upload_id;    /* of an upload in parts that has begun; else empty */
    enum store_object_state state;
    unsigned tries;     /* that failed in a row, and got nothing further */
    int64_t next_ms;    /* 0: nothing is to be done */
    int64_t stored_ms;  /* 0: it is not */
    bool is_local_gone; /* the file is not on this disk any more */
};

struct store_object_list {
    const struct store_object *objects;
    size_t count;
};
typedef void store_object_fn(int err, const struct store_object *, void *arg);
typedef void store_objects_fn(int err, const struct store_object_list *, void *arg);

enum { STORE_OBJECTS_MAX = 1000 };

/* Rows for recordings that ended between the two times and have none yet, the oldest first, at most
 * STORE_OBJECTS_MAX. Each is due when its recording ended. */
struct store_call *store_object_gather(struct store *, int64_t from_ms, int64_t to_ms,
                                       store_done_fn *, void *arg);
/* Those about which something is to be done by now, the longest due first. */
struct store_call *store_object_list_due(struct store *, int64_t now_ms, unsigned limit,
                                         store_objects_fn *, void *arg);
/* Writes what has become of it. A row whose recording was erased meanwhile keeps its state and time,
 * and takes the key and the upload's id alone. */
struct store_call *store_object_set(struct store *, const struct store_object *, store_done_fn *,
                                    void *arg);
/* ENOENT: the recording has none. */
struct store_call *store_object_get(struct store *, struct slice id, store_object_fn *, void *arg);
/* The object of an erased recording is gone. */
struct store_call *store_object_forget(struct store *, struct slice id, store_done_fn *, void *arg);

struct store_object_count {
    uint64_t waiting, waiting_bytes, erasing;
    int64_t oldest_ms; /* since when the first one waits; 0: none does */
};
typedef void store_object_count_fn(int err, const struct store_object_count *, void *arg);
struct store_call *store_object_count(struct store *, store_object_count_fn *, void *arg);

#endif
