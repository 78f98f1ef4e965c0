/* The samples of one recorded file as mono floats, from any place in it: WAV and FLAC of 16 bits, and
 * Ogg Opus. A file that is still being written is read as far as it is. One thread at a
 * time; blocks. */
#ifndef OUTSIDE_MIX_FILE_H
#define OUTSIDE_MIX_FILE_H

#include <stddef.h>
#include <stdint.h>

struct mix_file;

/* Takes the descriptor, in any case. EINVAL: not a file that can be read. */
int mix_file_open(struct mix_file **, int fd);
void mix_file_close(struct mix_file *); /* NULL is fine */

uint32_t mix_file_rate_hz(const struct mix_file *);
uint64_t mix_file_frames(const struct mix_file *); /* so far */

/* Samples [from, from + count); zeros where the file has none. */
void mix_file_read(struct mix_file *, int64_t from, size_t count, float *out);

#endif
