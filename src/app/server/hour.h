/*
 * A few numbers of the last hour, one of each for every ten seconds: what the operators' view draws.
 * The owner gives the samples in time; here is only memory for the last 360 of them. Pure.
 */
#ifndef APP_HOUR_H
#define APP_HOUR_H

#include <stdint.h>

struct buf;

enum { HOUR_STEP_S = 10, HOUR_SAMPLES = 3600 / HOUR_STEP_S };

enum hour_line {
    HOUR_TRACKS,      /* open media connections, then */
    HOUR_LATE_TICKS,  /* of a thousand ticks of the shards, since the sample before */
    HOUR_QUEUE_BYTES, /* waiting for the disk, then */
    HOUR_DROPS,       /* what was given up, since the sample before */
    HOUR_LINES,
};

struct hour {
    uint64_t samples[HOUR_LINES][HOUR_SAMPLES];
    unsigned next, count;
};

void hour_add(struct hour *hour, const uint64_t values[HOUR_LINES]);

/* Adds a member for each line to an open JSON object: an array, the oldest sample first. */
void hour_write(const struct hour *hour, struct buf *json);

#endif
