/*
 * POST /livekit/webhook: LiveKit's events. Where signatures are required (LIVEKIT_WEBHOOK_VERIFY),
 * unsigned ones are refused. Control thread only.
 */
#ifndef APP_WEBHOOK_H
#define APP_WEBHOOK_H

#include "base/slice.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jwt_key;
struct livekit_egress;
struct livekit_track;
struct routes;
struct session;
struct webhook;

enum webhook_fault {
    WEBHOOK_OK,
    WEBHOOK_MISSING,   /* no token, or two Authorization headers */
    WEBHOOK_MALFORMED, /* no token that we can read */
    WEBHOOK_UNKNOWN_KEY,
    WEBHOOK_BAD_SIGNATURE,
    WEBHOOK_EXPIRED,    /* or our clock is ahead */
    WEBHOOK_NOT_YET,    /* or our clock is behind */
    WEBHOOK_OTHER_BODY, /* the token was made for another body */
    WEBHOOK_FAULTS
};

/* Checks the token of the Authorization header against the raw body. Pure. */
enum webhook_fault webhook_check(struct slice token, struct slice body, const struct jwt_key *keys,
                                 size_t key_count, int64_t now_s);

/* For events that sessions do not handle. Arguments live until the call returns. */
struct webhook_listener {
    void (*on_track)(const struct session *, struct slice identity, const struct livekit_track *,
                     bool is_published, void *user);
    void (*on_participant)(const struct session *, struct slice identity, void *user);
    void (*on_egress)(const struct livekit_egress *, void *user);
    /* LiveKit's clock, by a signed event. */
    void (*on_time)(int64_t told_ms, void *user);
    void *user;
};

struct webhook_settings {
    const struct jwt_key *keys;
    size_t key_count;
    bool is_required; /* refuse what is not signed */
    size_t body_limit_bytes;
    struct sessions *sessions;
    const struct webhook_listener *listener;
};

struct webhook_stats {
    uint64_t received, duplicates, not_json, unknown;
    uint64_t last_s; /* Unix time of the last one that was taken; 0: none yet */
    uint64_t refused[WEBHOOK_FAULTS];
};

/* How the metrics show it. */
extern const struct counter_table webhook_counters;

struct webhook *webhook_new(const struct webhook_settings *);
void webhook_free(struct webhook *);
const struct webhook_stats *webhook_stats(const struct webhook *);

/* Takes one verified event, as the route does after checking it. */
void webhook_take(struct webhook *, const json_t *event, bool is_signed, int64_t now_ms);

void webhook_add_routes(struct webhook *, struct routes *);

#endif
