/*
 * Deletes recordings and log lines, by what the database says of them. The calls wait for the disk:
 * not for a loop's thread.
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
 * Finds the recording by its path and format. Deletes file and sidecar, and the folder once it is
 * empty. A missing file is no error. EBUSY: it is being written.
 */
int erase_recording(const struct storage *storage, const struct recording_info *recording,
                    struct erased *erased);

/*
 * Deletes the lines of this recording's track and time from the pipeline log; the file goes with
 * its last line.
 */
int erase_log_lines(const struct storage *storage, const struct recording_info *recording,
                    struct erased *erased);

/* Deletes pipeline logs that were last written to before `before_ms`. */
int erase_old_logs(const struct storage *storage, int64_t before_ms, struct erased *erased);

#endif
