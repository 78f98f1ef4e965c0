/* How fast somebody speaks: syllable nuclei are peaks of the 300-3000 Hz envelope. */
#ifndef SOUND_PACE_H
#define SOUND_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PACE_STEP_MS = 10,
    PACE_SPAN_STEPS = 1000, /* the last ten seconds of speech */
};

/* A low-pass of the envelope, one value each 10 ms. Zeroed at the start. */
struct pace_envelope {
    float x1, x2, y1, y2;
};

/* 25 Hz. amplitude: RMS of the 300-3000 Hz band over 10 ms, full scale 1.0; returns dBFS. */
float pace_envelope_hear(struct pace_envelope *e, float amplitude);

/* 10 Hz, as in the former measure: dBFS in, dBFS out. */
float pace_envelope_smooth(struct pace_envelope *e, float dbfs);

/* What a syllable nucleus is: a peak that rises and falls by prominence_db, lies so far from the
 * one before, and is not more than below_db under the median. */
struct pace_limits {
    float prominence_db, below_db;
    unsigned apart_ms;
};

/* The envelope of the last ten seconds of one person's speech. Zeroed at the start. */
struct pace {
    uint16_t count, next;
    int16_t centibel[PACE_SPAN_STEPS]; /* dB * 100; PACE_BREAK = speech stopped here */
};

/* One 20 ms frame of speech: its two envelope values. */
void pace_hear(struct pace *pace, const float syllable_db[2]);

/* Speech stopped: peaks do not reach over the pause. Calling it again changes nothing. */
void pace_break(struct pace *pace);

/* Syllable nuclei per second of speech. False before `least_s` seconds of speech. Costly: not for
 * every frame. */
bool pace_rate(const struct pace *pace, const struct pace_limits *limits, float least_s,
               float *per_second);

#endif
