/* The fitted network. vad_weights.c is written by tools/vad/fit.py; sizes here are checked there. */
#pragma once

enum {
    VAD_DENSE = 32,
    VAD_HIDDEN = 48,
};

extern const float vad_dense_w[48 * VAD_DENSE], vad_dense_b[VAD_DENSE];
extern const float vad_input_w[VAD_DENSE * 3 * VAD_HIDDEN], vad_input_b[3 * VAD_HIDDEN];
extern const float vad_hidden_w[VAD_HIDDEN * 3 * VAD_HIDDEN], vad_hidden_b[3 * VAD_HIDDEN];
extern const float vad_out_w[VAD_HIDDEN], vad_out_b;
