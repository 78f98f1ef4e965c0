/*
 * What hosts say of the feedback they get (docs/live.md, "Verdicts"): told, wrong, not again until,
 * and who presents. Kept for everybody who may hear the meeting, and counted by type: the rules are
 * judged by it later. Control thread only.
 */
#ifndef APP_VERDICTS_H
#define APP_VERDICTS_H

#include "meeting/feedback_type.h"

#include <stdint.h>

struct buf;
struct config;
struct counter_table;
struct directory;
struct hosts;
struct routes;
struct store;
struct store_verdict;

struct verdicts {
    const struct config *config;
    struct store *store;
    struct hosts *hosts;
    struct directory *directory;
    uint64_t told[FEEDBACK_TYPES], wrong[FEEDBACK_TYPES], quiet[FEEDBACK_TYPES];
};
/* How the metrics show it. */
extern const struct counter_table verdicts_counters;

/* A verdict as it is listed. */
void verdict_write(struct buf *json, const struct store_verdict *);

/* The struct must outlive the routes. */
void verdicts_add_routes(struct verdicts *, struct routes *);

#endif
