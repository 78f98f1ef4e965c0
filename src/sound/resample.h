/* Any rate from 8 to 192 kHz -> 16 kHz mono, band-limited to about 7 kHz.
 *
 * Two stages: a decimating low-pass by the whole factor (48 kHz: 3), then, only where 16 kHz is not
 * reached yet (44.1 kHz, 8 kHz ...), a windowed sinc read between 33 stored phases. */
#ifndef SOUND_RESAMPLE_H
#define SOUND_RESAMPLE_H

#include "sound/kernels.h"

enum {
    RESAMPLE_RATE_HZ = 16000,
    RESAMPLE_STEP_MAX = 12,
    RESAMPLE_TAPS_EACH = 16,
    RESAMPLE_TAPS_UNIT = 16, /* as `decimate` takes them */
    RESAMPLE_TAPS_MAX = RESAMPLE_STEP_MAX * RESAMPLE_TAPS_EACH,
    RESAMPLE_PHASES = 32,
    RESAMPLE_SINC_TAPS = 32,
    RESAMPLE_BLOCK = 960, /* most input frames taken at once: 20 ms of 48 kHz */
};

struct resample {
    uint32_t rate_hz;
    uint32_t step, taps; /* whole-factor stage */
    uint32_t held;       /* samples in `tail`, taps - step .. taps - 1 */
    uint32_t scale;      /* fractional stage: one input sample; 0 = there is no such stage */
    int32_t phase;       /* how far after the newest input the next output lies, in 1/scale */
    int16_t tail[RESAMPLE_TAPS_MAX];
    int16_t coefs[RESAMPLE_TAPS_MAX]; /* of 32768 */
    int16_t sinc_tail[RESAMPLE_SINC_TAPS];
    int16_t sinc[RESAMPLE_PHASES + 1][RESAMPLE_SINC_TAPS];
};

/* What folds into the band: 50 dB below what it was, or 40 dB with two thirds of the taps. */
enum resample_quality { RESAMPLE_TO_LISTEN, RESAMPLE_TO_MEASURE };

void resample_init(struct resample *r, uint32_t rate_hz, enum resample_quality quality);

/* Forgets the audio, keeps the rate. */
void resample_reset(struct resample *r);

/* How many input frames bring `want` (>= 1) outputs; 0 when that many are due already, which can
 * happen below 16 kHz. */
size_t resample_room(const struct resample *r, size_t want);

/* Takes n samples, at most resample_room(r, want) and at most RESAMPLE_BLOCK; returns how many
 * outputs were written to y, at most `want`. The RESAMPLE_TAPS_MAX samples in front of x are
 * overwritten. */
size_t resample_run(struct resample *r, const struct kernels *k, int16_t *x, size_t n, int16_t *y,
                    size_t want);

/* The same for n zeros into a resampler that holds only zeros, any n up to the room: counts the
 * outputs and writes nothing. */
size_t resample_pass(struct resample *r, size_t n, size_t want);

#endif
