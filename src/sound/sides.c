#include "sound/sides.h"

#define KEPT           0.8f /* of the power before, each window */
#define CLEARLY_LOUDER 2.0f /* in power: similar sides do not take turns */

void sides_init(struct sides *s, unsigned rate_hz) {
    *s = (struct sides){.window_frames = rate_hz * SIDES_WINDOW_MS / 1000};
}

/* How many of the frames belong to the unfinished window. */
static size_t window_part(const struct sides *s, size_t frames) {
    size_t left = s->window_frames - s->filled;
    return left < frames ? left : frames;
}

static void window_fill(struct sides *s, size_t frames) {
    s->filled += (uint32_t)frames;
    if (s->filled < s->window_frames)
        return;
    for (int side = 0; side < 2; side++) {
        s->power[side] = s->power[side] * KEPT + s->now[side];
        s->now[side] = 0;
    }
    s->filled = 0;
    if (s->power[!s->louder] > s->power[s->louder] * CLEARLY_LOUDER)
        s->louder = !s->louder;
}

float sides_take(struct sides *s, const struct kernels *k, const int16_t *pcm, size_t frames,
                 unsigned channels, int16_t *mono) {
    float squares[2], total = 0;
    if (channels == 1) {
        k->take(pcm, frames, 1, 0, mono, squares);
        s->has_sound |= squares[0] > 0;
        return squares[0];
    }
    while (frames > 0) {
        size_t part = window_part(s, frames);
        k->take(pcm, part, 2, s->louder, mono, squares);
        s->has_sound |= squares[0] > 0;
        s->now[s->louder] += squares[0];
        s->now[!s->louder] += squares[1];
        total += (squares[0] + squares[1]) / 2;
        window_fill(s, part);
        pcm += 2 * part;
        mono += part;
        frames -= part;
    }
    return total;
}

void sides_pass(struct sides *s, size_t frames) {
    while (frames > 0) {
        size_t part = window_part(s, frames);
        window_fill(s, part);
        frames -= part;
    }
}
