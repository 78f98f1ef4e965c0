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
    bool is_matched;
};

/* In the order of their time. Zeroed is empty. */
struct told {
    struct told_event *events;
    size_t count;
};

void told_add(struct told *told, int64_t at_ms, struct slice type, struct slice severity,
              struct slice who);
void told_free(struct told *told);

/* Finds for each event of `before` the event of `after` that is the same: of that type and person,
 * at that time. partners[i] is its index, or SIZE_MAX. Events that are no partner are left without
 * is_matched. */
void told_match(struct told *before, struct told *after, size_t partners[]);

/* A line for each type and for all: how often it was told. `stored`, `other`: NULL for none. */
void told_print_counts(const struct told *stored, const struct told *present,
                       const struct told *other);

/* A line for each event: "=" in both, "~" with another severity, "-" no longer told, "+" new. */
void told_print_changes(struct told *before, struct told *after);

#endif
