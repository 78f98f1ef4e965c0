/* A meeting as its shard has it: the engine, its open tracks, what webhooks told about its people. */
#ifndef APP_LIVE_MEETING_H
#define APP_LIVE_MEETING_H

#include "app/shard/track.h"
#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "meeting/meeting.h"

struct live_meeting {
    struct list in_shard;
    struct shard_core *core;
    uint64_t key; /* the directory's */
    char *id;     /* meetingId, or the room's name while it is provisional */
    char *room;
    struct meeting *engine;
    struct map people;     /* identity -> struct person, from webhooks */
    struct list tracks;    /* struct track.in_meeting, oldest first */
    unsigned audio_tracks; /* of them */
    int64_t
        unix_offset_ms; /* meeting time (Unix) - steady clock; fixed, so that time never jumps */
};

struct live_meeting *live_meeting_new(struct shard_core *, uint64_t key, struct slice id,
                                      struct slice room);
void live_meeting_free(struct live_meeting *); /* no track is open */
void live_meeting_rename(struct live_meeting *, struct slice id, struct slice room);

/* Kept also for people who are not there yet. */
void live_meeting_set_person(struct live_meeting *, struct slice identity, struct slice name,
                             bool is_host);

/* An audio track of that identity opens: its participant in the engine, name and role applied. */
struct participant *live_meeting_connect(struct live_meeting *, struct slice identity,
                                         int64_t now_ms);
void live_meeting_disconnect(struct live_meeting *, struct participant *, int64_t now_ms);

/* The display name known from webhooks, or empty. */
struct slice live_meeting_name_of(const struct live_meeting *, struct slice identity);

static inline int64_t live_meeting_time_ms(const struct live_meeting *live, int64_t mono_ms) {
    return mono_ms + live->unix_offset_ms;
}

/* The answer of /feedback/debug/:meetingId as compact JSON. */
void live_meeting_describe(const struct live_meeting *, struct buf *out);

#endif
