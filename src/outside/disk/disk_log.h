/* Pipeline logs: lines are gathered a second at a time, then appended to each meeting's file with one write. On the disk thread. */
#ifndef OUTSIDE_DISK_LOG_H
#define OUTSIDE_DISK_LOG_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct disk;
struct disk_log;

struct disk_log *disk_log_new(struct disk *disk);
void disk_log_free(struct disk_log *log); /* writes what is there */

/* Writes the files whose second is over; true while lines wait. */
bool disk_log_beat(struct disk_log *log, int64_t now_ms);

#endif
