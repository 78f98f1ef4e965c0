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

extern const float table_hann_even[SPECTRUM_WINDOW / 2], table_hann_odd[SPECTRUM_WINDOW / 2];
extern const float table_twiddle_re[256], table_twiddle_im[256]; /* W256^(row*column), 16 x 16 */
extern const float table_split_re[128], table_split_im[128];     /* W512^k */
extern const uint16_t table_mel_start[MEL_BANDS], table_mel_count[MEL_BANDS];
extern const float table_mel_weights[MEL_WEIGHTS];
extern const int16_t table_quarter[QUARTER_TAPS], table_vowel[VOWEL_TAPS]; /* of 32768 */

#endif
