/* Where the samples of a recorded file lie in time: from its start on, without the pauses that its
 * sidecar names. One thread at a time; blocks. */
#ifndef OUTSIDE_MIX_TRACK_H
#define OUTSIDE_MIX_TRACK_H

#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

struct sidecar;
struct storage;

enum { MIX_RATE_HZ = 24000 };

/* A stretch of the file that lies in time without a break. */
struct mix_stretch {
    int64_t at_ms; /* Unix time of its first sample */
    uint64_t first, frames;
};

/* The stretches of a file of so many frames of rate_hz; sidecar NULL: it is one. Returns how many; at
 * most `cap` are written. Pure. */
size_t mix_stretches(const struct sidecar *, int64_t started_ms, uint64_t frames, uint32_t rate_hz,
                     struct mix_stretch *out, size_t cap);

struct mix_track;

/* `path`: "<folder>/<file>" of an audio recording. Errors of files; EINVAL: no format that can be
 * read. */
int mix_track_open(struct mix_track **, const struct storage *, struct slice path,
                   int64_t started_ms);
void mix_track_close(struct mix_track *); /* NULL is fine */

/* Up to which time it has sound, Unix ms. */
int64_t mix_track_until_ms(const struct mix_track *);

/* Adds its sound to `count` samples of 24 kHz, of which the first is `first` samples after
 * origin_ms. */
void mix_track_add(struct mix_track *, int64_t origin_ms, int64_t first, size_t count, float *out);

#endif
