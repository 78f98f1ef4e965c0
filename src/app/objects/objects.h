/*
 * Recordings in an object store. Every recording that has ended gets a row (store_object.h), and
 * every row its next time; what is due is done on workers, the oldest first, and repeated with a
 * growing delay without end. Nothing is lost by a restart: the rows say where everything stood.
 * Control thread only.
 */
#ifndef APP_OBJECTS_H
#define APP_OBJECTS_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct counter_table;
struct loop;
struct objects;
struct s3;
struct storage;
struct store;
struct store_object;

/* How many steps run at the same time. Each blocks a thread of libuv's pool. */
enum { OBJECTS_AT_ONCE = 4 };

struct objects_settings {
    struct loop *loop;
    const struct storage *storage;
    struct store *store;
    struct s3 *s3;           /* the objects' from now on */
    const char *prefix;      /* of all keys; "" for none */
    double keep_local_hours; /* of a stored file; below 0: for ever */
    unsigned link_s;         /* for how long a link is good */
};

struct objects *objects_open(const struct objects_settings *);
/* Stops what is under way, within a second. Free after the loop has ended. NULL is fine for both. */
void objects_close(struct objects *);
void objects_free(struct objects *);

/* Appends a URL by which anybody can fetch the stored object for a while: GET, or HEAD. */
void objects_link(struct objects *, const char *method, const struct store_object *,
                  struct buf *url);

struct objects_stats {
    uint64_t uploaded, uploaded_bytes; /* recordings that were verified; bytes that were sent */
    uint64_t erased;                   /* objects */
    uint64_t dropped;                  /* local files that were deleted */
    uint64_t failed;                   /* steps, whether they are repeated or not */
    uint64_t waiting, waiting_bytes;   /* to be uploaded */
    uint64_t erasing;                  /* to be deleted from the store */
    uint64_t oldest_s;                 /* for so long the first has waited */
    bool is_failing;                   /* the last step failed */
};

/* How the metrics show it. */
extern const struct counter_table objects_counters;
const struct objects_stats *objects_stats(const struct objects *);

#endif
