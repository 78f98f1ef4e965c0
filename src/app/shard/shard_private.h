/* Private to shard.c (its thread) and shard_mail.c (messages between control and the shard). */
#ifndef APP_SHARD_PRIVATE_H
#define APP_SHARD_PRIVATE_H

#include "app/media/live_meeting.h"
#include "app/media/shard_core.h"
#include "app/media/track.h"
#include "app/shard/pressure.h"
#include "app/shard/shard.h"
#include "app/shard/tick.h"
#include "base/clock.h"
#include "base/map.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "net/station.h"

struct shard {
    struct shard_listener listener;
    struct mailbox *control;
    /* Receives control's mail; on a thread of its own, or on control's loop. */
    struct station *station;
    struct loop *loop;
    bool is_stopped;

    /* The shard's thread only. */
    struct shard_core core;
    struct list meetings; /* struct live_meeting.in_shard */
    struct map by_key;
    struct tick tick;
    struct timer timer;
    /* The last tick took so long that the next one is late as well. */
    bool was_long;
    /* When recorders were last flushed, and when spare blocks last went back. */
    int64_t flushed_ms, trimmed_ms;
    struct pressure pressure;
    /* The answer owed to control once the last track is gone. */
    struct mail *on_drained;
    bool is_draining;
};

/* The owner of a message, in this turn. */
static inline struct shard *shard_of(void *owner) {
    struct shard *shard = owner;
    shard->core.now_ms = clock_mono_ms();
    return shard;
}

/* Called by mail on the shard's thread. */
void shard_on_take(struct shard *, uint64_t key, const struct track_params *, struct stream *,
                   const char accept[WS_ACCEPT_SIZE]);
void shard_on_join(struct shard *, uint64_t key, const struct shard_ticket *);
void shard_on_leave(struct shard *, uint64_t key);
void shard_on_drain(struct shard *, struct mail *answer);
struct live_meeting *shard_find(const struct shard *, uint64_t key); /* NULL: none */

/* Mail to control. The first is the feedback_fn of a meeting's judge, the second the on_silent of
 * the core. */
void shard_tell_feedback(const struct feedback *, void *live_meeting);
void shard_tell_silent(uint64_t key, struct slice identity, struct slice track, void *shard);
void shard_tell_room(const struct shard_room_event *, void *shard); /* shard_room.c */
void shard_tell_track(struct shard *, const struct shard_track_event *);

/* shard_view.c: tells what is watched of a meeting, if it has changed or is due. */
void shard_look_people(struct live_meeting *);
void shard_look_levels(struct live_meeting *);

#endif
