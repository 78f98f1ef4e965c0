/* The fitted network. vad_weights.c is written by tools/vad/fit.py; sizes here are checked there.
 *
 * A layer's weights are whole numbers of 12 bits in pairs, as kernels.h's `affine` takes them, and
 * a scale for each output; what a layer hears is a whole number too, of which ..._ONE are 1.0. */
#ifndef SOUND_VAD_WEIGHTS_H
#define SOUND_VAD_WEIGHTS_H

#include <stdint.h>

enum {
    VAD_DENSE = 48,
    VAD_HIDDEN = 96,
    VAD_WEIGHT_MAX = 2047,
    VAD_INPUT_ONE = 1024, /* |inputs| < 20 */
    VAD_DENSE_ONE = 512,
    VAD_HIDDEN_ONE = 8191, /* |h| <= 1 */
};

extern const int16_t vad_dense_w[68 * VAD_DENSE];
extern const int16_t vad_input_w[VAD_DENSE * 3 * VAD_HIDDEN];
extern const int16_t vad_hidden_w[VAD_HIDDEN * 3 * VAD_HIDDEN];
extern const float vad_dense_scale[VAD_DENSE], vad_dense_b[VAD_DENSE];
extern const float vad_input_scale[3 * VAD_HIDDEN], vad_input_b[3 * VAD_HIDDEN];
extern const float vad_hidden_scale[3 * VAD_HIDDEN], vad_hidden_b[3 * VAD_HIDDEN];
extern const float vad_out_w[VAD_HIDDEN], vad_out_b;

#endif
