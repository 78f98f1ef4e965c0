/*
 * One decoder of a track: packets in, samples out, at a rate that the decoder itself gives (libopus
 * needs no resampler), or 8 kHz for G.711. Samples are interleaved s16.
 */
#ifndef APP_DECODER_H
#define APP_DECODER_H

#include "base/slice.h"

#include <stdbool.h>

enum packet_codec { CODEC_OPUS, CODEC_PCMU, CODEC_PCMA };

enum { DECODER_FRAMES_MAX = 5760 };

struct decoder;

/* rate_hz: 8000, 12000, 16000, 24000 or 48000; G.711 has 8000 and one channel, whatever is asked
 * for. The caller allocates nothing more until decoder_free(). NULL: no memory. */
struct decoder *decoder_new(enum packet_codec codec, unsigned rate_hz, unsigned channels);
void decoder_free(struct decoder *decoder); /* NULL is fine */
unsigned decoder_rate_hz(const struct decoder *decoder);
unsigned decoder_channels(const struct decoder *decoder);
/* Ticks of the codec's clock as sample frames. */
size_t decoder_frames_of(const struct decoder *decoder, uint64_t ticks);

/* What came before has nothing to do with what comes. */
void decoder_reset(struct decoder *decoder);
/* Each writes at most DECODER_FRAMES_MAX sample frames and returns how many; 0: it cannot. The second
 * reads the packet before this one, which was lost, out of this one, the third guesses it. Both give
 * exactly so many frames, or 0. */
size_t decoder_read(struct decoder *decoder, struct slice payload, int16_t *out);
size_t decoder_read_lost(struct decoder *decoder, struct slice payload, size_t frames,
                         int16_t *out);
size_t decoder_conceal(struct decoder *decoder, size_t frames, int16_t *out);

#endif
