#include "sound/vad.h"

#include "sound/tables.h"

#include <math.h>
#include <string.h>

enum { VOWEL_STEP = 4, VOWEL_HALF = VAD_FRAME / VOWEL_STEP / 2, QUARTER_STEP = 4 };

void vad_clear(struct vad *v) {
    memset(v->line, 0, sizeof v->line);
    memset(v->h, 0, sizeof v->h);
    v->pitch = (struct pitch_tracker){0};
    v->envelope = (struct pace_envelope){0};
}

/* Minimum statistics: the floor follows the lowest level of the last 0.8 to 1.6 s, quickly down,
 * slowly up. */
static void follow_floors(struct vad *v, const float db[MEL_PADDED]) {
    if (!v->floor_known) {
        for (int b = 0; b < MEL_PADDED; b++)
            v->floors[b] = v->lowest[0][b] = v->lowest[1][b] = db[b];
        v->floor_known = true;
    }
    if (++v->floor_frames >= VAD_FLOOR_FRAMES) {
        memcpy(v->lowest[1], v->lowest[0], sizeof v->lowest[1]);
        memcpy(v->lowest[0], db, sizeof v->lowest[0]);
        v->floor_frames = 0;
    }
    for (int b = 0; b < MEL_PADDED; b++) {
        float *recent = &v->lowest[0][b], before = v->lowest[1][b];
        *recent = db[b] < *recent ? db[b] : *recent;
        float step = (*recent < before ? *recent : before) - v->floors[b];
        v->floors[b] += (step < 0 ? 0.3f : 0.04f) * step;
    }
}

static void follow_syllables(struct vad *v, const struct kernels *k, float db[2]) {
    const int16_t *first =
        v->line + SPECTRUM_WINDOW - VOWEL_TAPS - (2 * VOWEL_HALF - 1) * VOWEL_STEP;
    for (int i = 0; i < 2; i++) {
        float squares = k->band_squares(first + i * VOWEL_HALF * VOWEL_STEP, table_vowel,
                                        VOWEL_TAPS, VOWEL_STEP, VOWEL_HALF);
        db[i] = pace_envelope_hear(&v->envelope, sqrtf(squares / VOWEL_HALF));
    }
}

void vad_inputs(struct vad *v, const struct kernels *k, bool is_zero,
                float inputs[VAD_INPUTS_PADDED], struct vad_frame *out) {
    _Alignas(32) float power[SPECTRUM_PADDED], db[MEL_PADDED];
    k->spectrum(v->line, power);
    float total = k->mel(power, db), mean = 0;
    if (!is_zero)
        follow_floors(v, db);
    int16_t quarter[PITCH_FRAME];
    k->decimate(v->line + SPECTRUM_WINDOW - QUARTER_TAPS - (PITCH_FRAME - 1) * QUARTER_STEP,
                table_quarter, QUARTER_TAPS, QUARTER_STEP, quarter, PITCH_FRAME);
    out->pitch = pitch_track(&v->pitch, k, quarter);
    follow_syllables(v, k, out->syllable_db);
    memmove(v->line, v->line + VAD_FRAME, VAD_KEEP * sizeof *v->line);

    out->floor_db = v->floor_known ? k->band_sum(v->floors) : -120;
    for (int b = 0; b < MEL_BANDS; b++) {
        mean += db[b] / MEL_BANDS;
        inputs[b] = (db[b] + 60) / 20;
        inputs[MEL_BANDS + b] = v->floor_known ? (db[b] - v->floors[b]) / 15 - 0.5f : -0.5f;
    }
    float flatness = mean - (total - 13.0103f); /* of twenty bands */
    float *rest = inputs + 2 * MEL_BANDS;
    rest[0] = 2 * out->pitch.periodicity - 1;
    rest[1] = (flatness + 10) / 6;
    rest[2] = (total + 50) / 20;
    rest[3] = out->pitch.lag / 33 - 1;
    memset(inputs + VAD_INPUTS, 0, (VAD_INPUTS_PADDED - VAD_INPUTS) * sizeof *inputs);
}

void vad_hear(struct vad *v, const struct kernels *k, bool is_zero, struct vad_frame *out) {
    _Alignas(32) float inputs[VAD_INPUTS_PADDED], dense[VAD_DENSE];
    _Alignas(32) float from_input[3 * VAD_HIDDEN], from_h[3 * VAD_HIDDEN];
    int16_t x[VAD_INPUTS_PADDED], d[VAD_DENSE], h[VAD_HIDDEN];
    vad_inputs(v, k, is_zero, inputs, out);
    k->narrow(inputs, VAD_INPUT_ONE, x, VAD_INPUTS_PADDED);
    k->affine(vad_dense_w, vad_dense_scale, vad_dense_b, x, VAD_INPUTS, dense, VAD_DENSE);
    /* Leaky ReLU as the greater of the two: no branch to predict. */
    for (int i = 0; i < VAD_DENSE; i++) {
        float leak = 0.1f * dense[i];
        dense[i] = dense[i] > leak ? dense[i] : leak;
    }
    k->narrow(dense, VAD_DENSE_ONE, d, VAD_DENSE);
    k->affine(vad_input_w, vad_input_scale, vad_input_b, d, VAD_DENSE, from_input, 3 * VAD_HIDDEN);
    k->narrow(v->h, VAD_HIDDEN_ONE, h, VAD_HIDDEN);
    k->affine(vad_hidden_w, vad_hidden_scale, vad_hidden_b, h, VAD_HIDDEN, from_h, 3 * VAD_HIDDEN);
    k->gru(from_input, from_h, v->h, VAD_HIDDEN);

    float parts[8] = {0}, logit = vad_out_b;
    for (int i = 0; i < VAD_HIDDEN; i += 8)
        for (int j = 0; j < 8; j++)
            parts[j] += vad_out_w[i + j] * v->h[i + j];
    for (int j = 0; j < 8; j++)
        logit += parts[j];
    out->speech = 1 / (1 + expf(-logit));
}
