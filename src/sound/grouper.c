#include "sound/grouper.h"

#include "sound/kernels.h"

#include <assert.h>
#include <string.h>

void grouper_init(struct grouper *g, unsigned rate_hz, unsigned channels, unsigned group_ms) {
    assert(group_ms > 0 && channels >= 1 && channels <= 2);
    *g = (struct grouper){
        .rate_hz = rate_hz,
        .group = group_ms * (GROUPER_RATE_HZ / 1000),
        .channels = (uint8_t)channels,
    };
    sides_init(&g->sides, rate_hz);
    resample_init(&g->resample, rate_hz, RESAMPLE_TO_LISTEN);
}

static void grouper_count(struct grouper *g, size_t samples, bool *is_full) {
    g->filled += (uint32_t)samples;
    *is_full = g->filled == g->group;
    if (*is_full)
        g->filled = 0;
}

static size_t room_in_group(const struct grouper *g, size_t room) {
    size_t rest = g->group - g->filled;
    return room < rest ? room : rest;
}

size_t grouper_hear(struct grouper *g, const int16_t *pcm, size_t frames, int16_t *out, size_t room,
                    size_t *written, bool *is_full) {
    const struct kernels *k = kernels_best();
    int16_t line[RESAMPLE_TAPS_MAX + RESAMPLE_BLOCK], *mono = line + RESAMPLE_TAPS_MAX;
    size_t want = room_in_group(g, room);
    size_t used = resample_room(&g->resample, want);
    if (used > frames)
        used = frames;
    if (used > RESAMPLE_BLOCK)
        used = RESAMPLE_BLOCK;
    g->has_sound = true;
    sides_take(&g->sides, k, pcm, used, g->channels, mono);
    *written = resample_run(&g->resample, k, mono, used, out, want);
    grouper_count(g, *written, is_full);
    return used;
}

size_t grouper_pass(struct grouper *g, size_t frames, size_t *passed, bool *is_full) {
    size_t want = room_in_group(g, g->group);
    size_t used = resample_room(&g->resample, want);
    if (used > frames)
        used = frames;
    /* To the filters, what is passed over is zeros. Their memory must be zeros as well. */
    if (g->has_sound) {
        memset(g->resample.tail, 0, sizeof g->resample.tail);
        memset(g->resample.sinc_tail, 0, sizeof g->resample.sinc_tail);
        g->has_sound = false;
    }
    *passed = resample_pass(&g->resample, used, want);
    grouper_count(g, *passed, is_full);
    return used;
}

uint32_t grouper_cut(struct grouper *g) {
    uint32_t filled = g->filled;
    g->filled = 0;
    return filled;
}

void grouper_normalize(int16_t *pcm, size_t n) {
    enum { CEILING = 29204 }; /* -1 dBFS */
    int peak = kernels_best()->peak(pcm, n);
    if (peak <= CEILING)
        return;
    for (size_t i = 0; i < n; i++)
        pcm[i] = (int16_t)(pcm[i] * CEILING / peak);
}
