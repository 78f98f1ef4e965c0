/* Speech faster than it was spoken, with its pitch kept: overlapping windows of 30 ms are laid closer
 * together, each moved by up to 8 ms to where it continues the one before best (WSOLA; Verhelst and
 * Roelands, ICASSP 1993). Mono, 24 kHz. Pure and plain: the struct holds no pointer. */
#ifndef SOUND_STRETCH_H
#define SOUND_STRETCH_H

#include <stddef.h>
#include <stdint.h>

enum {
    STRETCH_HOP = 360,  /* 15 ms: half a window, and what each step gives */
    STRETCH_REACH = 192 /* 8 ms */
};

struct stretch {
    double rate;
    uint64_t steps;                /* done */
    uint64_t before;               /* sample of the input at which the last window began */
    float window[2 * STRETCH_HOP]; /* rising, then falling */
};

/* rate: 1..2. */
void stretch_init(struct stretch *, double rate);

/* The samples of the input that the next step reads: [*from, *to). */
void stretch_span(const struct stretch *, uint64_t *from, uint64_t *to);

/* One step: `in` holds the samples of that span. Writes STRETCH_HOP samples. */
void stretch_step(struct stretch *, const float *in, float out[STRETCH_HOP]);

#endif
