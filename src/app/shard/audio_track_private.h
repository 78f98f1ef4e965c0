/* Private to audio_track.c (the connection and its life) and audio_path.c (what its samples become). */
#ifndef APP_AUDIO_TRACK_PRIVATE_H
#define APP_AUDIO_TRACK_PRIVATE_H

#include "app/shard/audio_track.h"
#include "app/shard/channels.h"
#include "app/shard/live_meeting.h"
#include "app/shard/prosody.h"
#include "base/buf.h"
#include "base/text.h"
#include "meeting/audio_clock.h"
#include "outside/disk/recorder.h"
#include "sound/voice.h"

enum { BLOCK_MAX_BYTES = 4 }; /* one sample of two channels */

struct audio_track {
    struct track base;
    struct shard_core *core;
    unsigned rate_hz, channels_count, block_bytes, group_ms;
    bool is_probing;          /* kept back until it is known how many channels there are */
    bool is_folded;           /* recorded as mono, because its two channels are the same */
    bool runs_ahead;          /* LiveKit's `muted`, up to three seconds before its audio */
    bool is_muting;           /* muted, but what is in flight is still taken */
    bool is_muted, is_judged; /* is_judged: its source is a voice, not a shared screen */
    bool is_dtx;              /* LiveKit's, which sends zeros for what it saved */
    bool feeds_analysis;      /* of several connections of one track only one does */
    enum { NOT_RECORDED, RECORDED_LATER, RECORDED } recording; /* LATER: from its first sample on */
    enum record_format format;
    char *room; /* as sent */
    char log_participant[TEXT_NAME_SIZE], log_track[TEXT_NAME_SIZE];
    struct participant *participant; /* in the engine while connected there */
    struct recorder *recorder;       /* NULL: not recorded */
    struct channels channels;        /* while probing */
    struct audio_clock clock;
    uint64_t pending; /* sample frames of this tick that the clock has not been told of */
    struct buf held;  /* audio kept back while the clock doubts whether a gap lies before it */
    uint8_t carry[BLOCK_MAX_BYTES]; /* the beginning of a sample frame that came in pieces */
    unsigned carry_bytes;
    struct prosody *prosody; /* flushes of group_ms: pipeline log and prosody service */
    uint64_t received_bytes;
    int64_t muted_ms;     /* since when; while muting: since when it was told */
    uint64_t zero_bytes;  /* while muting: of the run of zeros that goes on */
    bool analysis_missed; /* the engine was paused since the last frame it heard */
    struct voice voice;   /* 10 KB: behind what every tick looks at */
};

/* Meeting time of this turn. */
static inline int64_t audio_track_now_ms(const struct audio_track *t) {
    return live_meeting_time_ms(t->base.meeting, t->core->now_ms);
}

/* A line in the meeting's pipeline log, at a meeting time or now. */
void audio_track_log_at(struct audio_track *, int64_t at_ms, const char *what);
void audio_track_log(struct audio_track *, const char *what);

/* Bytes of a track that is not muted, in any pieces. */
void audio_path_hear(struct audio_track *, const uint8_t *bytes, size_t len);
/* All that this turn gave has been heard: where does it lie in time? */
void audio_path_tell_clock(struct audio_track *);
/* On a tick while the clock doubts. */
void audio_path_tick(struct audio_track *, int64_t now_ms);
/* The stretch ends here (mute, or the end): what was kept back is taken as it is. */
void audio_path_pause(struct audio_track *);

#endif
