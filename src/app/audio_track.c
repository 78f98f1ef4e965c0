#include "app/audio_track.h"

#include "app/channels.h"
#include "app/live_meeting.h"
#include "app/prosody.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "meeting/audio_clock.h"
#include "net/media_conn.h"
#include "outside/disk.h"
#include "outside/recorder.h"
#include "sound/voice.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_MAX_BYTES = 4,          /* one sample of two channels */
    HELD_MAX_BYTES = 1024 * 1024, /* kept back while the clock doubts */
    FLUSH_AGE_MIN_MS = 500,
    MUTE_SILENCE_MS = 200, /* zeros for so long after `muted`: nothing is in flight any more */
};

#define SPEECH 0.5f /* probability from which a frame counts as speech for the prosody service */

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
    struct voice voice;
    uint64_t pending; /* sample frames of this tick that the clock has not been told of */
    struct buf held;  /* audio kept back while the clock doubts whether a gap lies before it */
    uint8_t carry[BLOCK_MAX_BYTES]; /* the beginning of a sample frame that came in pieces */
    unsigned carry_bytes;
    struct prosody *prosody; /* flushes of group_ms: pipeline log and prosody service */
    uint64_t received_bytes;
    int64_t muted_ms;     /* since when; while muting: since when it was told */
    uint64_t zero_bytes;  /* while muting: of the run of zeros that goes on */
    bool analysis_missed; /* the engine was paused since the last frame it heard */
};

static struct audio_track *audio_of(struct track *track) {
    return (struct audio_track *)track;
}

bool audio_track_parse_mute(struct slice text, bool *is_muted) {
    json_t *value = json_loadb(text.ptr, text.len, 0, NULL);
    json_t *muted = json_object_get(value, "muted"); /* NULL unless an object */
    bool found = json_is_boolean(muted);
    if (found)
        *is_muted = json_is_true(muted);
    json_decref(value);
    return found;
}

/* --- lines in the meeting's pipeline log, and what the prosody service reads --- */

static void line_write_at(struct audio_track *t, int64_t at_ms, const char *what) {
    char time[TEXT_ISO_SIZE];
    text_iso_time(at_ms, time);
    struct buf line = {0};
    char meeting[TEXT_NAME_SIZE];
    text_reduce(slice_from(t->base.meeting->id), meeting);
    buf_printf(&line, "%s meetingId=%s participant=%s track=%s %s", time, meeting,
               t->log_participant, t->log_track, what);
    disk_log(t->core->disk, slice_from(t->base.meeting->id), buf_slice(&line));
    buf_free(&line);
}

static int64_t track_now_ms(const struct audio_track *t) {
    return live_meeting_time_ms(t->base.meeting, t->core->now_ms);
}

static void line_write(struct audio_track *t, const char *what) {
    line_write_at(t, track_now_ms(t), what);
}

static void on_line(void *arg, int64_t flushed_ms, const char *what) {
    line_write_at(arg, flushed_ms, what);
}

static void on_feeling(void *arg, const struct feeling *feeling, int64_t from_ms, int64_t to_ms) {
    struct audio_track *t = arg;
    if (t->participant)
        meeting_feel(t->base.meeting->engine, t->participant, feeling, from_ms, to_ms);
}

/* --- analysis --- */

/* Hears sample frames that begin `before` samples after the clock's anchor. */
static void voice_feed(struct audio_track *t, const int16_t *pcm, size_t frames, uint64_t before) {
    struct live_meeting *live = t->base.meeting;
    struct voice_frame frame;
    bool is_done;
    while (frames > 0) {
        size_t used = voice_hear(&t->voice, pcm, frames, &frame, &is_done);
        pcm += used * t->channels_count;
        frames -= used;
        before += used;
        if (!is_done)
            continue;
        int64_t at_ms = t->clock.anchor_ms + (int64_t)(before * 1000 / t->rate_hz) - VOICE_DELAY_MS;
        at_ms = live_meeting_time_ms(live, at_ms);
        if (frame.speech >= SPEECH)
            prosody_spoke(t->prosody, at_ms);
        meeting_hear(live->engine, t->participant, &frame, at_ms);
    }
}

/* The bytes may lie at an odd address where control frames came between: then they are moved piecewise. */
static void analyse(struct audio_track *t, const uint8_t *bytes, size_t frames, uint64_t before) {
    if (!t->participant || !t->feeds_analysis)
        return;
    if (meeting_is_paused(t->base.meeting->engine)) {
        t->analysis_missed = true;
        return;
    }
    if (t->analysis_missed) { /* what was not listened to says nothing about what comes */
        t->analysis_missed = false;
        voice_skip(&t->voice, VOICE_KEEP_MS + 1);
    }
    if ((uintptr_t)bytes % _Alignof(int16_t) == 0) {
        voice_feed(t, (const int16_t *)(const void *)bytes, frames, before);
        return;
    }
    int16_t aligned[1024];
    size_t room = sizeof aligned / t->block_bytes;
    while (frames > 0) {
        size_t part = frames < room ? frames : room;
        memcpy(aligned, bytes, part * t->block_bytes);
        voice_feed(t, aligned, part, before);
        bytes += part * t->block_bytes;
        frames -= part;
        before += part;
    }
}

/* --- audio in time --- */

/* The recording begins with the first sample: its time names the file. */
static void recorder_start(struct audio_track *t, uint64_t before) {
    struct live_meeting *live = t->base.meeting;
    t->is_folded =
        t->core->config->folds_channels && t->channels_count == 2 && t->format == RECORD_WAV;
    int64_t at_ms = t->clock.anchor_ms + (int64_t)(before * 1000 / t->rate_hz);
    struct recording recording = {
        .meeting = slice_from(live->id),
        .room = slice_from(t->room),
        .participant = slice_from(t->base.participant_name),
        .name = live_meeting_name_of(live, slice_from(t->base.participant_name)),
        .track = slice_from(t->base.track_name),
        .format = t->format,
        .rate_hz = t->rate_hz,
        .channels = t->is_folded ? 1 : (uint16_t)t->channels_count,
        .started_ms = live_meeting_time_ms(live, at_ms),
    };
    t->recorder = recorder_open(t->core->disk, &recording);
    t->recording = RECORDED;
}

static bool is_analysed(const struct audio_track *t) {
    return t->participant && t->feeds_analysis && !meeting_is_paused(t->base.meeting->engine);
}

/* Two equal channels are one, until they part: from there on the recording is stereo. */
static void record(struct audio_track *t, const uint8_t *bytes, size_t frames) {
    int16_t mono[1024];
    while (t->is_folded && frames > 0) {
        size_t part = frames < ARRAY_LEN(mono) ? frames : ARRAY_LEN(mono);
        size_t folded = channels_fold(mono, bytes, part);
        recorder_append(t->recorder, mono, folded * sizeof *mono);
        bytes += folded * t->block_bytes;
        frames -= folded;
        if (folded == part)
            continue;
        t->is_folded = false;
        recorder_set_channels(t->recorder, 2);
        log_info("egress", "the channels part, the recording goes on in stereo",
                 log_text("track", t->log_track));
    }
    if (frames > 0)
        recorder_append(t->recorder, bytes, frames * t->block_bytes);
}

/* Whole sample frames whose place is certain: `before` samples after the clock's anchor. */
static void audio_take(struct audio_track *t, const uint8_t *bytes, size_t frames,
                       uint64_t before) {
    if (t->recording == RECORDED_LATER)
        recorder_start(t, before);
    if (t->recorder)
        record(t, bytes, frames);
    analyse(t, bytes, frames, before);
    prosody_trust_level(t->prosody, !is_analysed(t));
    prosody_hear(t->prosody, bytes, frames,
                 live_meeting_time_ms(t->base.meeting,
                                      t->clock.anchor_ms + (int64_t)(before * 1000 / t->rate_hz)));
}

static void held_release(struct audio_track *t) {
    size_t frames = t->held.len / t->block_bytes;
    if (frames > 0)
        audio_take(t, (const uint8_t *)t->held.data, frames, t->clock.samples - frames);
    buf_free(&t->held);
}

static void gap_fill(struct audio_track *t) {
    struct live_meeting *live = t->base.meeting;
    uint64_t gap = t->clock.gap_samples;
    uint64_t held = t->held.len / t->block_bytes;
    uint64_t before = t->clock.samples - held - gap;
    int64_t from_ms = t->clock.anchor_ms + (int64_t)(before * 1000 / t->rate_hz);
    unsigned gap_ms = (unsigned)(gap * 1000 / t->rate_hz);
    if (t->recorder)
        recorder_silence(t->recorder, gap);
    voice_skip(&t->voice, gap_ms);
    if (t->participant && t->feeds_analysis)
        meeting_miss(live->engine, t->participant, live_meeting_time_ms(live, from_ms),
                     live_meeting_time_ms(live, from_ms + gap_ms));
    t->core->stats.gaps++;
    t->core->stats.gap_ms += gap_ms;
    char what[32];
    snprintf(what, sizeof what, "gap_ms=%u", gap_ms);
    line_write(t, what);
}

static void verdict_apply(struct audio_track *t, enum audio_verdict verdict) {
    if (verdict == AUDIO_DOUBT && t->held.len < HELD_MAX_BYTES)
        return;
    if (verdict == AUDIO_GAP)
        gap_fill(t);
    held_release(t);
}

/*
 * While the stream flows, audio goes straight on from the receive buffer. At its beginning, and when it
 * resumes after a standstill, it is kept until the clock has said where it belongs.
 */
static bool is_flowing(const struct audio_track *t) {
    return t->clock.is_started && !t->clock.is_doubtful &&
           t->core->now_ms - t->clock.last_ms < AUDIO_CLOCK_STALL_MS;
}

static void frames_arrived(struct audio_track *t, const uint8_t *bytes, size_t frames) {
    if (frames == 0)
        return;
    if (is_flowing(t))
        audio_take(t, bytes, frames, t->clock.samples + t->pending);
    else
        buf_add(&t->held, bytes, frames * t->block_bytes);
    t->pending += frames;
}

/* Completes the sample frame that an earlier piece began. Returns the bytes used. */
static size_t carry_complete(struct audio_track *t, const uint8_t *bytes, size_t len) {
    size_t missing = t->block_bytes - t->carry_bytes;
    size_t used = missing < len ? missing : len;
    assert(t->carry_bytes + used <= BLOCK_MAX_BYTES);
    memcpy(t->carry + t->carry_bytes, bytes, used);
    t->carry_bytes += (unsigned)used;
    if (t->carry_bytes == t->block_bytes) {
        t->carry_bytes = 0;
        frames_arrived(t, t->carry, 1);
    }
    return used;
}

static void mute_drop(struct audio_track *t, size_t len) {
    t->core->stats.mute_dropped_bytes += len;
}

static void bytes_arrived(struct audio_track *t, const uint8_t *bytes, size_t len) {
    if (t->carry_bytes > 0) {
        size_t used = carry_complete(t, bytes, len);
        bytes += used;
        len -= used;
    }
    size_t rest = len % t->block_bytes; /* 0 while the carry is not complete: then len is 0 */
    frames_arrived(t, bytes, len / t->block_bytes);
    assert(rest < BLOCK_MAX_BYTES);
    if (rest > 0) {
        memcpy(t->carry, bytes + len - rest, rest);
        t->carry_bytes = (unsigned)rest;
    }
}

static void clock_tell(struct audio_track *t) {
    if (t->pending == 0)
        return;
    uint64_t samples = t->pending;
    t->pending = 0;
    verdict_apply(t, audio_clock_hear(&t->clock, samples, t->core->now_ms));
}

/* --- how many channels --- */

/* From here on the stream is what it is; what was kept back is taken as such. */
static void probe_end(struct audio_track *t, enum channels_verdict verdict) {
    static const uint8_t zeros[4096];
    struct channels kept = t->channels;

    t->is_probing = false;
    channels_init(&t->channels, t->rate_hz);
    if (verdict == CHANNELS_STEREO) {
        t->channels_count = 2;
        prosody_set_channels(t->prosody, 2);
        t->block_bytes = 4;
        voice_init(&t->voice, t->rate_hz, 2);
        log_warn("egress",
                 "the URL says mono, but the audio is stereo and is taken as such; channels=2 in "
                 "the URL is right",
                 log_text("track", t->log_track));
    }
    while (kept.zeros > 0) {
        size_t part = kept.zeros < sizeof zeros ? (size_t)kept.zeros : sizeof zeros;
        bytes_arrived(t, zeros, part);
        kept.zeros -= part;
    }
    if (kept.sound.len > 0)
        bytes_arrived(t, (const uint8_t *)kept.sound.data, kept.sound.len);
    channels_free(&kept);
}

static void probe_finish(struct audio_track *t) {
    if (t->is_probing)
        probe_end(t, channels_judge(&t->channels));
}

/* --- mute --- */

static void mute_begin(struct audio_track *t) {
    t->is_muting = false;
    probe_finish(t);
    clock_tell(t);
    audio_clock_pause(&t->clock);
    held_release(t);
    t->carry_bytes = 0;
    t->is_muted = true;
    t->muted_ms = t->core->now_ms;
    int64_t at_ms = live_meeting_time_ms(t->base.meeting, t->core->now_ms);
    if (t->recorder && !t->core->config->silence_on_mute)
        recorder_pause(t->recorder, at_ms);
    if (t->participant && t->feeds_analysis)
        meeting_mute(t->base.meeting->engine, t->participant, true, at_ms);
    line_write(t, "muted");
}

static void mute_end(struct audio_track *t) {
    t->is_muted = false;
    int64_t at_ms = live_meeting_time_ms(t->base.meeting, t->core->now_ms);
    uint64_t muted_ms = (uint64_t)(t->core->now_ms - t->muted_ms);
    if (t->recorder && t->core->config->silence_on_mute)
        recorder_silence(t->recorder, muted_ms * t->rate_hz / 1000);
    else if (t->recorder)
        recorder_resume(t->recorder, at_ms);
    voice_skip(&t->voice, muted_ms < VOICE_KEEP_MS ? (unsigned)muted_ms : VOICE_KEEP_MS);
    if (t->participant && t->feeds_analysis)
        meeting_mute(t->base.meeting->engine, t->participant, false, at_ms);
    line_write(t, "unmuted");
}

/* Whether what is in flight has come to its end: zeros long enough. */
static bool is_in_silence(struct audio_track *t, const uint8_t *bytes, size_t len) {
    size_t tail = 0;
    while (tail < len && !bytes[len - 1 - tail])
        tail++;
    t->zero_bytes = tail == len ? t->zero_bytes + len : tail;
    return t->zero_bytes >= (uint64_t)t->rate_hz * t->block_bytes * MUTE_SILENCE_MS / 1000;
}

static void mute_told(struct audio_track *t, bool is_muted) {
    if (!is_muted) {
        t->is_muting = false;
        if (t->is_muted)
            mute_end(t);
    } else if (t->is_muted || t->is_muting) {
        return;
    } else if (t->runs_ahead && t->core->config->mute_tail_ms) {
        t->is_muting = true;
        t->muted_ms = t->core->now_ms;
        t->zero_bytes = 0;
    } else {
        mute_begin(t);
    }
}

static void on_binary(void *arg, const uint8_t *bytes, size_t len, bool last) {
    struct audio_track *t = arg;
    t->received_bytes += len;
    t->core->stats.audio_bytes += len;
    t->core->stats.audio_messages += last;
    if (t->is_muted) {
        mute_drop(t, len);
        return;
    }
    if (t->is_probing) {
        enum channels_verdict verdict = channels_hear(&t->channels, bytes, len, t->core->now_ms);
        if (verdict != CHANNELS_OPEN)
            probe_end(t, verdict);
    } else {
        bytes_arrived(t, bytes, len);
    }
    if (t->is_muting && is_in_silence(t, bytes, len))
        mute_begin(t);
}

static void on_text(void *arg, struct slice text) {
    struct audio_track *t = arg;
    bool is_muted;
    t->core->stats.text_frames++;
    if (!audio_track_parse_mute(text, &is_muted)) {
        t->core->stats.text_ignored++;
        return;
    }
    mute_told(t, is_muted);
}

static void on_closed(void *arg, uint16_t code, struct slice reason) {
    struct audio_track *t = arg;
    (void)reason;
    t->base.is_over = true;
    t->base.close_code = code;
}

static const struct media_handlers handlers = {
    .on_binary = on_binary, .on_text = on_text, .on_closed = on_closed};

/* --- which connection is listened to --- */

static bool is_same_track(const struct audio_track *a, const struct audio_track *b) {
    return a->is_judged && b->is_judged &&
           !strcmp(a->base.participant_name, b->base.participant_name) &&
           !strcmp(a->base.track_name, b->base.track_name);
}

static struct audio_track *rival_find(struct audio_track *t) {
    LIST_EACH(&t->base.meeting->tracks, node) {
        struct track *other = CONTAINER_OF(node, struct track, in_meeting);
        if (other != &t->base && other->kind == TRACK_AUDIO && !other->is_over &&
            is_same_track(t, audio_of(other)))
            return audio_of(other);
    }
    return NULL;
}

static void analysis_begin(struct audio_track *t) {
    t->feeds_analysis = true;
    t->participant = live_meeting_connect(t->base.meeting, slice_from(t->base.participant_name),
                                          t->core->now_ms);
    meeting_set_dtx(t->participant, t->is_dtx);
    if (t->is_muted)
        meeting_mute(t->base.meeting->engine, t->participant, true,
                     live_meeting_time_ms(t->base.meeting, t->core->now_ms));
}

static void analysis_end(struct audio_track *t) {
    if (!t->participant)
        return;
    live_meeting_disconnect(t->base.meeting, t->participant, t->core->now_ms);
    t->participant = NULL;
    t->feeds_analysis = false;
    struct audio_track *heir = rival_find(t);
    if (heir)
        analysis_begin(heir);
}

/* --- life --- */

static void collected(struct track *track, int64_t now_ms) {
    struct audio_track *t = audio_of(track);
    if (t->is_probing && channels_tick(&t->channels, now_ms) != CHANNELS_OPEN)
        probe_finish(t);
    clock_tell(t);
    if (t->is_muting && now_ms - t->muted_ms >= t->core->config->mute_tail_ms)
        mute_begin(t);
    int64_t age_ms = t->group_ms > FLUSH_AGE_MIN_MS ? t->group_ms : FLUSH_AGE_MIN_MS;
    int64_t at_ms = live_meeting_time_ms(track->meeting, now_ms);
    if (prosody_has_open_group(t->prosody) &&
        at_ms - prosody_flushed_ms(t->prosody) > age_ms + AUDIO_CLOCK_STALL_MS)
        prosody_flush(t->prosody, at_ms);
}

static void flush(struct track *track, int64_t now_ms) {
    struct audio_track *t = audio_of(track);
    if (t->clock.is_doubtful)
        verdict_apply(t, audio_clock_tick(&t->clock, now_ms));
    if (t->recorder)
        recorder_tick(t->recorder, now_ms);
}

static void end(struct track *track, enum track_end how) {
    struct audio_track *t = audio_of(track);
    probe_finish(t);
    clock_tell(t);
    audio_clock_pause(&t->clock);
    held_release(t);
    prosody_close(t->prosody, track_now_ms(t));
    t->prosody = NULL;
    analysis_end(t);
    if (t->recorder) {
        recorder_drift(t->recorder, audio_clock_drift_ms(&t->clock));
        recorder_close(t->recorder, track_recorder_end(how),
                       live_meeting_time_ms(track->meeting, t->core->now_ms));
    }
    log_info("egress", "audio track ended", log_text("participant", t->log_participant),
             log_text("track", t->log_track), log_int("bytes", (int64_t)t->received_bytes),
             log_int("code", track->close_code));
    t->core->stats.audio_tracks--;
    track_remove(track);
    mem_free(t->room);
    mem_free(t);
}

static void renamed(struct track *track) {
    struct audio_track *t = audio_of(track);
    if (t->recorder)
        recorder_rename(t->recorder, slice_from(track->meeting->id),
                        live_meeting_name_of(track->meeting, slice_from(t->base.participant_name)));
}

static const struct track_type type = {
    .collected = collected, .flush = flush, .renamed = renamed, .end = end};

static void recording_decide(struct audio_track *t, const struct track_params *p) {
    const char *format = p->record_format[0] ? p->record_format : t->core->config->record_format;
    t->recording = strcmp(format, "off") ? RECORDED_LATER : NOT_RECORDED;
    t->format = !strcmp(format, "flac")   ? RECORD_FLAC
                : !strcmp(format, "opus") ? RECORD_OPUS
                                          : RECORD_WAV;
}

/* LiveKit Egress always sends 48 kHz stereo, whatever the URL says. */
static void format_decide(struct audio_track *t, const struct track_params *p) {
    t->rate_hz = p->from_egress ? 48000 : p->rate_hz;
    t->channels_count = p->from_egress ? 2 : p->channels;
    if (p->from_egress && (p->rate_hz != 48000 || p->channels != 2))
        log_warn("egress",
                 "the URL does not say sampleRate=48000&channels=2, which is what "
                 "LiveKit Egress sends; taken as such",
                 log_text("track", t->log_track));
    t->block_bytes = t->channels_count * 2;
    t->runs_ahead = p->from_egress || p->is_signed;
    t->is_probing = t->channels_count == 1;
    channels_init(&t->channels, t->rate_hz);
}

/* A shared screen's sound is nobody's voice. */
static void prosody_begin(struct audio_track *t) {
    static const struct prosody_owner owner = {.on_feeling = on_feeling, .on_line = on_line};
    t->prosody = prosody_open(t->is_judged ? t->core->hume : NULL, t->log_track, t->rate_hz,
                              t->channels_count, t->group_ms, track_now_ms(t), &owner, t);
}

struct track *audio_track_open(struct shard_core *core, struct live_meeting *live,
                               const struct track_params *p, struct stream *stream,
                               const char *accept) {
    struct audio_track *t = mem_alloc(sizeof *t);
    t->base = (struct track){.type = &type, .kind = TRACK_AUDIO, .meeting = live};
    t->core = core;
    text_reduce(slice_from(p->participant), t->log_participant);
    text_reduce(slice_from(p->track), t->log_track);
    t->room = mem_copy_text(p->room);
    format_decide(t, p);
    t->group_ms = p->group_ms ? p->group_ms : core->config->group_ms;
    t->is_judged = strcasecmp(p->source, "SCREEN_SHARE_AUDIO") != 0;
    t->is_dtx = (p->from_egress || p->source[0]) && strcmp(p->dtx, "off") != 0;
    audio_clock_init(&t->clock, t->rate_hz);
    voice_init(&t->voice, t->rate_hz, t->channels_count);
    recording_decide(t, p);
    prosody_begin(t);
    core->stats.audio_tracks++;
    t->base.conn = media_conn_new(stream, accept, core->config->max_message_bytes, &handlers, t,
                                  &core->media, core->now_ms);
    track_add(core, &t->base, p);
    if (t->is_judged && !rival_find(t))
        analysis_begin(t);
    log_info("egress", "audio track connected", log_text("participant", t->log_participant),
             log_text("track", t->log_track), log_int("rateHz", t->rate_hz),
             log_int("channels", t->channels_count));
    return &t->base;
}
