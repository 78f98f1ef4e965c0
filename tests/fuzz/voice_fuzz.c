/* Any samples at any rate, cut anywhere: every number finite and in its range, and the same
 * whatever the cuts. Byte 0 chooses the rate, 1 the channels and the kernels, 2 the cuts; the rest
 * is PCM that is repeated until it lasts 0.4 s. */
#include "sound/level.h"
#include "sound/pace.h"
#include "sound/voice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD = 3, MOST = 60 };

static void must(bool holds) {
    if (!holds)
        abort();
}

static bool is_within(float x, float low, float high) {
    return isfinite(x) && x >= low && x <= high;
}

static void must_be_sound(const struct voice_frame *f) {
    must(is_within(f->power, 0, 1.0001f));
    must(is_within(f->peak, 0, 1) && is_within(f->clip, 0, 1));
    must(f->power <= f->peak * f->peak * 1.001f);
    must(is_within(f->speech, 0, 1));
    must(f->f0_hz == 0 || is_within(f->f0_hz, 58, 440));
    must(is_within(f->periodicity, 0, 1));
    must(is_within(f->syllable_db[0], -120, 10) && is_within(f->syllable_db[1], -120, 10));
    must(is_within(f->floor_db, -120, 10));
}

static size_t hear(struct voice *v, const int16_t *pcm, size_t n, size_t piece,
                   struct voice_frame out[MOST]) {
    size_t count = 0;

    for (size_t at = 0; at < n;) {
        size_t give = piece < n - at ? piece : n - at;
        bool done;
        size_t used = voice_hear(v, pcm + at * v->channels, give, &out[count], &done);
        must(used <= give && (done || used == give));
        count += done;
        at += used;
    }
    return count;
}

static void measure(const struct voice_frame *frames, size_t n) {
    static struct pace pace;
    static struct pitch_span span;
    float rate, spread;

    pace = (struct pace){0};
    span = (struct pitch_span){0};
    for (size_t i = 0; i < 20 * n; i++) {
        const struct voice_frame *f = &frames[i % n];
        pace_hear(&pace, f->syllable_db);
        pitch_span_hear(&span, f->f0_hz, f->periodicity);
        if (f->speech < 0.01f)
            pace_break(&pace);
    }
    const struct pace_limits limits = {.prominence_db = 4, .below_db = 15, .apart_ms = 50};
    if (pace_rate(&pace, &limits, 0.5f, &rate))
        must(is_within(rate, 0, 20));
    if (pitch_span_spread(&span, &spread))
        must(is_within(spread, 0, 8));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const unsigned rates[] = {8000, 11025, 16000, 22050, 44100, 44101, 48000, 192000};
    static struct voice whole, cut;
    static struct voice_frame a[MOST], b[MOST];
    if (size < HEAD + 2)
        return 0;

    unsigned rate_hz = rates[data[0] % 8], channels = 1 + (data[1] & 1);
    if (data[0] >= 128)
        rate_hz = 8000 + (unsigned)data[0] * data[2] * 2;
    size_t n = rate_hz * 2 / 5, samples = (size - HEAD) / 2;
    int16_t *pcm = malloc(n * channels * sizeof *pcm);
    for (size_t i = 0; i < n * channels; i++)
        memcpy(&pcm[i], data + HEAD + 2 * (i % samples), sizeof *pcm);

    voice_init(&whole, rate_hz, channels);
    voice_init(&cut, rate_hz, channels);
    voice_use_kernels(&whole, data[1] / 2 % kernels_count());
    voice_use_kernels(&cut, data[1] / 2 % kernels_count());
    size_t na = hear(&whole, pcm, n, n, a), nb = hear(&cut, pcm, n, 1 + data[2] * 7u, b);
    must(na == nb && na >= 16 && na <= 18);
    for (size_t i = 0; i < na; i++) {
        must_be_sound(&a[i]);
        must(a[i].peak == b[i].peak && a[i].clip == b[i].clip);
        must(fabsf(a[i].power - b[i].power) <= 1e-4f * a[i].power);
    }
    measure(a, na);
    voice_skip(&whole, data[2] * 20u);
    must(hear(&whole, pcm, n, n, a) >= 16);
    free(pcm);
    return 0;
}
