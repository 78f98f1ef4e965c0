/* Constants made by tools/vad/tables.py, and the sizes that they fix. Internal to sound/. */
#ifndef SOUND_TABLES_H
#define SOUND_TABLES_H

#include <stdint.h>

enum {
    SPECTRUM_WINDOW = 512,
    MEL_BANDS = 20,
    MEL_WEIGHTS = 488,
    QUARTER_TAPS = 32, /* 16 -> 4 kHz low-pass */
    VOWEL_TAPS = 48,   /* band-pass 300-3000 Hz */
};

/* The window at the even samples. It is symmetric: read backwards, it is that at the odd ones. */
extern const float table_hann[SPECTRUM_WINDOW / 2];
extern const float table_twiddle_re[256], table_twiddle_im[256]; /* W256^(row*column), 16 x 16 */
extern const float table_sine[129]; /* sin(2 pi k / 512), a quarter; read backwards: the cosine */
extern const uint16_t table_mel_start[MEL_BANDS], table_mel_count[MEL_BANDS];
extern const float table_mel_weights[MEL_WEIGHTS];
extern const int16_t table_quarter[QUARTER_TAPS], table_vowel[VOWEL_TAPS]; /* of 32768 */

#endif
