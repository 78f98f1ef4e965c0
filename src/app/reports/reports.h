/*
 * The reports of meetings (docs/report.md): GET /meetings/:meetingId/report answers with what the
 * shard of a running meeting knows, or with the row that was stored when the meeting ended; GET
 * /meetings/:meetingId/participants with who took part. Control thread only.
 */
#ifndef APP_REPORTS_H
#define APP_REPORTS_H

#include "base/slice.h"

#include <stdint.h>

struct reports;
struct routes;
struct session;

/* All must outlive the reports. */
struct reports_settings {
    struct directory *directory;
    const struct sessions *sessions;
    struct store *store;
    struct hosts *hosts;
    unsigned ttl_days;
    int64_t started_ms; /* Unix time at which this process began to listen to meetings */
    /* The report of a meeting that has ended is stored; may come again. */
    void (*on_ready)(const struct session *, void *user);
    void *user;
};

struct reports *reports_new(const struct reports_settings *);
/* NULL is fine. Answers that are still on their way are dropped. */
void reports_free(struct reports *);

void reports_add_routes(struct reports *, struct routes *);

/* Stores the report, for what follows may take long. */
void reports_session_ended(struct reports *, const struct session *);
/* The directory forgets the meeting: this is the last of it. */
void reports_meeting_gone(struct reports *, struct slice meeting_id, struct slice json);
/* Stores the reports of all meetings that run; then on_drained, maybe at once. */
void reports_drain(struct reports *, void (*on_drained)(void *user), void *user);

#endif
