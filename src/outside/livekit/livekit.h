/*
 * Calls to LiveKit's API (Twirp over HTTP). At most 16 are under way, one for each room, and each
 * has a deadline; the others wait in order. Starts of egresses run side by side and wait for no
 * other call: LiveKit may take ten seconds to refuse one. Calls are made, answered and cancelled on
 * the thread of the loop given to livekit_open. Texts are copied.
 */
#ifndef OUTSIDE_LIVEKIT_H
#define OUTSIDE_LIVEKIT_H

#include "base/slice.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct counter_table;
struct livekit;
struct livekit_call; /* until its callback has run, cancelled or not */
struct loop;

struct livekit_settings {
    struct loop *loop;
    const char *url; /* http(s)://host:port */
    const char *key, *secret;
    int64_t timeout_ms;
    bool own_thread; /* else everything runs on `loop` */
};

struct livekit_reply {
    int status;          /* of HTTP; 0: there was none */
    const json_t *body;  /* of a 200; NULL otherwise */
    const char *problem; /* one line for the log; "" for a 200 */
    struct slice code;   /* of a Twirp error: "not_found"; empty for anything else */
};
typedef void livekit_reply_fn(const struct livekit_reply *reply, void *user);

int livekit_open(struct livekit **out, const struct livekit_settings *settings);
/* Open calls are dropped without a callback. NULL is fine. */
void livekit_close(struct livekit *livekit);

/* LiveKit may leave members with default values out of reply->body: read it by livekit_info. */
struct livekit_call *livekit_list_rooms(struct livekit *livekit, livekit_reply_fn *fn, void *user);
struct livekit_call *livekit_list_participants(struct livekit *livekit, struct slice room,
                                               livekit_reply_fn *fn, void *user);
struct livekit_call *livekit_get_participant(struct livekit *livekit, struct slice room,
                                             struct slice identity, livekit_reply_fn *fn,
                                             void *user);
/* Every egress of the room that LiveKit remembers, ended ones too, page by page: `page` is what
 * livekit_read_next_page found in the answer before, empty for the first. */
struct livekit_call *livekit_list_egress(struct livekit *livekit, struct slice room,
                                         struct slice page, livekit_reply_fn *fn, void *user);
struct livekit_call *livekit_start_track_egress(struct livekit *livekit, struct slice room,
                                                struct slice track_sid, struct slice url,
                                                livekit_reply_fn *fn, void *user);

/* The callback will not run. NULL is fine. */
void livekit_cancel(struct livekit_call *call);

/* Whether trying again later can help: no answer, or one about a temporary fault. */
bool livekit_is_passing(const struct livekit_reply *reply);

struct livekit_stats {
    uint64_t calls, failed;
    uint64_t waiting; /* calls without an answer yet */
    bool is_away;     /* the last call got no answer, or one that reports a temporary fault */
};
/* How the metrics show it. */
extern const struct counter_table livekit_counters;
const struct livekit_stats *livekit_stats(const struct livekit *livekit);

#endif
