/* Private to shard.c (its thread) and shard_mail.c (what control says to it and it to control). */
#ifndef APP_SHARD_PRIVATE_H
#define APP_SHARD_PRIVATE_H

#include "app/shard/live_meeting.h"
#include "app/shard/pressure.h"
#include "app/shard/shard.h"
#include "app/shard/tick.h"
#include "app/shard/track.h"
#include "base/map.h"
#include "net/loop.h"
#include "net/mailbox.h"

struct shard {
    const struct shard_config *config;
    struct shard_listener listener;
    struct mailbox *control; /* to there */
    struct mailbox *inbox;   /* from there; NULL: stopped */
    struct loop *loop;
    struct thread *thread; /* NULL: on control's loop, or stopped */
    bool has_own_loop;

    /* the shard's thread only */
    struct shard_core core;
    struct list meetings; /* struct live_meeting.in_shard */
    struct map by_key;
    struct tick tick;
    struct timer timer;
    int64_t flushed_ms; /* when recorders were last flushed */
    int64_t trimmed_ms; /* when needless blocks last went back */
    struct pressure pressure;
    struct mail *on_drained; /* the answer owed once the last track is gone */
    bool is_draining;
};

/* Called by mail on the shard's thread. */
void shard_on_take(struct shard *, uint64_t key, const struct track_params *, struct stream *,
                   const char accept[WS_ACCEPT_SIZE]);
void shard_on_add(struct shard *, uint64_t key, struct slice id, struct slice room);
void shard_on_remove(struct shard *, uint64_t key);
void shard_on_drain(struct shard *, struct mail *answer);
struct live_meeting *shard_find(const struct shard *, uint64_t key); /* NULL: none */

/* Mail to control. */
void shard_tell_feedback(struct shard *, uint64_t key, const struct feedback *);
void shard_tell_track(struct shard *, const struct shard_track_event *);

#endif
