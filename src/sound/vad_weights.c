/* Made by tools/vad/fit.py; do not edit. */
#include "sound/vad_weights.h"

const float vad_dense_w[48 * VAD_DENSE] = {0}, vad_dense_b[VAD_DENSE] = {0};
const float vad_input_w[VAD_DENSE * 3 * VAD_HIDDEN] = {0}, vad_input_b[3 * VAD_HIDDEN] = {0};
const float vad_hidden_w[VAD_HIDDEN * 3 * VAD_HIDDEN] = {0}, vad_hidden_b[3 * VAD_HIDDEN] = {0};
const float vad_out_w[VAD_HIDDEN] = {0}, vad_out_b = 0;
