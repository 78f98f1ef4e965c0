/* All tracks of a span of a meeting together, as 16-bit samples of 24 kHz, made piece by piece; at
 * rates above 1 faster, with their pitch kept. One thread at a time; blocks. */
#ifndef OUTSIDE_MIX_H
#define OUTSIDE_MIX_H

#include "outside/mix/mix_track.h"

struct mix;

/* [from_ms, to_ms), rate 1..2. */
struct mix *mix_new(int64_t from_ms, int64_t to_ms, double rate);
void mix_free(struct mix *); /* NULL is fine; closes the tracks */
void mix_add(struct mix *, struct mix_track *);

/* How many samples it gives in all. */
uint64_t mix_samples(const struct mix *);
/* The next ones, at most `cap`; 0: that was all. */
size_t mix_make(struct mix *, int16_t *out, size_t cap);

#endif
