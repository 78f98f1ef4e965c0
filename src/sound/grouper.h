/* A track's audio on its way to the prosody service: mono, 16 kHz, s16, low-passed at 7 kHz, cut
 * into groups of equal length. Plain data.
 *
 *     s16 at any rate -> louder side -> resample -> s16 -> groups */
#ifndef SOUND_GROUPER_H
#define SOUND_GROUPER_H

#include "sound/resample.h"
#include "sound/sides.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GROUPER_RATE_HZ = RESAMPLE_RATE_HZ };

struct grouper {
    struct sides sides;
    struct resample resample;
    uint32_t rate_hz;
    uint32_t group;  /* samples of a whole group, at 16 kHz */
    uint32_t filled; /* of the current one */
    uint8_t channels;
    bool has_sound; /* the filters' memory is not all zeros */
};

/* Interleaved s16 of 8000..192000 Hz and 1..2 channels. */
void grouper_init(struct grouper *g, unsigned rate_hz, unsigned channels, unsigned group_ms);

/* Takes up to `frames` sample frames and returns how many it used; *written samples (at most
 * `room`, which is at least 1) are in out. Stops when a group is full: then *is_full, and the next
 * sample begins a new group. */
size_t grouper_hear(struct grouper *g, const int16_t *pcm, size_t frames, int16_t *out, size_t room,
                    size_t *written, bool *is_full);

/* The same for samples that are not needed: they are only counted. *passed as *written above. */
size_t grouper_pass(struct grouper *g, size_t frames, size_t *passed, bool *is_full);

/* Ends a group early (time, or the track's end); returns how many samples were in it. */
uint32_t grouper_cut(struct grouper *g);

/* Lowers a block whose peak lies above -1 dBFS to there; never raises it. */
void grouper_normalize(int16_t *pcm, size_t n);

#endif
