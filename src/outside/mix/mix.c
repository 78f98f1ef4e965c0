#include "outside/mix/mix.h"

#include "base/mem.h"
#include "sound/stretch.h"

#include <math.h>
#include <string.h>

enum { TRACKS_MAX = 256 };

struct mix {
    int64_t from_ms;
    double rate;
    uint64_t samples, made;
    struct mix_track *tracks[TRACKS_MAX];
    size_t count;
    struct stretch stretch;
    float *sum;
    size_t sum_cap;
    float hop[STRETCH_HOP]; /* of the stretch, and where it is read */
    size_t hop_at;
};

struct mix *mix_new(int64_t from_ms, int64_t to_ms, double rate) {
    struct mix *mix = mem_alloc(sizeof *mix);
    mix->from_ms = from_ms;
    mix->rate = rate;
    mix->samples = (uint64_t)((double)(to_ms - from_ms) * MIX_RATE_HZ / 1000 / rate);
    mix->hop_at = STRETCH_HOP;
    stretch_init(&mix->stretch, rate);
    return mix;
}

void mix_free(struct mix *mix) {
    if (!mix)
        return;
    for (size_t i = 0; i < mix->count; i++)
        mix_track_close(mix->tracks[i]);
    mem_free(mix->sum);
    mem_free(mix);
}

void mix_add(struct mix *mix, struct mix_track *track) {
    if (mix->count < TRACKS_MAX)
        mix->tracks[mix->count++] = track;
    else
        mix_track_close(track);
}

uint64_t mix_samples(const struct mix *mix) {
    return mix->samples;
}

static const float *sum_of(struct mix *mix, int64_t first, size_t count) {
    if (count > mix->sum_cap) {
        mix->sum = mem_resize(mix->sum, count * sizeof *mix->sum);
        mix->sum_cap = count;
    }
    memset(mix->sum, 0, count * sizeof *mix->sum);
    for (size_t i = 0; i < mix->count; i++)
        mix_track_add(mix->tracks[i], mix->from_ms, first, count, mix->sum);
    return mix->sum;
}

/* Several loud voices at once bend, and do not crack. */
static int16_t limit(float sample) {
    float x = sample / 32768;
    float size = fabsf(x);
    if (size > 0.7f)
        x = copysignf(0.7f + 0.3f * tanhf((size - 0.7f) / 0.3f), x);
    return (int16_t)lrintf(x * 32767);
}

static void stretch_more(struct mix *mix) {
    uint64_t from, to;
    stretch_span(&mix->stretch, &from, &to);
    stretch_step(&mix->stretch, sum_of(mix, (int64_t)from, (size_t)(to - from)), mix->hop);
    mix->hop_at = 0;
}

size_t mix_make(struct mix *mix, int16_t *out, size_t cap) {
    uint64_t left = mix->samples - mix->made;
    size_t count = left < cap ? (size_t)left : cap;
    if (mix->rate <= 1) {
        const float *sum = sum_of(mix, (int64_t)mix->made, count);
        for (size_t i = 0; i < count; i++)
            out[i] = limit(sum[i]);
    }
    for (size_t i = 0; i < count && mix->rate > 1; i++) {
        if (mix->hop_at == STRETCH_HOP)
            stretch_more(mix);
        out[i] = limit(mix->hop[mix->hop_at++]);
    }
    mix->made += count;
    return count;
}
