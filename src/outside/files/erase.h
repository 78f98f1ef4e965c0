/*
 * Taking recordings and log lines away again, by what the database says of them. These calls wait
 * for the disk: not on a loop.
 */
#ifndef OUTSIDE_ERASE_H
#define OUTSIDE_ERASE_H

#include "outside/files/recording_info.h"

#include <stdint.h>

struct storage;

struct erased {
    uint64_t files, sidecars, bytes, log_lines;
};

/*
 * By its path and format: file and sidecar, and the folder when it is empty then. A file that is
 * not there is no error. EBUSY: it is being written.
 */
int erase_recording(const struct storage *storage, const struct recording_info *recording,
                    struct erased *erased);

/*
 * The pipeline log's lines of this recording: those of its track in its time; the file goes with
 * its last line.
 */
int erase_log_lines(const struct storage *storage, const struct recording_info *recording,
                    struct erased *erased);

/* Pipeline logs that nobody has written to since. */
int erase_old_logs(const struct storage *storage, int64_t before_ms, struct erased *erased);

#endif
