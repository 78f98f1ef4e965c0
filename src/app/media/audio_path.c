#include "app/media/audio_track_private.h"

#include "base/mem.h"
#include "outside/disk/disk.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define SPEECH 0.5f /* probability from which a frame counts as speech for the prosody service */

/* ---- Lines in the meeting's pipeline log ---- */

void audio_track_log(struct audio_track *t, const char *what) {
    track_log_at(&t->base, track_now_ms(&t->base), what);
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

static void gap_put_in(struct audio_track *t) {
    struct live_meeting *live = t->base.meeting;
    int64_t from_ms = mono_ms_of(t, t->clock.samples - t->clock.tail - t->clock.change);
    unsigned gap_ms = (unsigned)(t->clock.change * 1000 / t->rate_hz);
    audio_file_shift(t, t->clock.tail, (int64_t)t->clock.change);
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

/* Late audio replaces silence in the recording. Its time has been judged without it. */
static void gap_take_back(struct audio_track *t) {
    audio_file_shift(t, t->clock.tail, -(int64_t)t->clock.change);
    char what[32];
    snprintf(what, sizeof what, "found_ms=%u", (unsigned)(t->clock.change * 1000 / t->rate_hz));
    audio_track_log(t, what);
}

static void verdict_apply(struct audio_track *t, enum audio_verdict verdict) {
    if (verdict == AUDIO_GAP)
        gap_put_in(t);
    else if (verdict == AUDIO_FOUND)
        gap_take_back(t);
}

/* Audio is taken straight from the receive buffer. Only a stretch's first turn is kept until its
 * end, when its time is known. */
static void frames_arrived(struct audio_track *t, const uint8_t *bytes, size_t frames) {
    if (frames == 0)
        return;
    if (t->clock.is_started)
        audio_take(t, bytes, frames, t->clock.samples + t->pending);
    else
        buf_add(&t->opening, bytes, frames * t->block_bytes);
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

/* A stretch's first read may have been late. What the clock has learnt since then is told once,
 * but not while sound waits for the file's layout. */
static void place_tell(struct audio_track *t) {
    const struct audio_clock *clock = &t->clock;
    if (t->file.is_unplaced && clock->is_started && t->file.sound.len == 0 &&
        clock->last_ms - clock->first_ms >= AUDIO_CLOCK_SETTLE_MS)
        audio_file_place(t, clock->anchor_ms);
}

void audio_path_tell_clock(struct audio_track *t, bool is_behind) {
    if (t->pending == 0)
        return;
    uint64_t samples = t->pending;
    t->pending = 0;
    enum audio_verdict verdict =
        audio_clock_hear(&t->clock, samples, t->base.core->now_ms, is_behind);
    if (t->opening.len > 0)
        audio_take(t, (const uint8_t *)t->opening.data, samples, 0);
    buf_free(&t->opening);
    verdict_apply(t, verdict);
    place_tell(t);
}

int64_t audio_path_pause(struct audio_track *t) {
    audio_path_tell_clock(t, t->base.core->is_late);
    while (audio_clock_settle(&t->clock) == AUDIO_GAP)
        verdict_apply(t, AUDIO_GAP);
    int64_t end_ms = t->base.core->now_ms;
    if (t->clock.is_started) {
        audio_file_place(t, t->clock.anchor_ms);
        end_ms = audio_clock_end_ms(&t->clock);
    }
    audio_clock_pause(&t->clock);
    return end_ms;
}
