/* Lists of feedback, and what differs between two: for `prosa rules score`. */
#ifndef APP_TOLD_H
#define APP_TOLD_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TOLD_NEAR_MS = 2000 }; /* two lists mean the same event up to here */

struct told_event {
    int64_t at_ms; /* from the meeting's start */
    char *type, *severity, *who;
    char *id;         /* of a stored event; else empty */
    const char *host; /* what a host said of it: told_wrong, told_on; NULL: nothing */
    bool is_matched;
};

/* In the order of their time. Zeroed is empty. */
struct told {
    struct told_event *events;
    size_t count;
};

extern const char told_wrong[], told_on[];

void told_add(struct told *told, int64_t at_ms, struct slice id, struct slice type,
              struct slice severity, struct slice who);
/* A host said this of the event of that id or, where there is none, of the last one of its type and
 * person until then. */
void told_judge(struct told *told, const char *host, int64_t said_at_ms, struct slice id,
                struct slice type, struct slice who);
void told_free(struct told *told);

/* Finds for each event of `before` the event of `after` that is the same: of that type and person,
 * at that time. partners[i] is its index, or SIZE_MAX. Events that are no partner are left without
 * is_matched. */
void told_match(struct told *before, struct told *after, size_t partners[]);

/* A line for each type and for all: how often it was told. `stored`, `other`: NULL for none. */
void told_print_counts(const struct told *stored, const struct told *present,
                       const struct told *other);

/* A line for each event: "=" in both, "~" with another severity, "-" no longer told, "+" new; then
 * how many of those that hosts spoke of would still be told. */
void told_print_changes(struct told *before, struct told *after);

#endif
