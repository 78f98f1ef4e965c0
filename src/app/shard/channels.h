/*
 * Is a stream that calls itself mono really stereo? LiveKit Egress always sends two channels, whatever the address says. The
 * beginning of a stream is kept back until its first 100 ms of sound have told: two channels that carry the same show as
 * equal pairs of samples whose neighbours differ. A stream of nothing but zeros is judged by its speed after 2.5 s. Pure:
 * time is an argument.
 */
#ifndef APP_CHANNELS_H
#define APP_CHANNELS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CHANNELS_SOUND_MS = 100,
    CHANNELS_WAIT_MS = 2500,
};

enum channels_verdict { CHANNELS_OPEN, CHANNELS_MONO, CHANNELS_STEREO };

/* The bytes kept back: `zeros` of them, then `sound`. */
struct channels {
    unsigned rate_hz;
    int64_t began_ms; /* when the first byte came */
    int64_t last_ms;
    uint64_t zeros;
    struct buf sound;
};

void channels_init(struct channels *, unsigned rate_hz);
void channels_free(struct channels *);

/* Keeps the bytes. A verdict other than CHANNELS_OPEN says that no more are wanted. */
enum channels_verdict channels_hear(struct channels *, const uint8_t *bytes, size_t len,
                                    int64_t now_ms);

/* On each tick: a stream that has said nothing for long enough is judged. */
enum channels_verdict channels_tick(const struct channels *, int64_t now_ms);

/* The left channel of `frames` stereo sample frames, as far as the right one is the same. Returns how many were. */
size_t channels_fold(int16_t *mono, const uint8_t *stereo, size_t frames);

/* The verdict on what there is: at the end of a stream, or before a mute. Never CHANNELS_OPEN. */
enum channels_verdict channels_judge(const struct channels *);

#endif
