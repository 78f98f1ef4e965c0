/* Levels of one track: its noise, and how loud the person is while they actually speak. */
#ifndef SOUND_LEVEL_H
#define SOUND_LEVEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LEVEL_FRAME_MS = 20,
    LEVEL_FRAMES = 500,             /* 10 s of strong speech are kept */
    LEVEL_USUAL_LEAST_FRAMES = 250, /* 5 s before them show what is usual */
    LEVEL_NOISE_LEAST_FRAMES = 50,  /* 1 s without speech shows the noise */
    LEVEL_USUAL_FRAMES = 3000,      /* a minute's worth of them is averaged */
};

/* 10 log10, never below -120. */
float level_dbfs(float power);

/* Noise: slow mean of the frame power in dB outside speech, 0.05 down, 0.02 up per frame. Known
 * after a second: who joins in the middle of a word is speech for some frames before the detector
 * says so. Zeroed at the start. */
struct level_noise {
    float dbfs;      /* once known */
    uint16_t frames; /* heard, up to LEVEL_NOISE_LEAST_FRAMES */
    bool known;
};

void level_noise_hear(struct level_noise *noise, float power);

/* Active level: mean power of strong speech frames, minus the noise. Kept as running sums, whose
 * differences are the sums of any stretch. Doubles stay precise enough for months of speech. Zeroed
 * at the start. */
struct level {
    uint16_t count, next;
    double sum;                  /* with the newest frame */
    double before[LEVEL_FRAMES]; /* without the frame and what followed it */
    uint32_t at_ms[LEVEL_FRAMES]; /* ascending, low bits: an age counts up to 49 days */
    double usual;                /* running mean of the frames that are no longer kept */
    uint16_t usual_frames;       /* how many made it, at most LEVEL_USUAL_FRAMES */
};

/* at_ms never runs backwards. */
void level_hear(struct level *level, float power, float noise_power, int64_t at_ms);

/* Mean over the last `want_ms` of strong speech that is at most `age_ms` old at now_ms; returns how
 * many ms of speech are in it and sets *dbfs when there are any. */
unsigned level_active(const struct level *level, unsigned want_ms, unsigned age_ms, int64_t now_ms,
                      float *dbfs);

/* How loud the person usually is: their active level before the last 10 s of speech. False while
 * little of that is known. */
bool level_usual(const struct level *level, float *dbfs);

#endif
