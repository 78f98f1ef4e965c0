#include "sound/pace.h"

#include "sound/order.h"

#include <math.h>
#include <string.h>

enum { PACE_BREAK = INT16_MIN, PROMINENCE = 200, BELOW_MEDIAN = 1200 };

void pace_envelope_init(struct pace_envelope *e) {
    memset(e, 0, sizeof *e);
}

/* Butterworth, second order, 10 Hz at 100 steps a second. */
float pace_envelope_hear(struct pace_envelope *e, float amplitude) {
    float y =
        0.06745527f * (amplitude + 2 * e->x1 + e->x2) + 1.14298050f * e->y1 - 0.41280160f * e->y2;

    *e = (struct pace_envelope){.x1 = amplitude, .x2 = e->x1, .y1 = y, .y2 = e->y1};
    return y > 1e-6f ? 20 * log10f(y) : -120;
}

void pace_init(struct pace *pace) {
    memset(pace, 0, sizeof *pace);
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

static int16_t step_at(const struct pace *pace, size_t i) {
    size_t at = (size_t)(pace->next + PACE_SPAN_STEPS - pace->count) + i;
    return pace->centibel[at % PACE_SPAN_STEPS];
}

void pace_break(struct pace *pace) {
    if (pace->count && step_at(pace, (size_t)pace->count - 1u) != PACE_BREAK)
        add(pace, PACE_BREAK);
}

float pace_seconds(const struct pace *pace) {
    size_t steps = 0;

    for (size_t i = 0; i < pace->count; i++)
        steps += step_at(pace, i) != PACE_BREAK;
    return (float)(steps * PACE_STEP_MS) / 1000;
}

/* Peaks of one stretch of speech: a peak counts once the envelope has risen by the prominence before
 * it, or begins the stretch, and has fallen by as much after it. */
static unsigned nuclei(const int16_t *x, size_t n, int threshold) {
    unsigned found = 0;
    int valley = INT16_MIN, top = INT16_MIN;
    size_t top_at = 0, last_at = 0;

    for (size_t i = 0; i < n; i++) {
        int now = x[i];
        if (now > top) {
            top = now;
            top_at = i;
        }
        if (top - now >= PROMINENCE) {
            bool apart = !found || top_at - last_at >= PACE_NUCLEUS_STEPS;
            if (top - valley >= PROMINENCE && top >= threshold && apart) {
                found++;
                last_at = top_at;
            }
            valley = top = now;
            top_at = i;
        } else if (now < valley) {
            valley = top = now;
            top_at = i;
        }
    }
    return found;
}

bool pace_rate(const struct pace *pace, float least_s, float *per_second) {
    int16_t line[PACE_SPAN_STEPS], speech[PACE_SPAN_STEPS];
    size_t steps = 0;

    for (size_t i = 0; i < pace->count; i++) {
        line[i] = step_at(pace, i);
        if (line[i] != PACE_BREAK)
            speech[steps++] = line[i];
    }
    if (steps == 0 || (float)(steps * PACE_STEP_MS) < least_s * 1000)
        return false;

    int threshold = order_nth(speech, steps, steps / 2) - BELOW_MEDIAN;
    unsigned found = 0;
    for (size_t i = 0; i < pace->count;) {
        size_t n = 0;
        while (i + n < pace->count && line[i + n] != PACE_BREAK)
            n++;
        found += nuclei(line + i, n, threshold);
        i += n + 1;
    }
    *per_second = (float)found / ((float)(steps * PACE_STEP_MS) / 1000);
    return true;
}
