/*
 * A meeting on its shard: the engine that analyses it, and what webhooks told about its people. It
 * keeps a list of its open tracks, but knows nothing about them: tracks know their meeting.
 */
#ifndef APP_LIVE_MEETING_H
#define APP_LIVE_MEETING_H

#include "app/media/person_news.h"
#include "app/media/shard_core.h"
#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "meeting/meeting.h"

struct joined_room;

struct live_meeting {
    struct list in_shard;
    struct shard_core *core;
    /* The directory's name for it. */
    uint64_t key;
    /* The meetingId, or the room's name while the meeting is provisional. */
    char *id;
    struct meeting *engine;
    /* Identity -> struct person, from LiveKit. */
    struct map people;
    /* How many of them are in the room and have had no track. */
    unsigned guests;
    /* struct track.in_meeting, oldest first; how many of them are audio. */
    struct list tracks;
    unsigned audio_tracks;
    /* NULL: its room is not joined. */
    struct joined_room *room;
    /* What comes by it is only analysed, by the wish of the room's metadata. */
    bool is_unrecorded;
    /* Of the tracks that are behind in this tick, and in the one before: the least time up to which
     * one was heard (steady clock). INT64_MAX: none is behind. */
    int64_t behind_ms, was_behind_ms;
    /* Meeting time (Unix) minus steady clock; fixed, so that meeting time never jumps. */
    int64_t unix_offset_ms;
    /* What is watched (enum live_watch), when levels are due next (steady clock), and the revision of
     * the people that was told last. */
    unsigned watched;
    int64_t levels_due_ms;
    unsigned told_revision;
};

struct live_meeting *live_meeting_new(struct shard_core *, uint64_t key, struct slice id);
/* No track may be open. */
void live_meeting_free(struct live_meeting *);

/* What is said about the person; kept also for people who have no track yet. After a new name, as
 * after a new id: tracks_rename, because recordings carry both. */
void live_meeting_hear_news(struct live_meeting *, const struct person_news *);

/* Called when an audio track of that identity opens. Returns it as the engine knows it, of the
 * participant with the name and role known from webhooks. */
struct meeting_track *live_meeting_connect(struct live_meeting *, struct slice identity);

/* The display name known from webhooks, or empty. */
struct slice live_meeting_name_of(const struct live_meeting *, struct slice identity);

static inline int64_t live_meeting_time_ms(const struct live_meeting *live, int64_t mono_ms) {
    return mono_ms + live->unix_offset_ms;
}

/* The members of the answer of /feedback/debug/:meetingId as compact JSON. */
void live_meeting_describe(const struct live_meeting *, struct buf *out);
/* Those of the live stream's `snapshot`, and of the report (docs/live.md, docs/report.md), that the
 * shard knows. */
void live_meeting_write_view(const struct live_meeting *, struct buf *out);
void live_meeting_write_report(const struct live_meeting *, struct buf *out);

#endif
