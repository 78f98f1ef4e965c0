/* One compressed stream: PCM in, bytes of a file out through a callback. */
#ifndef OUTSIDE_CODEC_H
#define OUTSIDE_CODEC_H

#include <stddef.h>
#include <stdint.h>

/*
 * Receives encoded bytes. `offset` is their place in the file: the end of all bytes so far, or an
 * earlier place when a header is corrected.
 */
typedef void codec_write_fn(uint64_t offset, const void *bytes, size_t len, void *user);

struct codec;

struct codec_type {
    /* Errors: EINVAL when the library refuses the format. */
    int (*open)(struct codec **out, uint32_t rate_hz, unsigned channels, unsigned bps,
                codec_write_fn *write, void *user);
    int (*feed)(struct codec *codec, const int16_t *pcm, size_t frames); /* interleaved */
    void (*close)(struct codec *codec); /* writes the rest and frees */
};

extern const struct codec_type codec_flac;
extern const struct codec_type codec_opus;

#endif
