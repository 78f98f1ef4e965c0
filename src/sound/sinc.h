/* Samples of a track at any times and from any rate, band-limited: a windowed sinc of 16 zeros, read
 * between 64 stored phases. For the mix that people hear; what is measured uses sound/resample. Pure:
 * each output depends on the input around it alone, so pieces made apart fit without a seam. */
#ifndef SOUND_SINC_H
#define SOUND_SINC_H

#include <stddef.h>
#include <stdint.h>

enum { SINC_PHASES = 64, SINC_TAPS_MAX = 16 * 8 };

struct sinc {
    unsigned taps; /* even */
    float table[(SINC_PHASES + 1) * SINC_TAPS_MAX];
};

/* 8000..192000 Hz in, at least 24000 Hz out. */
void sinc_init(struct sinc *, uint32_t in_hz, uint32_t out_hz);

/* How many samples before and after a time are read. */
static inline unsigned sinc_reach(const struct sinc *sinc) {
    return sinc->taps / 2;
}

/* The value `part` (0..1) of a sample after in[reach - 1]; `in` has `taps` samples. */
float sinc_at(const struct sinc *, const float *in, double part);

#endif
