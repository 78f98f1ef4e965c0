/* What the meetings and tracks of one shard share. Only the shard's thread touches it. */
#ifndef APP_SHARD_CORE_H
#define APP_SHARD_CORE_H

#include "app/media/shard_settings.h"
#include "app/media/shard_stats.h"
#include "base/list.h"
#include "base/slice.h"

#include <stdint.h>

struct disk_port;
struct hume;
struct loop;
struct shard_room_event;

struct shard_core {
    const struct shard_settings *settings;
    struct disk_port *disk;
    /* The prosody service. */
    struct hume *hume;
    /* struct track.in_shard */
    struct list tracks;
    /* struct joined_room.in_core */
    struct list rooms;
    /* Steady clock, of the present turn. */
    int64_t now_ms;
    /* The shard has just stood still: what it reads may have come long ago. */
    bool is_late;
    struct shard_stats stats;
    struct loop *loop;
    /* A track sends no more: whether its person muted it is asked, and the answer comes as news. */
    void (*on_silent)(uint64_t meeting_key, struct slice identity, struct slice track, void *user);
    void (*on_room)(const struct shard_room_event *, void *user);
    void *user;
};

#endif
