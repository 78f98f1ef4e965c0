#include "sound/pace.h"

#include "sound/order.h"

#include <math.h>
#include <string.h>

enum { PACE_BREAK = INT16_MIN, CENTIBEL = 100 /* per dB */ };

/* Both low-passes: Butterworth, second order, at 100 steps a second. */
static float envelope_step(struct pace_envelope *e, float x, float y) {
    *e = (struct pace_envelope){.x1 = x, .x2 = e->x1, .y1 = y, .y2 = e->y1};
    return y > 1e-6f ? 6.02059991f * log2f(y) : -120;
}

float pace_envelope_hear(struct pace_envelope *e, float amplitude) {
    float y = 0.29289322f * (amplitude + 2 * e->x1 + e->x2) - 0.17157288f * e->y2;
    return envelope_step(e, amplitude, y);
}

float pace_envelope_smooth(struct pace_envelope *e, float dbfs) {
    float x = exp2f(dbfs / 6.02059991f);
    float y = 0.06745527f * (x + 2 * e->x1 + e->x2) + 1.14298050f * e->y1 - 0.41280160f * e->y2;
    return envelope_step(e, x, y);
}

static void add(struct pace *pace, int16_t centibel) {
    pace->centibel[pace->next] = centibel;
    pace->next = (uint16_t)((pace->next + 1) % PACE_SPAN_STEPS);
    if (pace->count < PACE_SPAN_STEPS)
        pace->count++;
}

void pace_hear(struct pace *pace, const float syllable_db[2]) {
    for (int i = 0; i < 2; i++) {
        float db = syllable_db[i] < -120 ? -120 : syllable_db[i] > 20 ? 20 : syllable_db[i];
        add(pace, (int16_t)lrintf(db * 100));
    }
}

void pace_break(struct pace *pace) {
    unsigned newest = (pace->next + PACE_SPAN_STEPS - 1u) % PACE_SPAN_STEPS;
    if (pace->count && pace->centibel[newest] != PACE_BREAK)
        add(pace, PACE_BREAK);
}

/* In the units of a line: hundredths of a dB, and steps. */
struct nucleus {
    int prominence, threshold, apart;
};

/* Peaks of the stretch of speech from..to: a peak counts once the envelope has risen by the
 * prominence before it, or begins the stretch, and has fallen by as much after it. `last` is the
 * peak counted before, in this stretch or an earlier one; -PACE_SPAN_STEPS = none. */
static unsigned nuclei(const int16_t *x, int from, int to, const struct nucleus *is, int *last) {
    unsigned found = 0;
    int valley = INT16_MIN, top = INT16_MIN, top_at = from;
    for (int i = from; i < to; i++) {
        if (x[i] > top) {
            top = x[i];
            top_at = i;
        }
        bool fell = top - x[i] >= is->prominence;
        bool apart = top_at - *last >= is->apart;
        if (fell && apart && top - valley >= is->prominence && top >= is->threshold) {
            found++;
            *last = top_at;
        }
        if (fell || x[i] < valley) {
            valley = top = x[i];
            top_at = i;
        }
    }
    return found;
}

bool pace_rate(const struct pace *pace, const struct pace_limits *limits, float least_s,
               float *per_second) {
    size_t oldest = pace->count < PACE_SPAN_STEPS ? 0 : pace->next;
    int16_t line[PACE_SPAN_STEPS];
    memcpy(line, pace->centibel + oldest, (pace->count - oldest) * sizeof *line);
    memcpy(line + pace->count - oldest, pace->centibel, oldest * sizeof *line);
    int16_t speech[PACE_SPAN_STEPS];
    size_t steps = 0;
    for (size_t i = 0; i < pace->count; i++) {
        speech[steps] = line[i];
        steps += line[i] != PACE_BREAK;
    }
    if (steps == 0 || (float)(steps * PACE_STEP_MS) < least_s * 1000)
        return false;
    const struct nucleus nucleus = {
        .prominence = (int)lrintf(limits->prominence_db * CENTIBEL),
        .threshold = order_nth(speech, steps, steps / 2) - (int)lrintf(limits->below_db * CENTIBEL),
        .apart = (int)limits->apart_ms / PACE_STEP_MS,
    };
    unsigned found = 0;
    int last = -PACE_SPAN_STEPS;
    for (int from = 0; from < pace->count;) {
        int to = from;
        while (to < pace->count && line[to] != PACE_BREAK)
            to++;
        found += nuclei(line, from, to, &nucleus, &last);
        from = to + 1;
    }
    *per_second = (float)found / ((float)(steps * PACE_STEP_MS) / 1000);
    return true;
}
