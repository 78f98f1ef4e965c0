/*
 * The disk thread writes every byte of a recording and every line of a pipeline log, in order for
 * each file, from a queue that is bounded in bytes. Producers never wait for it. When the disk
 * stalls, log lines are dropped once the queue is half full, and audio once it is full: as a gap in
 * its recording. Both are counted and logged.
 *
 *   shard ── blocks ──> disk ── fsync ──> sync thread
 *     └──── blocks ──> encode threads ── blocks ──> disk
 *
 * Each producer's thread has a port (outside/disk/disk_port.h).
 */
#ifndef OUTSIDE_DISK_H
#define OUTSIDE_DISK_H

#include "base/slice.h"
#include "outside/disk/disk_port.h"
#include "outside/disk/disk_settings.h"
#include "outside/disk/disk_stats.h"

struct disk;

/* The defaults of the settings; storage is left to the caller. */
void disk_settings_init(struct disk_settings *settings);

int disk_open(struct disk **out, const struct disk_settings *settings);

/*
 * After every recorder is closed: writes what is queued, finishes every file, ends the threads.
 * NULL is fine.
 */
void disk_close(struct disk *disk);

/* A way in for one more thread. */
struct disk_port *disk_new_port(struct disk *disk);

/*
 * Appends `line` and a newline to the meeting's pipeline log, unless the queue is half full.
 * Control characters in it become spaces.
 */
void disk_log(struct disk_port *port, struct slice meeting, struct slice line);

struct disk_stats *disk_stats(struct disk *disk);

/* Any thread: jobs that wait. */
size_t disk_depth(struct disk *disk);

#endif
