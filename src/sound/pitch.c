#include "sound/pitch.h"

#include "sound/order.h"

#include <math.h>
#include <string.h>

void pitch_tracker_init(struct pitch_tracker *t) {
    memset(t, 0, sizeof *t);
}

/* A later peak must be this much higher: multiples of the period are as periodic as the period. */
static const float LATER = 0.015f;

static struct pitch best_peak(const float at[AUTOCORR_LAGS]) {
    struct pitch best = {.lag = PITCH_LAG_MAX};

    for (int lag = PITCH_LAG_MIN; lag <= PITCH_LAG_MAX; lag++) {
        const float *p = at + lag - AUTOCORR_LAG_MIN;
        if (p[0] < p[-1] || p[0] <= p[1] || p[0] <= 0)
            continue;
        /* the vertex of the parabola through the three: short periods peak between two lags */
        float slope = p[-1] - p[1], bend = p[-1] - 2 * p[0] + p[1];
        float shift = bend < -1e-6f ? 0.5f * slope / bend : 0;
        float height = p[0] - 0.25f * slope * shift;
        if (height > best.periodicity + LATER)
            best = (struct pitch){.periodicity = height, .lag = (float)lag + shift};
    }
    best.periodicity = best.periodicity < 1 ? best.periodicity : 1;
    best.f0_hz = best.periodicity >= PITCH_VOICED ? PITCH_RATE_HZ / best.lag : 0;
    return best;
}

struct pitch pitch_track(struct pitch_tracker *t, const struct kernels *k,
                         const float x[PITCH_FRAME]) {
    _Alignas(32) float cross[AUTOCORR_LAGS], energy[AUTOCORR_LAGS], at[AUTOCORR_LAGS];
    float *now = t->line + AUTOCORR_HISTORY, parts[8] = {0}, mean = 0;

    for (int i = 0; i < PITCH_FRAME;
         i += 8) /* eight sums side by side do not wait for each other */
        for (int j = 0; j < 8; j++)
            parts[j] += x[i + j];
    for (int j = 0; j < 8; j++)
        mean += parts[j];
    t->dc += 0.1f * (mean / PITCH_FRAME - t->dc);
    for (int i = 0; i < PITCH_FRAME; i++)
        now[i] = x[i] - t->dc;
    k->correlate(now, PITCH_FRAME, cross, energy);
    float self = k->squares(now, PITCH_FRAME);

    /* 2ab / (a^2 + b^2) over 40 ms: as good as ab / sqrt(a^2 b^2), never above 1, no root */
    for (int i = 0; i < AUTOCORR_LAGS; i++)
        at[i] = 2 * (cross[i] + t->cross[i]) / (self + t->self + energy[i] + t->energy[i] + 1e-9f);
    memcpy(t->cross, cross, sizeof cross);
    memcpy(t->energy, energy, sizeof energy);
    t->self = self;
    memmove(t->line, t->line + PITCH_FRAME, AUTOCORR_HISTORY * sizeof *t->line);
    return best_peak(at);
}

void pitch_span_init(struct pitch_span *span) {
    memset(span, 0, sizeof *span);
}

void pitch_span_hear(struct pitch_span *span, float f0_hz, float periodicity) {
    bool voiced = periodicity > 0.7f && f0_hz >= 40 && f0_hz <= 500;

    span->decihertz[span->next] = voiced ? (uint16_t)lrintf(f0_hz * 10) : 0;
    span->next = (uint16_t)((span->next + 1) % PITCH_SPAN_FRAMES);
    if (span->count < PITCH_SPAN_FRAMES)
        span->count++;
}

bool pitch_span_spread(const struct pitch_span *span, float *semitones) {
    int16_t voiced[PITCH_SPAN_FRAMES], smooth[PITCH_SPAN_FRAMES];
    size_t n = 0, kept = 0;

    for (size_t i = 0; i < span->count; i++) {
        size_t at = (size_t)(span->next + PITCH_SPAN_FRAMES - span->count) + i;
        uint16_t x = span->decihertz[at % PITCH_SPAN_FRAMES];
        if (x)
            voiced[n++] = (int16_t)x;
    }
    if (n < PITCH_VOICED_FRAMES)
        return false;
    n -= 4;
    for (size_t i = 0; i < n; i++)
        smooth[i] = order_median_of_five(voiced + i);

    /* nine semitones to either side: what is left beyond them is octave errors */
    float middle = order_nth(smooth, n, n / 2), ratio = 1.6817928f;
    for (size_t i = 0; i < n; i++)
        if ((float)smooth[i] * ratio >= middle && (float)smooth[i] <= middle * ratio)
            smooth[kept++] = smooth[i];
    float low = order_nth(smooth, kept, (kept - 1) / 10);
    float high = order_nth(smooth, kept, (kept - 1) * 9 / 10);
    *semitones = 12 * log2f(high / low) / 2.56f;
    return true;
}
