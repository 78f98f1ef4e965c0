#include "sound/sinc.h"

#include <math.h>

#define PI 3.14159265358979323846

enum { ZEROS = 8 }; /* on each side */

void sinc_init(struct sinc *sinc, uint32_t in_hz, uint32_t out_hz) {
    double ratio = in_hz > out_hz ? (double)in_hz / out_hz : 1;
    double cutoff = 0.92 / ratio; /* of the input's half rate */
    unsigned half = (unsigned)ceil(ZEROS * ratio);
    if (half > SINC_TAPS_MAX / 2)
        half = SINC_TAPS_MAX / 2;
    sinc->taps = 2 * half;
    for (unsigned phase = 0; phase <= SINC_PHASES; phase++) {
        float *row = sinc->table + phase * SINC_TAPS_MAX;
        double sum = 0;
        for (unsigned i = 0; i < sinc->taps; i++) {
            double x = (double)i - (half - 1) - (double)phase / SINC_PHASES;
            double window = fabs(x) < half ? 0.5 + 0.5 * cos(PI * x / half) : 0;
            double value = fabs(x) < 1e-9 ? cutoff : sin(PI * cutoff * x) / (PI * x);
            row[i] = (float)(value * window);
            sum += value * window;
        }
        for (unsigned i = 0; i < sinc->taps; i++)
            row[i] = (float)(row[i] / sum);
    }
}

float sinc_at(const struct sinc *sinc, const float *in, double part) {
    double place = part * SINC_PHASES;
    unsigned phase = (unsigned)place;
    if (phase >= SINC_PHASES)
        phase = SINC_PHASES - 1;
    float between = (float)(place - phase);
    const float *low = sinc->table + phase * SINC_TAPS_MAX, *high = low + SINC_TAPS_MAX;
    float sum = 0;
    for (unsigned i = 0; i < sinc->taps; i++)
        sum += in[i] * (low[i] + between * (high[i] - low[i]));
    return sum;
}
