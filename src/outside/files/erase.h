/* Taking recordings and log lines away again, by what the database says of them. These calls wait for the disk: not on a loop. */
#ifndef OUTSIDE_ERASE_H
#define OUTSIDE_ERASE_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct storage;

struct erased {
    uint64_t files, sidecars, bytes, log_lines;
};

/* A recording as its row names it. */
struct erase_recording {
    struct slice path; /* "<folder>/<file>" below the audio or video folder */
    struct slice track;
    bool is_video;
    int64_t started_ms, ended_ms;
};

/* File and sidecar, and the folder when it is empty then. A file that is not there is no error. EBUSY: it is being written. */
int erase_recording(const struct storage *storage, const struct erase_recording *recording,
                    struct erased *erased);

/* The pipeline log's lines of this recording: those of its track in its time; the file goes with its last line. */
int erase_log_lines(const struct storage *storage, const struct erase_recording *recording,
                    struct erased *erased);

/* Pipeline logs that nobody has written to since. */
int erase_old_logs(const struct storage *storage, int64_t before_ms, struct erased *erased);

#endif
