/* The retired streaming API (v0) that compatible services still speak: one JSON text message with a
 * WAV block each way. */
#ifndef OUTSIDE_HUME_V0_H
#define OUTSIDE_HUME_V0_H

#include "base/buf.h"
#include "outside/hume/hume_reading.h"

/* Once after opening, where the service wants to know the models first. */
void hume_v0_write_hello(struct buf *out);

/* A block of mono s16, at most 5 s. payload_id comes back in its answer. */
void hume_v0_write_block(struct buf *out, const int16_t *pcm, size_t n, unsigned rate_hz,
                         uint64_t payload_id);

#endif
