#include "app/shard/audio_track_private.h"

#include "base/mem.h"
#include "outside/disk/disk.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { HELD_MAX_BYTES = 1024 * 1024 }; /* kept back while the clock doubts */

#define SPEECH 0.5f /* probability from which a frame counts as speech for the prosody service */

/* ---- Lines in the meeting's pipeline log ---- */

void audio_track_log_at(struct audio_track *t, int64_t at_ms, const char *what) {
    char time[TEXT_ISO_SIZE];
    text_iso_time(at_ms, time);
    struct buf line = {0};
    char meeting[TEXT_NAME_SIZE];
    text_reduce(slice_from(t->base.meeting->id), meeting);
    buf_printf(&line, "%s meetingId=%s participant=%s track=%s %s", time, meeting,
               t->base.log_participant, t->base.log_track, what);
    disk_log(t->base.core->disk, slice_from(t->base.meeting->id), buf_slice(&line));
    buf_free(&line);
}

void audio_track_log(struct audio_track *t, const char *what) {
    audio_track_log_at(t, track_now_ms(&t->base), what);
}

/* Steady-clock time of the sample frame `before` samples after the clock's anchor. */
static int64_t mono_ms_of(const struct audio_track *t, uint64_t before) {
    return t->clock.anchor_ms + (int64_t)(before * 1000 / t->rate_hz);
}

/* ---- Analysis ---- */

/* Hears sample frames that begin `before` samples after the clock's anchor. */
static void voice_feed(struct audio_track *t, const int16_t *pcm, size_t frames, uint64_t before) {
    struct live_meeting *live = t->base.meeting;
    struct voice_frame frame;
    bool is_done;
    while (frames > 0) {
        size_t used = voice_hear(&t->voice, pcm, frames, &frame, &is_done);
        pcm += used * t->channel_count;
        frames -= used;
        before += used;
        if (!is_done)
            continue;
        int64_t at_ms = live_meeting_time_ms(live, mono_ms_of(t, before) - VOICE_DELAY_MS);
        if (frame.speech >= SPEECH)
            prosody_spoke(t->prosody, at_ms);
        meeting_hear(live->engine, t->heard, &frame, at_ms);
    }
}

/* Control frames between messages may leave the bytes at an odd address; they are then copied in
 * pieces. */
static void analyse(struct audio_track *t, const uint8_t *bytes, size_t frames, uint64_t before) {
    if (!t->heard)
        return;
    if (meeting_is_paused(t->base.meeting->engine)) {
        t->analysis_missed = true;
        return;
    }
    if (t->analysis_missed) { /* what was missed says nothing about what follows */
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

/* ---- Audio in time ---- */

static bool is_analysed(const struct audio_track *t) {
    return t->heard && !meeting_is_paused(t->base.meeting->engine);
}

/* Takes whole sample frames whose place is certain: `before` samples after the clock's anchor. */
static void audio_take(struct audio_track *t, const uint8_t *bytes, size_t frames,
                       uint64_t before) {
    audio_file_take(t, bytes, frames, mono_ms_of(t, before));
    analyse(t, bytes, frames, before);
    prosody_trust_level(t->prosody, !is_analysed(t));
    prosody_hear(t->prosody, bytes, frames,
                 live_meeting_time_ms(t->base.meeting, mono_ms_of(t, before)));
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
    int64_t from_ms = mono_ms_of(t, before);
    unsigned gap_ms = (unsigned)(gap * 1000 / t->rate_hz);
    audio_file_silence(t, gap);
    voice_skip(&t->voice, gap_ms);
    if (t->heard)
        meeting_miss(live->engine, t->heard, live_meeting_time_ms(live, from_ms),
                     live_meeting_time_ms(live, from_ms + gap_ms));
    t->base.core->stats.gaps++;
    t->base.core->stats.gap_ms += gap_ms;
    char what[32];
    snprintf(what, sizeof what, "gap_ms=%u", gap_ms);
    audio_track_log(t, what);
}

static void verdict_apply(struct audio_track *t, enum audio_verdict verdict) {
    if (verdict == AUDIO_DOUBT && t->held.len < HELD_MAX_BYTES)
        return;
    if (verdict == AUDIO_GAP)
        gap_fill(t);
    held_release(t);
}

/* While the stream flows, audio is taken straight from the receive buffer. At its beginning, and
 * when it resumes after a stall, audio is held until the clock has decided where it belongs. */
static bool is_flowing(const struct audio_track *t) {
    return t->clock.is_started && !t->clock.is_doubtful &&
           t->base.core->now_ms - t->clock.last_ms < AUDIO_CLOCK_STALL_MS;
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
        frames_arrived(t, t->carry, t->is_carry_lost ? 0 : 1);
        t->is_carry_lost = false;
    }
    return used;
}

void audio_path_hear(struct audio_track *t, const uint8_t *bytes, size_t len) {
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

void audio_path_drop(struct audio_track *t, size_t len) {
    t->carry_bytes = (unsigned)((t->carry_bytes + len) % t->block_bytes);
    t->is_carry_lost = t->carry_bytes > 0;
}

void audio_path_tell_clock(struct audio_track *t) {
    if (t->pending == 0)
        return;
    uint64_t samples = t->pending;
    t->pending = 0;
    verdict_apply(t, audio_clock_hear(&t->clock, samples, t->base.core->now_ms));
}

void audio_path_tick(struct audio_track *t, int64_t now_ms) {
    if (t->clock.is_doubtful)
        verdict_apply(t, audio_clock_tick(&t->clock, now_ms));
}

void audio_path_pause(struct audio_track *t) {
    audio_path_tell_clock(t);
    audio_clock_pause(&t->clock);
    held_release(t);
}
