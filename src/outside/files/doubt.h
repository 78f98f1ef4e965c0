/* What a track's audio or video turned out to be, other than its address says. Bits of a set. */
#ifndef OUTSIDE_DOUBT_H
#define OUTSIDE_DOUBT_H

#include "base/buf.h"

#include <jansson.h>
#include <stdint.h>

enum doubt {
    /* The address says mono, but two channels come. */
    DOUBT_STEREO_AT_MONO_ADDRESS,
    /* Stereo began after the file had begun as mono; recorded as the mean of both channels. */
    DOUBT_STEREO_AS_MONO,
    /* The audio comes at the speed of another sample rate; recorded as the address says. */
    DOUBT_WRONG_RATE,
    /* The samples came behind the header of a WAV, which is left out. */
    DOUBT_WAV_HEADER,
    /* H.264 came with lengths instead of start codes, which were put in their place. */
    DOUBT_H264_LENGTHS,
    /* H.264 that has neither; written as it came. */
    DOUBT_H264_UNKNOWN,
    DOUBTS
};

static inline uint32_t doubt_bit(enum doubt doubt) {
    return 1u << doubt;
}

/* The word of sidecars and of the debug answer. */
const char *doubt_word(enum doubt doubt);

/* The member "doubts", an array of words. Nothing when there are none. */
void doubts_write_json(struct buf *out, uint32_t doubts);
/* Reads such an array; anything else is no doubt. */
uint32_t doubts_read_json(const json_t *words);

#endif
