/* A WAV file as 16-bit samples, read from front to end: for `prosa analyze` and `prosa vad`. */
#ifndef APP_WAV_READER_H
#define APP_WAV_READER_H

#include "wire/media/wav.h"

#include <stdio.h>

struct wav_reader {
    FILE *file;
    struct wav_format format;
    uint64_t bytes_left; /* of samples */
};

/* Takes integer PCM of 8 to 32 bits and 32-bit float, one or two channels, 8 to 192 kHz. 0 or
 * errno; EINVAL: not such a WAV. */
int wav_reader_open(struct wav_reader *reader, const char *path);
const char *wav_reader_why(int err);
void wav_reader_close(struct wav_reader *reader);

/* Up to `frames` sample frames, interleaved, host order; 0 at the end. */
size_t wav_reader_read(struct wav_reader *reader, int16_t *out, size_t frames);

#endif
