/*
 * Webhooks to others: each event becomes a row for each address of WEBHOOK_URLS, and is sent from
 * there until a receiver has taken it, or WEBHOOK_GIVE_UP_SECONDS have passed. The id of a row
 * comes from the event, so that what is told twice is sent once. Control thread only. All functions
 * take NULL, which is what there is without WEBHOOK_URLS.
 */
#ifndef APP_DELIVERIES_H
#define APP_DELIVERIES_H

#include "base/slice.h"

#include <stdint.h>

struct config;
struct counter_table;
struct deliveries;
struct loop;
struct store;

/* How long a row is kept: a dead one, and the word that one was sent. */
#define DELIVERIES_KEEP_MS (INT64_C(15) * 24 * 3600 * 1000)

struct deliveries_settings {
    struct loop *loop;
    const struct config *config;
    struct store *store;
    /* On this loop, not on a thread of its own. */
    bool is_alone;
};

/* *out is NULL without WEBHOOK_URLS. */
int deliveries_open(struct deliveries **out, const struct deliveries_settings *);
/* What is queued goes to the store, which is closed later; what is under way is given back. */
void deliveries_close(struct deliveries *);

struct delivery_event {
    const char *type; /* "meeting.started" */
    /* What makes it the same event when it is told again. */
    struct slice key;
    struct slice meeting_id;
    struct slice participant_id; /* empty: about nobody alone */
    int64_t at_ms;               /* Unix time */
    struct slice data;           /* a JSON object */
};
void deliveries_tell(struct deliveries *, const struct delivery_event *);

/* Something may be due now: a dead one was made pending again. */
void deliveries_look(struct deliveries *);

struct deliveries_stats {
    uint64_t told;      /* rows asked for: events times addresses */
    uint64_t delivered; /* taken by the receiver */
    uint64_t failed;    /* tries in vain */
    uint64_t given_up;
    uint64_t dropped; /* not kept: the queue or the table was full, or the database refused it */
    uint64_t queued;  /* now, for the table */
    uint64_t pending, dead; /* in the table, as of the last look */
};
extern const struct counter_table deliveries_counters;
const struct deliveries_stats *deliveries_stats(const struct deliveries *);

#endif
