/*
 * Decoder of ITU-T G.722 at 64 kbit/s: two samples of 16 kHz speech from each byte. The recorded
 * speech that distributions ship for telephone systems comes in it.
 *
 * A byte holds 6 bits for the band below 4 kHz and 2 for the one above; each band is ADPCM with a
 * predictor of two poles and six zeros, and a 24-tap mirror filter joins them.
 */
#ifndef APP_G722_H
#define APP_G722_H

#include <stddef.h>
#include <stdint.h>

enum { G722_RATE_HZ = 16000, G722_SAMPLES_PER_BYTE = 2 };

struct g722_band {
    int predicted;            /* the next sample */
    int predicted_zeros;      /* the zeros' part of it */
    int step;                 /* quantiser scale */
    int log_step;             /* the same, logarithmic */
    int pole[2], zero[6];     /* predictor coefficients */
    int difference[7];        /* dequantised, latest first */
    int partial[3], whole[3]; /* difference + zeros' part, + prediction; latest first */
};

/* Plain data. */
struct g722 {
    struct g722_band low, high;
    int mirror[24]; /* filter memory, oldest first */
};

void g722_init(struct g722 *);

/* Decodes `len` bytes into 2 * len samples. */
void g722_decode(struct g722 *, const uint8_t *bytes, size_t len, int16_t *pcm);

#endif
