#include "sound/stretch.h"

#include <math.h>

#define PI 3.14159265358979323846

enum { SEARCH_STEP = 4, CORRELATE_STEP = 2 };

void stretch_init(struct stretch *stretch, double rate) {
    *stretch = (struct stretch){.rate = rate};
    for (int i = 0; i < 2 * STRETCH_HOP; i++)
        stretch->window[i] = (float)(0.5 - 0.5 * cos(PI * (i + 0.5) / STRETCH_HOP));
}

/* Where the next window would begin if nothing had to fit. */
static uint64_t ideal(const struct stretch *stretch) {
    return (uint64_t)llround((double)(stretch->steps * STRETCH_HOP) * stretch->rate);
}

static uint64_t lowest(const struct stretch *stretch) {
    uint64_t at = ideal(stretch);
    return at > STRETCH_REACH ? at - STRETCH_REACH : 0;
}

void stretch_span(const struct stretch *stretch, uint64_t *from, uint64_t *to) {
    uint64_t first = lowest(stretch), last = ideal(stretch) + STRETCH_REACH;
    uint64_t natural = stretch->before + STRETCH_HOP;
    *from = stretch->steps > 0 && natural < first ? natural : first;
    *to = (natural > last ? natural : last) + 2 * STRETCH_HOP;
}

/* How well a window at `a` continues what naturally follows at `b`. */
static double likeness(const float *a, const float *b) {
    double product = 0, power = 1e-9;
    for (int i = 0; i < STRETCH_HOP; i += CORRELATE_STEP) {
        product += (double)a[i] * b[i];
        power += (double)a[i] * a[i];
    }
    return product / sqrt(power);
}

static uint64_t best_place(const struct stretch *stretch, const float *in, uint64_t from) {
    uint64_t natural = stretch->before + STRETCH_HOP;
    uint64_t first = lowest(stretch), last = ideal(stretch) + STRETCH_REACH, best = ideal(stretch);
    if (natural >= first && natural <= last)
        return natural; /* nothing has to be moved */
    double most = likeness(in + (best - from), in + (natural - from));
    for (uint64_t at = first; at <= last; at += SEARCH_STEP) {
        double like = likeness(in + (at - from), in + (natural - from));
        if (like > most) {
            most = like;
            best = at;
        }
    }
    return best;
}

void stretch_step(struct stretch *stretch, const float *in, float out[STRETCH_HOP]) {
    uint64_t from, to;
    stretch_span(stretch, &from, &to);
    uint64_t at = stretch->steps > 0 ? best_place(stretch, in, from) : 0;
    const float *rising = in + (at - from);
    const float *falling = in + (stretch->before + STRETCH_HOP - from);
    for (int i = 0; i < STRETCH_HOP; i++)
        out[i] = stretch->steps > 0 ? rising[i] * stretch->window[i] +
                                          falling[i] * stretch->window[i + STRETCH_HOP]
                                    : rising[i];
    stretch->before = at;
    stretch->steps++;
}
