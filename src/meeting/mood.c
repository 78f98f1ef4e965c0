#include "meeting/meeting_private.h"

#include <string.h>

enum { STALE_MS = 60000 }; /* older readings say nothing about the mood now */

#define SMOOTHING 0.3f /* of the running averages, as in the old backend */

static float smooth(float average, float value) {
    if (isnan(value))
        return average;
    return isnan(average) ? value : average + SMOOTHING * (value - average);
}

static float mood_bounded(float value) {
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
    struct reading reading = {from_ms, to_ms, mood_bounded(feeling->valence),
                              mood_bounded(feeling->arousal)};
    mood->readings[mood->count++] = reading;
    mood->valence = smooth(mood->valence, reading.valence);
    mood->arousal = smooth(mood->arousal, reading.arousal);
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
