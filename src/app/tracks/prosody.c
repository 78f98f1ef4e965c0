#include "app/tracks/prosody.h"

#include "base/mem.h"
#include "outside/hume/hume.h"
#include "sound/grouper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WAV_HEADER_BYTES = 44,
    SPEECH_LASTS_MS = 250, /* after the detector found it; it reports late, in steps of a tick */
    SOUND = 33,            /* -60 dBFS */
};

struct prosody {
    struct prosody_settings set;
    struct hume_track *track; /* NULL: not for the service */
    int64_t flushed_ms, heard_ms, spoke_ms;
    bool trusts_level;
    struct grouper *grouper; /* NULL without a service: then frames are only counted */
    uint64_t group, filled;  /* sample frames of a whole group, and of the current one */
};

/* ---- What comes back ---- */

static void hume_on_feeling(const struct feeling *feeling, int64_t from_ms, int64_t to_ms,
                            void *user) {
    const struct prosody *p = user;
    p->set.on_feeling(feeling, from_ms, to_ms, p->set.user);
}

static void tell_line(const struct prosody *p, int64_t flushed_ms, uint32_t samples,
                      const char *fate) {
    char what[64];
    snprintf(what, sizeof what, "size=%u hume=%s",
             (unsigned)(WAV_HEADER_BYTES + samples * sizeof(int16_t)), fate);
    p->set.on_line(flushed_ms, what, p->set.user);
}

static void hume_on_fate(int64_t flushed_ms, uint32_t samples, enum hume_fate fate, void *user) {
    tell_line(user, flushed_ms, samples, hume_fate_name(fate));
}

/* ---- What goes there ---- */

static void flush_group(struct prosody *p, int64_t at_ms, uint32_t samples) {
    p->flushed_ms = at_ms;
    if (samples == 0)
        return;
    if (p->track)
        hume_track_flush(p->track, at_ms, samples);
    else
        tell_line(p, at_ms, samples, "off");
}

static bool is_speech(const struct prosody *p, const int16_t *pcm, size_t n, int64_t at_ms) {
    if (!p->trusts_level)
        return at_ms - p->spoke_ms <= SPEECH_LASTS_MS;
    for (size_t i = 0; i < n; i++)
        if (abs(pcm[i]) > SOUND)
            return true;
    return false;
}

static size_t count_some(struct prosody *p, size_t frames, bool *is_full) {
    size_t used = p->group - p->filled < frames ? (size_t)(p->group - p->filled) : frames;
    p->filled += used;
    *is_full = p->filled == p->group;
    if (*is_full)
        p->filled = 0;
    return used;
}

/* Hears at most a block of sample frames; returns how many. */
static size_t hear_some(struct prosody *p, const uint8_t *bytes, size_t frames, int64_t at_ms,
                        bool *is_full) {
    int16_t in[RESAMPLE_BLOCK * 2], out[RESAMPLE_BLOCK * 2];
    size_t written;
    if (!p->grouper)
        return count_some(p, frames, is_full);
    if (!hume_track_wants(p->track))
        return grouper_pass(p->grouper, frames, &written, is_full);
    size_t n = frames < RESAMPLE_BLOCK ? frames : RESAMPLE_BLOCK;
    memcpy(in, bytes, n * p->set.channels * sizeof *in);
    n = grouper_hear(p->grouper, in, n, out, RESAMPLE_BLOCK * 2, &written, is_full);
    hume_track_hear(p->track, out, written, at_ms, is_speech(p, out, written, at_ms));
    return n;
}

/* How many samples at 16 kHz so many sample frames are. */
static uint32_t samples_of(const struct prosody *p, uint64_t frames) {
    return (uint32_t)((frames * GROUPER_RATE_HZ + p->set.rate_hz / 2) / p->set.rate_hz);
}

void prosody_hear(struct prosody *p, const uint8_t *bytes, size_t frames, int64_t at_ms) {
    uint64_t done = 0;
    while (frames > 0) {
        bool is_full;
        int64_t now_ms = at_ms + (int64_t)(done * 1000 / p->set.rate_hz);
        size_t used = hear_some(p, bytes, frames, now_ms, &is_full);
        bytes += used * p->set.channels * sizeof(int16_t);
        frames -= used;
        done += used;
        p->heard_ms = at_ms + (int64_t)(done * 1000 / p->set.rate_hz);
        if (is_full)
            flush_group(p, p->heard_ms, p->grouper ? p->grouper->group : samples_of(p, p->group));
    }
}

void prosody_spoke(struct prosody *p, int64_t at_ms) {
    p->spoke_ms = at_ms;
}

void prosody_trust_level(struct prosody *p, bool on) {
    p->trusts_level = on;
}

static void flush_rest(struct prosody *p, int64_t at_ms) {
    uint32_t samples = p->grouper ? grouper_cut(p->grouper) : samples_of(p, p->filled);
    p->filled = 0;
    flush_group(p, at_ms, samples);
}

void prosody_flush_older(struct prosody *p, int64_t at_ms, int64_t age_ms) {
    bool has_begun = p->grouper ? p->grouper->filled > 0 : p->filled > 0;
    if (has_begun && at_ms - p->flushed_ms > age_ms)
        flush_rest(p, at_ms);
}

/* ---- Life ---- */

struct prosody *prosody_new(const struct prosody_settings *set) {
    static const struct hume_listener listener = {hume_on_feeling, hume_on_fate};
    struct prosody *p = mem_alloc(sizeof *p);
    p->set = *set;
    p->spoke_ms = INT64_MIN / 2;
    p->flushed_ms = set->now_ms;
    p->group = (uint64_t)set->rate_hz * set->group_ms / 1000;
    if (set->hume && hume_is_on(set->hume)) {
        p->grouper = mem_alloc(sizeof *p->grouper);
        grouper_init(p->grouper, set->rate_hz, set->channels, set->group_ms);
    }
    if (set->hume)
        p->track = hume_track_new(set->hume, slice_from(set->name), set->group_ms, &listener, p);
    return p;
}

void prosody_set_channels(struct prosody *p, unsigned channels) {
    p->set.channels = channels;
    if (p->grouper)
        p->grouper->channels = (uint8_t)channels;
}

void prosody_close(struct prosody *p, int64_t at_ms) {
    if (!p)
        return;
    flush_rest(p, at_ms);
    hume_track_close(p->track);
    mem_free(p->grouper);
    mem_free(p);
}
