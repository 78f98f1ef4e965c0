/*
 * Which rooms of LiveKit Prosa joins itself (MEDIA_SOURCE=join), and when: those that may be
 * listened to, as soon as somebody is there. A meeting goes through
 *
 *     idle -> asking LiveKit who is there -> joined -> idle ...
 *
 * and before each further attempt, too, LiveKit is asked: joining would create a room that is gone.
 * Where a room cannot be joined its microphones come by LiveKit Egress, if that is switched on.
 * Control thread only.
 */
#ifndef APP_ROOMS_H
#define APP_ROOMS_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct config;
struct counter_table;
struct directory;
struct livekit;
struct loop;
struct rooms;
struct session;
struct sessions;
struct shard_room_event;

/* All must outlive it. */
struct rooms_settings {
    struct loop *loop;
    const struct config *config;
    struct livekit *livekit;
    struct sessions *sessions;
    struct directory *directory;
    /* The room cannot be joined: its tracks are for egresses from now on. */
    void (*on_fallback)(const struct session *, void *user);
    /* Whether they have any; and that they shall have none any more: joining is tried again. */
    bool (*has_egress)(const struct session *, void *user);
    void (*on_return)(const struct session *, void *user);
    void *user;
};

struct rooms *rooms_new(const struct rooms_settings *);
void rooms_free(struct rooms *); /* NULL is fine */

/* Somebody came or left, or what LiveKit lists was compared. */
void rooms_look(struct rooms *, const struct session *);
void rooms_session_ended(struct rooms *, const struct session *);
/* A track was unpublished. */
void rooms_track_gone(struct rooms *, const struct session *, struct slice track_sid);
/* What a shard tells. */
void rooms_hear(struct rooms *, struct slice meeting_id, const struct shard_room_event *);

/* Whether the meeting's tracks are no egress's business. */
bool rooms_take(const struct rooms *, const struct session *);

struct rooms_stats {
    uint64_t failing;   /* meetings that could not be joined, now */
    uint64_t fallbacks; /* meetings left to Egress */
    uint64_t encrypted,
        missing; /* tracks now that nobody here can hear; that LiveKit does not send */
};
extern const struct counter_table rooms_counters;
const struct rooms_stats *rooms_stats(struct rooms *);
/* Adds what is not heard of a meeting (its id or its room's name) to a JSON object, if there is
 * anything. */
void rooms_describe(const struct rooms *, struct slice meeting, struct buf *json);

#endif
