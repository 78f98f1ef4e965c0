/* Makes one recorded file whole after its writer died, format by format. Private to repair. */
#ifndef OUTSIDE_REPAIR_MEDIA_H
#define OUTSIDE_REPAIR_MEDIA_H

#include <stdbool.h>
#include <stdint.h>

struct media {       /* what was found, as it is after the repair */
    uint64_t offset; /* where the audio or video begins that bytes and the checksum cover */
    uint64_t bytes;
    uint64_t frames; /* sample frames; 0 for video */
    uint32_t rate_hz;
    uint32_t channels;
    bool is_changed; /* had (dry run: would have) to be changed */
    bool is_empty;   /* at most heads: nothing was ever recorded */
};

/*
 * EINVAL: not a file of this kind, left alone. `dry` changes nothing. `file_bytes` is the file's
 * length.
 */
typedef int repair_fn(int fd, uint64_t file_bytes, bool dry, struct media *media);
repair_fn repair_wav, repair_flac, repair_opus, repair_h264, repair_ivf;

#endif
