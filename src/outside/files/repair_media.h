/* Repairs one file after its writer died, format by format. */
#ifndef OUTSIDE_REPAIR_MEDIA_H
#define OUTSIDE_REPAIR_MEDIA_H

#include <stdbool.h>
#include <stdint.h>

struct media {       /* what the file holds after the repair */
    uint64_t offset; /* where the audio or video begins; bytes and checksum count from here */
    uint64_t bytes;
    uint64_t frames; /* sample frames; 0 for video */
    uint32_t rate_hz;
    uint32_t channels;
    bool is_changed; /* had (dry run: would have) to be changed */
    bool is_empty;   /* at most headers: nothing was ever recorded */
};

/*
 * EINVAL: the file is not of this format; it is not changed. `dry`: only finds out. `file_bytes` is
 * the file's length.
 */
typedef int repair_fn(int fd, uint64_t file_bytes, bool dry, struct media *media);
repair_fn repair_wav, repair_flac, repair_opus, repair_h264, repair_ivf;

#endif
