/*
 * Is a stream that calls itself mono really stereo? LiveKit Egress always sends two channels,
 * whatever the address says. The address is believed unless two facts disagree with it: the samples
 * are equal in pairs, and come twice as fast as mono. The beginning of a stream is kept back until
 * 100 ms of sound show that they are not; otherwise until a second and a half show how fast they
 * come. A stream of nothing but zeros is judged by its speed after 2.5 s. Pure: time is
 * an argument.
 */
#ifndef APP_CHANNELS_H
#define APP_CHANNELS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CHANNELS_SOUND_MS = 100,
    CHANNELS_SPEED_MS = 1500,
    CHANNELS_WAIT_MS = 2500,
};

enum channels_verdict { CHANNELS_OPEN, CHANNELS_MONO, CHANNELS_STEREO };

/* Zeroed: nothing is probed. The bytes kept back are `zeros` of them, then `sound`. */
struct channels {
    bool is_probing;
    unsigned rate_hz;
    /* When the first byte came, and the latest. */
    int64_t began_ms, last_ms;
    /* The speed is measured from here on, behind what came at once at the beginning. */
    int64_t mark_ms;
    uint64_t mark_bytes;
    uint64_t zeros;
    struct buf sound;
    /* The first of the sound had equal pairs: looked at once. */
    bool has_pairs;
};

/* Begins to probe. The caller that acts on the verdict frees `sound` and zeroes the struct
 * again. */
void channels_init(struct channels *, unsigned rate_hz);

/* Keeps the bytes. With a verdict other than CHANNELS_OPEN no more are wanted. */
enum channels_verdict channels_hear(struct channels *, const uint8_t *bytes, size_t len,
                                    int64_t now_ms);

/* On each tick: a stream that has been silent for long enough is judged. */
enum channels_verdict channels_tick(const struct channels *, int64_t now_ms);

/* The verdict on what there is, at the end of a stream or before a mute: never CHANNELS_OPEN. */
enum channels_verdict channels_judge(const struct channels *);

#endif
