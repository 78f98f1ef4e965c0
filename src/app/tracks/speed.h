/*
 * Does a sender's audio come as fast as its sample rate says? A rate is believed as declared unless
 * two facts disagree with it: for eight seconds the stream has come, without a hole, at another
 * speed, and that is the speed of another usual rate. Pure: time is an argument.
 */
#ifndef APP_SPEED_H
#define APP_SPEED_H

#include <stdint.h>

enum { SPEED_SPANS = 4, SPEED_SPAN_MS = 2000 };

/* Zeroed: nothing has been heard. */
struct speed {
    /* Of the unfinished span: when it began, the latest read, and the longest time between two. */
    int64_t began_ms, last_ms, longest_ms;
    uint64_t frames;
    unsigned reads;
    /* Of the spans before, in thousandths of the declared rate. */
    uint32_t permille[SPEED_SPANS];
    unsigned spans;
};

/* `frames` sample frames arrived. The rate that they fit for long enough, or 0. */
unsigned speed_hear(struct speed *, unsigned rate_hz, uint64_t frames, int64_t now_ms);

/* The stream pauses: what follows is measured anew. */
void speed_pause(struct speed *);

#endif
