/*
 * What all media tracks of a shard have in common: a connection that is drained on the tick, a
 * meeting, and a recording. audio_track and video_track decide what becomes of the bytes.
 */
#ifndef APP_TRACK_H
#define APP_TRACK_H

#include "app/media/live_meeting.h"
#include "app/media/shard_stats.h"
#include "app/tracks/track_params.h"
#include "base/log.h"
#include "base/text.h"
#include "net/ws/media_conn.h"
#include "outside/disk/recorder.h"
#include "outside/files/doubt.h"

#include <stdbool.h>
#include <stdint.h>

struct stream;
struct track;

struct track_type {
    enum track_kind kind;
    /* on_closed is track_on_closed; their argument is the struct track. */
    struct media_handlers handlers;
    /* After each drain that brought bytes (without a connection: on each tick): all that one tick
     * gave has been delivered. is_behind: more is waiting, or the tick was late. */
    void (*collected)(struct track *, int64_t now_ms, bool is_behind);
    /* A few times a second. NULL: nothing to do. */
    void (*look)(struct track *, int64_t now_ms);
    /* LiveKit says something about it. NULL: nothing to do. */
    void (*hear_news)(struct track *, enum track_news);
    /* The connection has ended: what is unfinished goes into the recording, which is still open. */
    void (*end)(struct track *);
};

/* First member of struct audio_track, video_track and packet_track. What each tick reads comes first. */
struct track {
    const struct track_type *type;
    struct list in_shard;
    /* NULL: what owns the track brings what comes. */
    struct media_conn *conn;
    /* When bytes last came, and when it was last drained. */
    int64_t heard_ms, looked_ms;
    /* Until then the track collects what came while the shard stood still (steady clock, 0: it does
     * not), and up to which time it has been heard. */
    int64_t behind_until_ms, heard_to_ms;
    /* It was unpublished: what its sender still says is about its end. Since gone_ms nothing has
     * come, then with so many bytes received. */
    bool is_gone;
    int64_t gone_ms;
    uint64_t gone_bytes;
    /* The connection has closed, with this code. */
    bool is_over;
    uint16_t close_code;

    struct shard_core *core;
    struct live_meeting *meeting;
    struct list in_meeting;
    /* NULL: not recorded, or not yet. */
    struct recorder *recorder;
    uint64_t received_bytes;
    /* Bits of enum doubt. */
    uint32_t doubts;
    /* As they were sent. */
    char *room, *participant_name, *track_name;
    char log_participant[TEXT_NAME_SIZE], log_track[TEXT_NAME_SIZE];
    /* How many lines of a kind may be logged within a minute. */
    unsigned log_burst;
};

/* Fills a zeroed track. Its packets or bytes are its owner's matter; it has no connection of its own. */
void track_begin(struct track *, const struct track_type *, struct live_meeting *,
                 struct slice room, struct slice participant, struct slice name);
/* The same for one that takes the stream and answers the handshake with `accept`
 * (Sec-WebSocket-Accept). */
void track_open(struct track *, const struct track_type *, struct live_meeting *,
                const struct track_params *, struct stream *, const char *accept);
/* The on_closed of every type. */
void track_on_closed(uint16_t code, struct slice reason, void *track);

/* Reads what has arrived into `buffer` (LOOP_SCRATCH_BYTES) and lets the type work on it. */
void track_drain(struct track *, uint8_t *buffer);
/* Whether rules must wait for what the track still collects. */
bool track_is_behind(const struct track *);
/* Passes on what the recorder has held for long enough. */
void track_flush(struct track *);
/* Finishes the recording and frees the track, as allocated with its type. */
void track_close(struct track *, enum track_end);

/* A line in the meeting's pipeline log, at a meeting time. */
void track_log_at(const struct track *, int64_t at_ms, const char *what);

/* The stream is not what its address says: logged once, with a field, and in the recording's
 * sidecar. */
void track_doubt(struct track *, enum doubt, struct log_field about);
/* The member "formatDoubts" of the debug answer: those of open tracks. Nothing when there are
 * none. */
void tracks_write_doubts(const struct live_meeting *, struct buf *out);

/* The recording that the track begins at a steady-clock time; audio adds rate and channels. */
struct recording_info track_recording(const struct track *, enum record_format, int64_t mono_ms);

/* What LiveKit says about one track, or about all of a person who has left. */
void tracks_hear_news(const struct live_meeting *, const struct person_news *);

/* Tells the recordings of a meeting its id and the names of its people. */
void tracks_rename(const struct live_meeting *);

/* Meeting time of this turn. */
static inline int64_t track_now_ms(const struct track *track) {
    return live_meeting_time_ms(track->meeting, track->core->now_ms);
}

#endif
