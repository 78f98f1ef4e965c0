/* A WAV file as 16-bit samples, read from front to end: what `prosa analyze` and `prosa vad` hear. */
#ifndef APP_WAV_READER_H
#define APP_WAV_READER_H

#include "wire/media/wav.h"

#include <stdio.h>

struct wav_reader {
    FILE *file;
    struct wav_format format;
    uint64_t bytes_left; /* of samples; what the file lacks is not waited for */
};

/* Integer PCM of 8 to 32 bits and float of 32, one or two channels, 8 to 192 kHz. 0 or errno;
 * EINVAL: no such WAV. */
int wav_reader_open(struct wav_reader *reader, const char *path);
void wav_reader_close(struct wav_reader *reader);

/* Up to `frames` sample frames, interleaved, host order; 0 at the end. */
size_t wav_reader_read(struct wav_reader *reader, int16_t *out, size_t frames);

#endif
