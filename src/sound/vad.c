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

static void keep_window(struct vad *v, uint32_t window, const float lowest[MEL_PADDED]) {
    for (int b = 0; b < MEL_BANDS; b++)
        v->calm[window][b] = (int16_t)lrintf(lowest[b] * VAD_CALM_ONE);
}

/* A window of 0.8 s is over: its lowest level takes the place of the oldest window's. */
static void end_window(struct vad *v, const float db[MEL_PADDED]) {
    memcpy(v->lowest[1], v->lowest[0], sizeof v->lowest[1]);
    keep_window(v, v->calm_next, v->lowest[0]);
    v->calm_next = (v->calm_next + 1) % VAD_CALM_WINDOWS;
    for (int b = 0; b < MEL_BANDS; b++) {
        int16_t lowest = v->calm[0][b];
        for (int i = 1; i < VAD_CALM_WINDOWS; i++)
            lowest = v->calm[i][b] < lowest ? v->calm[i][b] : lowest;
        v->calm_before[b] = (float)lowest / VAD_CALM_ONE;
    }
    memcpy(v->lowest[0], db, sizeof v->lowest[0]);
    v->floor_frames = 0;
}

/* Minimum statistics: the quick floor follows the lowest level of the last 0.8 to 1.6 s, quickly
 * down, slowly up; the calm one is that of the last ten seconds. */
static void follow_floors(struct vad *v, const float db[MEL_PADDED], float total_db) {
    if (!v->floor_known) {
        for (int b = 0; b < MEL_PADDED; b++)
            v->floors[b] = v->lowest[0][b] = v->lowest[1][b] = db[b];
        memcpy(v->calm_before, db, sizeof v->calm_before);
        for (uint32_t i = 0; i < VAD_CALM_WINDOWS; i++)
            keep_window(v, i, db);
        v->loudest_db = total_db;
        v->floor_known = true;
    }
    if (++v->floor_frames >= VAD_FLOOR_FRAMES)
        end_window(v, db);
    for (int b = 0; b < MEL_PADDED; b++) {
        float *recent = &v->lowest[0][b], before = v->lowest[1][b];
        *recent = db[b] < *recent ? db[b] : *recent;
        float step = (*recent < before ? *recent : before) - v->floors[b];
        v->floors[b] += (step < 0 ? 0.3f : 0.04f) * step;
    }
    float above = total_db - v->loudest_db;
    v->loudest_db += above > 0 ? 0.2f * above : above > -0.04f ? above : -0.04f;
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

/* What the network hears of levels: each band by itself, above the quick floor and above the calm
 * one; returns the mean of the calm floors. */
static float level_inputs(const struct vad *v, const float db[MEL_PADDED],
                          float inputs[3 * MEL_BANDS]) {
    float calm_mean = 0;
    for (int b = 0; b < MEL_BANDS; b++) {
        float recent = v->lowest[0][b], before = v->calm_before[b];
        float calm = v->floor_known ? (recent < before ? recent : before) : db[b];
        float quick = v->floor_known ? v->floors[b] : db[b];
        calm_mean += calm / MEL_BANDS;
        inputs[b] = (db[b] + 60) / 20;
        inputs[MEL_BANDS + b] = (db[b] - quick) / 15 - 0.5f;
        inputs[2 * MEL_BANDS + b] = (db[b] - calm) / 15 - 1;
    }
    return calm_mean;
}

void vad_inputs(struct vad *v, const struct kernels *k, bool is_zero,
                float inputs[VAD_INPUTS_PADDED], struct vad_frame *out) {
    _Alignas(32) float power[SPECTRUM_PADDED], db[MEL_PADDED];
    k->spectrum(v->line, power);
    float total = k->mel(power, db), mean = 0;
    if (!is_zero)
        follow_floors(v, db, total);
    int16_t quarter[PITCH_FRAME];
    k->decimate(v->line + SPECTRUM_WINDOW - QUARTER_TAPS - (PITCH_FRAME - 1) * QUARTER_STEP,
                table_quarter, QUARTER_TAPS, QUARTER_STEP, quarter, PITCH_FRAME);
    out->pitch = pitch_track(&v->pitch, k, quarter);
    follow_syllables(v, k, out->syllable_db);
    int peak = k->peak(v->line + VAD_KEEP / 2, VAD_FRAME);
    memmove(v->line, v->line + VAD_FRAME, VAD_KEEP * sizeof *v->line);

    out->floor_db = v->floor_known ? k->band_sum(v->floors) : -120;
    for (int b = 0; b < MEL_BANDS; b++)
        mean += db[b] / MEL_BANDS;
    float calm = level_inputs(v, db, inputs), loudest = v->floor_known ? v->loudest_db : total;
    float flatness = mean - (total - 13.0103f); /* of twenty bands */
    float crest = 20 * log10f(((float)peak + 1) / 32768) - total;
    float *rest = inputs + 3 * MEL_BANDS;
    rest[0] = 2 * out->pitch.periodicity - 1;
    rest[1] = (flatness + 10) / 6;
    rest[2] = (total + 50) / 20;
    rest[3] = out->pitch.lag / 33 - 1;
    rest[4] = (total - loudest) / 15 + 1;
    rest[5] = (loudest - calm) / 20 - 2;
    rest[6] = (crest - 12) / 8;
    rest[7] = (calm + 70) / 20;
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
