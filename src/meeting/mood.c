#include "meeting/inside.h"

#include "base/mem.h"

#include <math.h>
#include <string.h>

enum { STALE_MS = 60000 }; /* a mood older than this is no longer somebody's */

#define SMOOTHING 0.3f /* of the running averages, as in the old backend */
#define FAINT     0.1  /* a score below says nothing */

/* Where the expressions that prosody services name lie on Russell's circumplex (valence: unpleasant
 * to pleasant; arousal: sleepy to excited). Compared without regard to case; unknown names and
 * those that lie nowhere in particular (nostalgia, realization) are left out. */
static const struct {
    const char *name;
    float valence, arousal;
} expressions[] = {
    {"admiration", 0.7f, 0.3f},
    {"adoration", 0.8f, 0.3f},
    {"aesthetic appreciation", 0.6f, -0.1f},
    {"amusement", 0.7f, 0.5f},
    {"anger", -0.8f, 0.8f},
    {"annoyance", -0.6f, 0.4f},
    {"anxiety", -0.6f, 0.6f},
    {"awe", 0.4f, 0.4f},
    {"awkwardness", -0.4f, 0.1f},
    {"boredom", -0.5f, -0.7f},
    {"calmness", 0.4f, -0.6f},
    {"confusion", -0.3f, 0.1f},
    {"contempt", -0.7f, 0.2f},
    {"contentment", 0.6f, -0.4f},
    {"determination", 0.3f, 0.6f},
    {"disappointment", -0.6f, -0.3f},
    {"disapproval", -0.5f, 0.1f},
    {"disgust", -0.7f, 0.3f},
    {"distress", -0.7f, 0.6f},
    {"doubt", -0.3f, -0.1f},
    {"ecstasy", 0.9f, 0.8f},
    {"embarrassment", -0.5f, 0.2f},
    {"empathic pain", -0.5f, 0.1f},
    {"enthusiasm", 0.8f, 0.8f},
    {"envy", -0.5f, 0.2f},
    {"excitement", 0.7f, 0.9f},
    {"fear", -0.7f, 0.7f},
    {"frustration", -0.7f, 0.5f},
    {"gratitude", 0.7f, 0.1f},
    {"guilt", -0.6f, -0.1f},
    {"horror", -0.9f, 0.8f},
    {"interest", 0.4f, 0.4f},
    {"joy", 0.9f, 0.6f},
    {"love", 0.9f, 0.3f},
    {"pain", -0.8f, 0.4f},
    {"pride", 0.6f, 0.4f},
    {"relief", 0.5f, -0.4f},
    {"sadness", -0.8f, -0.5f},
    {"satisfaction", 0.7f, 0.0f},
    {"shame", -0.7f, -0.1f},
    {"surprise (negative)", -0.4f, 0.7f},
    {"surprise (positive)", 0.5f, 0.7f},
    {"sympathy", 0.1f, -0.1f},
    {"tiredness", -0.3f, -0.8f},
    {"triumph", 0.8f, 0.8f},
};

static float lean(float so_far, float by) {
    return fminf(fmaxf((isnan(so_far) ? 0 : so_far) + by, -1), 1);
}

bool feeling_add(struct feeling *feeling, struct slice expression, double score) {
    for (size_t i = 0; i < ARRAY_LEN(expressions); i++) {
        if (!slice_is_equal_nocase(expression, slice_from(expressions[i].name)))
            continue;
        float weight = score >= FAINT ? (float)fmin(score, 1) : 0;
        feeling->valence = lean(feeling->valence, weight * expressions[i].valence);
        feeling->arousal = lean(feeling->arousal, weight * expressions[i].arousal);
        return true;
    }
    return false;
}

static float smooth(float average, float value) {
    if (isnan(value))
        return average;
    return isnan(average) ? value : average + SMOOTHING * (value - average);
}

static float bounded(float value) {
    return isnan(value) ? value : fminf(fmaxf(value, -1), 1);
}

void meeting_feel(struct meeting *meeting, struct participant *participant,
                  const struct feeling *feeling, int64_t from_ms, int64_t to_ms) {
    if (!participant->hearing || to_ms <= from_ms)
        return;
    struct mood *mood = &participant->hearing->mood;
    if (mood->count > 0 && to_ms - mood->readings[mood->count - 1].to_ms > STALE_MS)
        mood_init(mood);
    if (mood->count == READINGS) {
        mood->count--;
        memmove(&mood->readings[0], &mood->readings[1], mood->count * sizeof mood->readings[0]);
    }
    struct reading *reading = &mood->readings[mood->count++];
    reading->from_ms = from_ms;
    reading->to_ms = to_ms;
    reading->valence = bounded(feeling->valence);
    reading->arousal = bounded(feeling->arousal);
    mood->valence = smooth(mood->valence, reading->valence);
    mood->arousal = smooth(mood->arousal, reading->arousal);
}

void mood_init(struct mood *mood) {
    *mood = (struct mood){.valence = NAN, .arousal = NAN, .interrupted_ms = NEVER};
}

struct mood_span mood_between(const struct mood *mood, int64_t from_ms, int64_t to_ms) {
    struct mood_span span = {0};
    double valence = 0, arousal = 0;
    unsigned valences = 0, arousals = 0;
    for (unsigned i = 0; i < mood->count; i++) {
        const struct reading *reading = &mood->readings[i];
        int64_t middle = (reading->from_ms + reading->to_ms) / 2;
        if (middle <= from_ms || middle > to_ms)
            continue;
        span.count++;
        span.heard_s += (double)(reading->to_ms - reading->from_ms) / 1000;
        valences += !isnan(reading->valence);
        arousals += !isnan(reading->arousal);
        valence += isnan(reading->valence) ? 0 : (double)reading->valence;
        arousal += isnan(reading->arousal) ? 0 : (double)reading->arousal;
    }
    span.valence = valences > 0 ? valence / valences : NAN;
    span.arousal = arousals > 0 ? arousal / arousals : NAN;
    return span;
}
