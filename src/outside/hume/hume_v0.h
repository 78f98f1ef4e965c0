/* Messages of the retired streaming API (v0), which compatible services still speak: JSON text both
 * ways, with a WAV block inside. */
#ifndef OUTSIDE_HUME_V0_H
#define OUTSIDE_HUME_V0_H

#include "base/buf.h"
#include "outside/hume/hume_reading.h"

/* Once after opening, for services that want to know the models first. */
void hume_v0_write_hello(struct buf *out);

/* A block of mono s16, at most 5 s. payload_id comes back in its answer. */
void hume_v0_write_block(struct buf *out, const int16_t *pcm, size_t n, unsigned rate_hz,
                         uint64_t payload_id);

/* map: what the service's names for expressions mean. */
void hume_v0_read(struct hume_reading *out, const struct expressions *map, struct slice message);

#endif
