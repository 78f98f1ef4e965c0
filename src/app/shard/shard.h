/*
 * A shard: a thread (or, with none configured, the control loop itself) that owns whole meetings
 * with their media sockets, participants and analysis. Audio is isochronous: nothing waits for it.
 * The shard wakes on a tick of 20 to 100 ms and drains every socket it has; without sockets it
 * sleeps.
 *
 * Everything here is called on the control thread and becomes a message; the listener's functions
 * are called on the control thread too. Meetings are named by the key that the directory gave them.
 */
#ifndef APP_SHARD_H
#define APP_SHARD_H

#include "app/shard/shard_stats.h"
#include "app/shard/track_params.h"
#include "base/slice.h"
#include "meeting/feedback.h"
#include "net/ws/media_conn.h"
#include "outside/hume/hume.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct disk;
struct loop;
struct mailbox;
struct rules;
struct shard;
struct stream;

/* Read by all shards, owned by the caller, unchanged while any of them lives. */
struct shard_config {
    const struct rules *rules; /* thresholds of the analysis */
    struct disk *disk;         /* where recordings go */
    const char *record_format; /* wav, flac, opus, off */
    unsigned group_ms;         /* AUDIO_PIPELINE_GROUP_SECONDS */
    size_t max_message_bytes;  /* one WebSocket message of an egress */
    bool folds_channels;       /* AUDIO_RECORD_CHANNELS=auto: equal channels become one */
    unsigned mute_tail_ms;     /* MUTE_TAIL_MS: how long LiveKit's `muted` may run ahead */
    struct hume_settings hume; /* the prosody service */
    bool silence_on_mute;      /* AUDIO_ON_MUTE=silence: record zeros while muted, else pause */
};

struct shard_track_event {
    uint64_t meeting_key;
    enum track_kind kind;
    bool opened; /* else it ended */
    enum track_end end;
    char participant[TRACK_NAME_BYTES + 1];
    char track[TRACK_NAME_BYTES + 1];
};

/* All calls on the control thread. Pointers are valid during the call only. */
struct shard_listener {
    void (*on_feedback)(void *arg, uint64_t meeting_key, const struct feedback *);
    void (*on_track)(void *arg, const struct shard_track_event *);
    void *arg;
};

/* `control` delivers what the shard says. own_thread false: runs on `loop`, which must be
 * control's. */
int shard_open(struct shard **, const struct shard_config *, struct loop *loop,
               struct mailbox *control, const struct shard_listener *, bool own_thread,
               unsigned number);
/* Tells all tracks goodbye (1001), finishes headers; `on_drained` on control when all is handed to
 * the disk. */
void shard_drain(struct shard *, void (*on_drained)(void *arg), void *arg);
/* Drained or not: its thread ends, and so do the tracks there are, with what has arrived. While the
 * disk lives; nothing but shard_close may follow. NULL is fine. */
void shard_stop(struct shard *);
/* After shard_stop, and after the disk is closed (its blocks come back to the shard's port). */
void shard_close(struct shard *);

void shard_add_meeting(struct shard *, uint64_t key, struct slice id, struct slice room);
void shard_rename_meeting(struct shard *, uint64_t key, struct slice id, struct slice room);
void shard_remove_meeting(struct shard *, uint64_t key);
/* name empty: unknown. */
void shard_set_participant(struct shard *, uint64_t key, struct slice identity, struct slice name,
                           bool host);

/*
 * Hands a media socket over, with its unread bytes; the shard answers the handshake with `accept`
 * (Sec-WebSocket-Accept) and owns the stream from here on.
 */
void shard_take_track(struct shard *, uint64_t key, const struct track_params *, struct stream *,
                      const char accept[WS_ACCEPT_SIZE]);

/* The answer of /feedback/debug/:meetingId as compact JSON, on control; empty for an unknown key. */
typedef void shard_text_fn(void *arg, struct slice json);
void shard_describe_meeting(struct shard *, uint64_t key, shard_text_fn *, void *arg);
typedef void shard_stats_fn(void *arg, const struct shard_stats *);
void shard_ask_stats(struct shard *, shard_stats_fn *, void *arg);

#endif
