/* What every media track of a shard is: a connection that is drained, in a meeting. */
#ifndef APP_TRACK_H
#define APP_TRACK_H

#include "app/shard/shard.h"
#include "base/list.h"
#include "net/ws/media_conn.h"
#include "outside/disk/recorder.h"

#include <stdbool.h>
#include <stdint.h>

struct disk_port;
struct hume;
struct live_meeting;
struct track;

/* What the tracks and meetings of one shard share; the shard's thread only. */
struct shard_core {
    const struct shard_config *config;
    struct disk_port *disk;
    struct hume *hume;  /* the prosody service */
    struct list tracks; /* struct track.in_shard */
    int64_t now_ms;     /* steady clock, of the present turn */
    uint8_t *buffer;    /* MEDIA_BUFFER_BYTES, for whoever reads now */
    struct media_stats media;
    struct shard_stats stats;
};

struct track_type {
    /* After each drain that brought bytes: all that one tick gave has been delivered. */
    void (*collected)(struct track *, int64_t now_ms);
    /* A few times a second. */
    void (*flush)(struct track *, int64_t now_ms);
    /* The meeting has another id or the participant another name. */
    void (*renamed)(struct track *);
    /* The connection has ended: finishes the recording and frees the track. */
    void (*end)(struct track *, enum track_end);
};

struct track { /* first member of audio_track and video_track */
    const struct track_type *type;
    enum track_kind kind;
    struct list in_shard;
    struct list in_meeting;
    struct live_meeting *meeting;
    struct media_conn *conn;
    char *participant_name, *track_name; /* as sent */
    int64_t heard_ms;                    /* when bytes last came */
    int64_t looked_ms;                   /* when it was last drained */
    bool is_over;                        /* on_closed came */
    uint16_t close_code;
};

/* Takes its place in shard and meeting, its names from params. */
void track_add(struct shard_core *, struct track *, const struct track_params *);
/* Frees the connection and the names, and takes the track out of shard and meeting. */
void track_remove(struct track *);

/* How it ended, in the recorder's words. */
enum recorder_end track_recorder_end(enum track_end);

#endif
