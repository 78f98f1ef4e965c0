#include "app/media/audio_track_private.h"

#include "base/macros.h"
#include "base/mem.h"
#include "outside/disk/disk.h"

enum {
    HELD_MS = 400,    /* of sound, at most, until the layout is decided */
    EVENTS_MAX = 256, /* before the first sound */
};

/* What happened before the first sound, in order. */
enum event_kind { EVENT_ZEROS, EVENT_SILENCE, EVENT_PAUSE, EVENT_RESUME, EVENT_PLACE };

struct event {
    enum event_kind kind;
    int64_t value; /* sample frames, a meeting time, or ms */
};

static struct event *events_of(struct audio_file *file, size_t *count) {
    *count = file->events.len / sizeof(struct event);
    return (struct event *)(void *)file->events.data;
}

static void event_add(struct audio_file *file, enum event_kind kind, int64_t value) {
    size_t count;
    struct event *events = events_of(file, &count);
    bool is_more = kind <= EVENT_SILENCE && count > 0 && events[count - 1].kind == kind;
    const struct event event = {kind, value};
    if (is_more)
        events[count - 1].value += value;
    else
        buf_add(&file->events, &event, sizeof event);
}

/* ---- Into the recorder ---- */

static void write_mono(struct audio_track *t, const uint8_t *bytes, size_t frames) {
    struct stereo *stereo = &t->file.stereo;
    int16_t mono[1024];
    while (frames > 0) {
        size_t part = frames < ARRAY_LEN(mono) ? frames : ARRAY_LEN(mono);
        stereo_hear(stereo, bytes, part);
        stereo_mix(stereo, bytes, part, mono);
        recorder_append(t->base.recorder, mono, part * sizeof *mono);
        bytes += part * t->block_bytes;
        frames -= part;
    }
    if (stereo->is_stereo)
        track_doubt(&t->base, DOUBT_STEREO_AS_MONO, log_int("channels", 2));
}

static void write_frames(struct audio_track *t, const uint8_t *bytes, size_t frames) {
    if (t->file.layout == LAYOUT_MONO)
        write_mono(t, bytes, frames);
    else
        recorder_append(t->base.recorder, bytes, frames * t->block_bytes);
}

static void write_zeros(struct audio_track *t, uint64_t frames) {
    static const uint8_t zeros[64 * 1024];
    size_t frame_bytes = t->file.layout == LAYOUT_MONO ? sizeof(int16_t) : t->block_bytes;
    while (frames > 0) {
        size_t most = sizeof zeros / frame_bytes;
        size_t part = frames < most ? (size_t)frames : most;
        recorder_append(t->base.recorder, zeros, part * frame_bytes);
        frames -= part;
    }
}

static void event_apply(struct audio_track *t, const struct event *event) {
    switch (event->kind) {
    case EVENT_ZEROS:
        write_zeros(t, (uint64_t)event->value);
        break;
    case EVENT_SILENCE:
        recorder_silence(t->base.recorder, (uint64_t)event->value);
        break;
    case EVENT_PAUSE:
        recorder_pause(t->base.recorder, event->value);
        break;
    case EVENT_RESUME:
        recorder_resume(t->base.recorder, event->value);
        break;
    case EVENT_PLACE:
        recorder_place(t->base.recorder, event->value);
        break;
    }
}

/* ---- How the file begins ---- */

/* The recording begins with its first sample, whose time names the file. */
static void file_open(struct audio_track *t, enum audio_layout layout) {
    struct audio_file *file = &t->file;
    file->layout = layout;
    struct recording_info info = track_recording(&t->base, t->format->id, file->began_ms);
    info.rate_hz = t->rate_hz;
    info.has_way = t->has_way;
    info.is_delay_measured = t->way.is_measured;
    info.delay_ms = t->way.delay_ms;
    info.channels = layout == LAYOUT_MONO ? 1 : (uint16_t)t->channel_count;
    t->base.recorder = recorder_open(t->base.core->disk, &info);
    stereo_init(&file->stereo, t->rate_hz);

    size_t count;
    const struct event *events = events_of(file, &count);
    for (size_t i = 0; i < count; i++)
        event_apply(t, &events[i]);
    if (file->sound.len > 0)
        write_frames(t, (const uint8_t *)file->sound.data, file->sound.len / t->block_bytes);
    buf_free(&file->events);
    buf_free(&file->sound);
}

static void file_begin(struct audio_track *t, int64_t mono_ms) {
    struct audio_file *file = &t->file;
    file->has_begun = true;
    file->began_ms = file->said_ms = mono_ms;
    file->is_unplaced = true;
    stereo_init(&file->stereo, t->rate_hz);
    bool is_as_sent =
        t->channel_count == 1 || !t->base.core->settings->folds_channels || file->word == STEREO_ON;
    if (is_as_sent)
        file_open(t, LAYOUT_AS_SENT);
    else if (file->word == STEREO_OFF)
        file_open(t, LAYOUT_MONO);
}

static size_t zero_frames(const uint8_t *bytes, size_t frames, size_t block_bytes) {
    if (slice_is_zero(slice_of(bytes, frames * block_bytes)))
        return frames;
    size_t zeros = 0;
    while (slice_is_zero(slice_of(bytes + zeros * block_bytes, block_bytes)))
        zeros++;
    return zeros;
}

/* Takes sample frames while the layout is open; returns how many. */
static size_t hold(struct audio_track *t, const uint8_t *bytes, size_t frames) {
    struct audio_file *file = &t->file;
    if (file->sound.len == 0) {
        size_t zeros = zero_frames(bytes, frames, t->block_bytes);
        if (zeros > 0) {
            event_add(file, EVENT_ZEROS, (int64_t)zeros);
            return zeros;
        }
        file->sound_ms = t->base.core->now_ms;
    }
    size_t left = (size_t)t->rate_hz * HELD_MS / 1000 - file->sound.len / t->block_bytes;
    size_t n = frames < left ? frames : left;
    buf_add(&file->sound, bytes, n * t->block_bytes);
    stereo_hear(&file->stereo, bytes, n);
    if (file->stereo.is_stereo)
        file_open(t, LAYOUT_AS_SENT);
    else if (n == left)
        file_open(t, LAYOUT_MONO);
    return n;
}

static bool is_open(const struct audio_track *t) {
    return t->file.layout == LAYOUT_OPEN;
}

/* What little sound there was decides: mostly with a side signal, or mono for good. */
static void settle(struct audio_track *t) {
    struct audio_file *file = &t->file;
    if (!file->has_begun || !is_open(t))
        return;
    uint64_t heard_ms = (uint64_t)file->sound.len / t->block_bytes * 1000 / t->rate_hz;
    file_open(t, file->stereo.proof_ms * 2 > heard_ms ? LAYOUT_AS_SENT : LAYOUT_MONO);
}

void audio_file_take(struct audio_track *t, const uint8_t *bytes, size_t frames, int64_t mono_ms) {
    if (!t->format)
        return;
    if (!t->file.has_begun)
        file_begin(t, mono_ms);
    while (frames > 0 && is_open(t)) {
        size_t used = hold(t, bytes, frames);
        bytes += used * t->block_bytes;
        frames -= used;
    }
    if (frames > 0)
        write_frames(t, bytes, frames);
}

/* Before the first sound an event waits for the decision; later it is a reason to decide. */
static void file_note(struct audio_track *t, enum event_kind kind, int64_t value) {
    struct audio_file *file = &t->file;
    if (!file->has_begun)
        return;
    bool may_wait = file->sound.len == 0 && file->events.len < EVENTS_MAX * sizeof(struct event);
    if (is_open(t) && may_wait) {
        event_add(file, kind, value);
        return;
    }
    settle(t);
    event_apply(t, &(struct event){kind, value});
}

void audio_file_silence(struct audio_track *t, uint64_t frames) {
    file_note(t, EVENT_SILENCE, (int64_t)frames);
}

/* Among zeros a gap has no place of its own. */
static void waiting_shift(struct audio_file *file, int64_t frames) {
    size_t count;
    struct event *events = events_of(file, &count);
    if (frames > 0)
        event_add(file, EVENT_SILENCE, frames);
    for (; count > 0 && frames < 0; count--) {
        struct event *event = &events[count - 1];
        if (event->kind != EVENT_SILENCE)
            continue;
        int64_t less = event->value < -frames ? event->value : -frames;
        event->value -= less;
        frames += less;
    }
}

void audio_file_shift(struct audio_track *t, uint64_t tail, int64_t frames) {
    struct audio_file *file = &t->file;
    if (!file->has_begun)
        return;
    bool may_wait = file->sound.len == 0 && file->events.len < EVENTS_MAX * sizeof(struct event);
    if (is_open(t) && may_wait) {
        waiting_shift(file, frames);
        return;
    }
    settle(t);
    recorder_shift(t->base.recorder, tail, frames);
}

void audio_file_pause(struct audio_track *t, int64_t at_ms) {
    file_note(t, EVENT_PAUSE, at_ms);
}

void audio_file_resume(struct audio_track *t, int64_t at_ms) {
    t->file.said_ms = t->base.core->now_ms;
    t->file.is_unplaced = true;
    file_note(t, EVENT_RESUME, at_ms);
}

void audio_file_place(struct audio_track *t, int64_t mono_ms) {
    struct audio_file *file = &t->file;
    if (file->is_unplaced && mono_ms != file->said_ms)
        file_note(t, EVENT_PLACE, mono_ms - file->said_ms);
    file->is_unplaced = false;
}

void audio_file_tick(struct audio_track *t, int64_t now_ms) {
    if (t->file.sound.len > 0 && now_ms - t->file.sound_ms >= HELD_MS)
        settle(t);
}

void audio_file_end(struct audio_track *t, int64_t drift_ms) {
    settle(t);
    if (t->base.recorder)
        recorder_drift(t->base.recorder, drift_ms);
}
