/* What a format must be able to do to be mixed; private to mix_file. Each decoder has one of these as
 * its first member. */
#ifndef OUTSIDE_MIX_DECODER_H
#define OUTSIDE_MIX_DECODER_H

#include <stddef.h>
#include <stdint.h>

struct mix_decoder {
    uint32_t rate_hz;
    uint64_t frames;
    /* Samples [from, from + count), `from` below `frames`, as mono floats of 16 bits' size. Returns how
     * many, maybe fewer than asked; 0: there are none. */
    size_t (*read)(struct mix_decoder *, uint64_t from, size_t count, float *out);
    void (*close)(struct mix_decoder *);
};

/* Each reads the descriptor, which stays the caller's and open until `close`. A file that is still
 * being written ends with its last whole frame. EINVAL: not such a file. */
int mix_wav_open(struct mix_decoder **, int fd);
int mix_flac_open(struct mix_decoder **, int fd);
int mix_opus_open(struct mix_decoder **, int fd);

#endif
