/* Private to audio_track.c (the connection and its life), audio_path.c (what becomes of its
 * samples) and audio_file.c (how they are recorded). */
#ifndef APP_AUDIO_TRACK_PRIVATE_H
#define APP_AUDIO_TRACK_PRIVATE_H

#include "app/media/audio_track.h"
#include "app/tracks/channels.h"
#include "app/tracks/head.h"
#include "app/tracks/mute.h"
#include "app/tracks/prosody.h"
#include "app/tracks/speed.h"
#include "app/tracks/way.h"
#include "base/buf.h"
#include "meeting/audio_clock.h"
#include "sound/stereo.h"
#include "sound/voice.h"

enum { BLOCK_MAX_BYTES = 4 }; /* one sample of two channels */

/* How a recording is made of two channels. It is decided before the first byte of the file, so that
 * a track is one file, whatever the channels do later. */
enum audio_layout { LAYOUT_OPEN, LAYOUT_MONO, LAYOUT_AS_SENT };

struct audio_file {
    enum audio_layout layout;
    /* What LiveKit says. */
    enum track_stereo word;
    /* Before the decision, whether the channels differ; in a mono file, whether they do later. */
    struct stereo stereo;
    bool has_begun;
    /* Steady-clock time of the first sample; of that of this stretch, as the recorder knows it, and
     * whether it is to be told a better one. */
    int64_t began_ms, said_ms;
    bool is_unplaced;
    /* Until the decision: what came before the first sound, then the sound and when it began. */
    struct buf events, sound;
    int64_t sound_ms;
};

struct audio_track {
    struct track base;
    unsigned rate_hz, channel_count, block_bytes, group_ms;
    struct mute mute;
    /* What LiveKit has said since the sender's `muted`; TRACK_UNSAID: nothing yet. */
    enum track_news choice;
    /* `muted` says only that nothing comes: LiveKit is asked why. */
    bool asks_mutes;
    /* It comes by LiveKit Egress, and so much later than it was spoken. */
    bool has_way;
    struct way way;
    /* Whether the stream begins with something else than samples. */
    struct head head;
    /* Probes a stream that calls itself mono. */
    struct channels channels;
    /* Judged by what each read brings. */
    struct speed speed;
    uint64_t read_bytes;
    /* Its source is a voice, not a shared screen. */
    bool is_judged;
    /* Zeros may be what LiveKit sends for speech that it saved. */
    bool is_dtx;
    /* The engine was paused since the last frame that it heard. */
    bool analysis_missed;
    /* NULL ("off"): not recorded. */
    const struct format *format;
    struct audio_file file;
    /* In the engine; NULL: another connection of the same track is listened to. */
    struct meeting_track *heard;
    /* Groups of group_ms for the pipeline log and the prosody service. */
    struct prosody *prosody;
    struct audio_clock clock;
    /* Sample frames of this tick that the clock has not been told of. */
    uint64_t pending;
    /* Of a stretch's first tick, until the clock knows its time. */
    struct buf opening;
    /* The beginning of a sample frame that came in pieces. */
    uint8_t carry[BLOCK_MAX_BYTES];
    unsigned carry_bytes;
    /* That frame began in bytes that were dropped: its end is dropped, too. */
    bool is_carry_lost;
    /* 10 KB: behind what every tick looks at. */
    struct voice voice;
};

/* A line in the meeting's pipeline log, now. */
void audio_track_log(struct audio_track *, const char *what);

/* Bytes of a track that is not muted, in any pieces. */
void audio_path_hear(struct audio_track *, const uint8_t *bytes, size_t len);
/* Bytes that are not taken: they are only counted, so that sample frames keep their borders. */
void audio_path_drop(struct audio_track *, size_t len);
/* All audio of this turn has been heard: the clock decides where it lies in time. is_behind as in
 * audio_clock_hear(). */
void audio_path_tell_clock(struct audio_track *, bool is_behind);
/* The audio stops here (mute, or the end): what is in doubt is decided. Returns the steady-clock time
 * at which it stopped. */
int64_t audio_path_pause(struct audio_track *);

/* Whole sample frames, whose first lies at a steady-clock time. */
void audio_file_take(struct audio_track *, const uint8_t *bytes, size_t frames, int64_t mono_ms);
/* A gap of so many sample frames. */
void audio_file_silence(struct audio_track *, uint64_t frames);
/* The same before the last `tail` of them, or (negative) taken back: see recorder_shift(). */
void audio_file_shift(struct audio_track *, uint64_t tail, int64_t frames);
/* The time between the two (meeting times) is not recorded. */
void audio_file_pause(struct audio_track *, int64_t at_ms);
void audio_file_resume(struct audio_track *, int64_t at_ms);
/* The steady-clock time of the first sample since the beginning, or since the last resume, is known
 * for certain. */
void audio_file_place(struct audio_track *, int64_t mono_ms);
/* A few times a second: sound is not held for ever. */
void audio_file_tick(struct audio_track *, int64_t now_ms);
void audio_file_end(struct audio_track *, int64_t drift_ms);

#endif
