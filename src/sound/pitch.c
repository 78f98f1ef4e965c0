#include "sound/pitch.h"

#include "sound/order.h"

#include <math.h>
#include <string.h>

/* A later peak must be this much higher: multiples of the period are as periodic as the period. */
static const float LATER = 0.015f;

static struct pitch best_peak(const float height[AUTOCORR_LAGS], const float shift[AUTOCORR_LAGS]) {
    float highest = 0, lag = PITCH_LAG_MAX;
    for (int i = PITCH_LAG_MIN; i <= PITCH_LAG_MAX; i++) {
        int l = i - AUTOCORR_LAG_MIN;
        if (height[l] <= highest + LATER)
            continue;
        highest = height[l];
        lag = (float)i + shift[l];
    }
    return (struct pitch){
        .periodicity = highest < 1 ? highest : 1,
        .lag = lag,
        .f0_hz = highest >= PITCH_VOICED ? PITCH_RATE_HZ / lag : 0,
    };
}

struct pitch pitch_track(struct pitch_tracker *t, const struct kernels *k,
                         const int16_t x[PITCH_FRAME]) {
    _Alignas(32) int16_t line[AUTOCORR_LINE] = {0};
    memcpy(line, t->before, sizeof t->before);
    memcpy(line + AUTOCORR_HISTORY, x, PITCH_FRAME * sizeof *x);
    memcpy(t->before, line + PITCH_FRAME, sizeof t->before);
    struct autocorr now;
    k->correlate(line, &t->dc, &now);
    _Alignas(32) float height[AUTOCORR_LAGS], shift[AUTOCORR_LAGS];
    k->vertices(&t->last, &now, height, shift);
    t->last = now;
    return best_peak(height, shift);
}

void pitch_span_hear(struct pitch_span *span, float f0_hz, float periodicity) {
    bool voiced = periodicity > 0.7f && f0_hz >= 40 && f0_hz <= 500;
    span->decihertz[span->next] = voiced ? (uint16_t)lrintf(f0_hz * 10) : 0;
    span->next = (uint16_t)((span->next + 1) % PITCH_SPAN_FRAMES);
    if (span->count < PITCH_SPAN_FRAMES)
        span->count++;
    span->heard++;
}

bool pitch_span_spread(const struct pitch_span *span, float *semitones) {
    int16_t voiced[PITCH_SPAN_FRAMES], smooth[PITCH_SPAN_FRAMES];
    size_t n = 0;
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

    /* Beyond nine semitones to either side there are only octave errors. */
    float middle = order_nth(smooth, n, n / 2), ratio = 1.6817928f;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if ((float)smooth[i] * ratio >= middle && (float)smooth[i] <= middle * ratio)
            smooth[kept++] = smooth[i];
    float low = order_nth(smooth, kept, (kept - 1) / 10);
    float high = order_nth(smooth, kept, (kept - 1) * 9 / 10);
    *semitones = 12 * log2f(high / low) / 2.56f;
    return true;
}
