#include "sound/stereo.h"

#include <string.h>

enum {
    EACH = 7, /* one of so many sample frames is measured: enough for a level */
    ANTIPHASE_RATIO = 4,
    MIDDLE_RATIO_MAX = 1000, /* 30 dB */
};

#define SIDE_POWER_MIN 1e-5f /* -50 dBFS */

void stereo_init(struct stereo *s, unsigned rate_hz) {
    *s = (struct stereo){.window_frames = rate_hz * STEREO_WINDOW_MS / 1000};
}

static void window_end(struct stereo *s) {
    float of_each = (float)EACH / (float)s->window_frames / (4 * 32768.0f * 32768.0f);
    float middle = s->middle * of_each, side = s->side * of_each;
    bool is_sound = side > SIDE_POWER_MIN;
    if (is_sound && side * MIDDLE_RATIO_MAX > middle)
        s->proof_ms += STEREO_WINDOW_MS;
    else if (s->proof_ms > 0)
        s->proof_ms -= STEREO_WINDOW_MS;
    if (s->proof_ms >= STEREO_PROOF_MS)
        s->is_stereo = true;
    if (s->proof_ms > STEREO_PROOF_MS)
        s->proof_ms = STEREO_PROOF_MS;
    s->is_antiphase = is_sound && side > middle * ANTIPHASE_RATIO;
    s->middle = s->side = 0;
    s->filled = 0;
}

void stereo_hear(struct stereo *s, const uint8_t *bytes, size_t frames) {
    while (frames > 0) {
        size_t left = s->window_frames - s->filled;
        size_t n = left < frames ? left : frames;
        size_t i = s->until_next;
        for (; i < n; i += EACH) {
            int16_t pair[2];
            memcpy(pair, bytes + i * sizeof pair, sizeof pair);
            float middle = (float)(pair[0] + pair[1]), side = (float)(pair[0] - pair[1]);
            s->middle += middle * middle;
            s->side += side * side;
        }
        s->until_next = (uint32_t)(i - n);
        s->filled += (uint32_t)n;
        bytes += n * 2 * sizeof(int16_t);
        frames -= n;
        if (s->filled == s->window_frames)
            window_end(s);
    }
}

void stereo_mix(const struct stereo *s, const uint8_t *bytes, size_t frames, int16_t *mono) {
    for (size_t i = 0; i < frames; i++) {
        int16_t pair[2];
        memcpy(pair, bytes + i * sizeof pair, sizeof pair);
        mono[i] = s->is_antiphase ? pair[0] : (int16_t)((pair[0] + pair[1] + 1) >> 1);
    }
}
