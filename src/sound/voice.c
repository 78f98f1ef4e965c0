#include "sound/voice.h"

#include "base/slice.h"

#include <assert.h>
#include <string.h>

enum {
    ZERO_FRAMES_MAX = 4, /* digital silence up to here is still analysed */
    CLIP_LEAST = 32440,  /* |x| from here counts as clipped */
    FAINT_MOST = 2,      /* |x| up to here may be what a codec makes of zeros */
};

static const struct voice_frame silence = {.syllable_db = {-120, -120}};

void voice_init(struct voice *v, unsigned rate_hz, unsigned channels) {
    assert(rate_hz >= VOICE_RATE_MIN_HZ && rate_hz <= VOICE_RATE_MAX_HZ);
    assert(channels >= 1 && channels <= VOICE_CHANNELS_MAX);
    memset(v, 0, sizeof *v);
    v->rate_hz = rate_hz;
    v->channels = (uint8_t)channels;
    v->kernels = (uint8_t)(kernels_count() - 1);
    sides_init(&v->sides, rate_hz);
    resample_init(&v->resample, rate_hz, RESAMPLE_TO_MEASURE);
}

void voice_use_kernels(struct voice *v, unsigned i) {
    v->kernels = (uint8_t)i;
}

static void voice_begin_frame(struct voice *v) {
    v->filled = v->heard = 0;
    v->clipped = v->nonzero = 0;
    v->peak = 0;
    v->squares = 0;
    v->sides.has_sound = false;
}

/* Nothing was computed while asleep: this frame's samples so far were zeros, and so are the
 * filters. */
static void wake(struct voice *v) {
    v->asleep = false;
    memset(vad_input(&v->vad), 0, v->filled * sizeof(int16_t));
}

static void fall_asleep(struct voice *v, float floor_db) {
    v->asleep = true;
    vad_clear(&v->vad);
    v->waiting = 2;
    v->ahead[0] = v->ahead[1] = silence;
    v->ahead[0].floor_db = v->ahead[1].floor_db = floor_db;
}

static uint32_t clipped_samples(const int16_t *pcm, size_t n) {
    uint32_t clipped = 0;
    for (size_t i = 0; i < n; i++)
        clipped += (pcm[i] >= CLIP_LEAST) | (pcm[i] <= -CLIP_LEAST);
    return clipped;
}

static uint32_t nonzero_samples(const int16_t *pcm, size_t n) {
    uint32_t nonzero = 0;
    for (size_t i = 0; i < n; i++)
        nonzero += pcm[i] != 0;
    return nonzero;
}

static void listen(struct voice *v, const struct kernels *k, const int16_t *pcm, size_t frames) {
    int16_t line[RESAMPLE_TAPS_MAX + RESAMPLE_BLOCK], *mono = line + RESAMPLE_TAPS_MAX;
    size_t samples = frames * v->channels;

    int peak = k->peak(pcm, samples);
    if (peak >= CLIP_LEAST)
        v->clipped += clipped_samples(pcm, samples);
    if (peak > 0 && peak <= FAINT_MOST)
        v->nonzero += nonzero_samples(pcm, samples);
    v->peak = peak > v->peak ? peak : v->peak;
    v->squares += sides_take(&v->sides, k, pcm, frames, v->channels, mono);
    v->filled += (uint32_t)resample_run(&v->resample, k, mono, frames,
                                        vad_input(&v->vad) + v->filled, VAD_FRAME - v->filled);
}

/* The complete frame begins to wait for its 40 ms; the one that has waited 40 ms is the result. */
static bool voice_end_frame(struct voice *v, const struct kernels *k, struct voice_frame *out) {
    bool is_zero = v->peak == 0;
    v->zero_frames = is_zero ? v->zero_frames + 1 : 0;
    if (v->asleep) {
        *out = v->ahead[0];
        voice_begin_frame(v);
        return true;
    }

    struct vad_frame heard;
    vad_hear(&v->vad, k, !v->sides.has_sound, &heard);
    float samples = (float)(v->heard * v->channels);
    struct voice_frame now = {
        .power = v->squares / (float)v->heard,
        .peak = (float)v->peak / 32768,
        .nonzero = v->peak > FAINT_MOST ? 1 : (float)v->nonzero / samples,
        .clip = (float)v->clipped / samples,
        .f0_hz = heard.pitch.f0_hz,
        .periodicity = heard.pitch.periodicity,
        .syllable_db = {heard.syllable_db[0], heard.syllable_db[1]},
        .floor_db = heard.floor_db,
    };
    bool ready = v->waiting == VAD_DELAY_FRAMES;
    if (ready) {
        *out = v->ahead[0];
        out->speech = heard.speech;
        v->ahead[0] = v->ahead[1];
        v->waiting--;
    }
    v->ahead[v->waiting++] = now;
    if (v->zero_frames > ZERO_FRAMES_MAX)
        fall_asleep(v, heard.floor_db);
    voice_begin_frame(v);
    return ready;
}

size_t voice_hear(struct voice *v, const int16_t *pcm, size_t frames, struct voice_frame *out,
                  bool *done) {
    const struct kernels *k = kernels_at(v->kernels);
    size_t used = 0;
    *done = false;
    if (frames > 0)
        v->missing_ms = 0;
    while (used < frames && !*done) {
        size_t want = VAD_FRAME - v->filled, n = resample_room(&v->resample, want);
        n = n < frames - used ? n : frames - used;
        const int16_t *from = pcm + used * v->channels;
        if (v->asleep && !slice_is_zero(slice_of(from, n * v->channels * sizeof *from)))
            wake(v);
        if (v->asleep) {
            sides_pass(&v->sides, n);
            v->filled += (uint32_t)resample_pass(&v->resample, n, want);
        } else {
            n = n < RESAMPLE_BLOCK ? n : RESAMPLE_BLOCK;
            listen(v, k, from, n);
        }
        v->heard += (uint32_t)n;
        used += n;
        if (v->filled == VAD_FRAME)
            *done = voice_end_frame(v, k, out);
    }
    return used;
}

void voice_skip(struct voice *v, unsigned ms) {
    resample_reset(&v->resample);
    voice_begin_frame(v);
    v->zero_frames = 0;
    v->missing_ms = ms < UINT32_MAX - v->missing_ms ? v->missing_ms + ms : UINT32_MAX;
    if (v->missing_ms > VOICE_KEEP_MS)
        v->vad = (struct vad){0};
    v->asleep = false;
    v->waiting = 0;
}
