/*
 * AUDIO_FSYNC=interval: makes open recordings durable every few seconds, on a thread of its own,
 * because fsync may take long.
 */
#ifndef OUTSIDE_DISK_SYNC_H
#define OUTSIDE_DISK_SYNC_H

#include "outside/disk/disk_part.h"

struct disk_sync;

int disk_sync_open(struct disk_sync **out, struct disk_thread *thread);
void disk_sync_close(struct disk_sync *sync); /* ends the thread; NULL is fine */

/* On the disk thread: begins a round. False: the last one is not done yet. */
bool disk_sync_try_start(struct disk_sync *sync);

/* Adds a file to the round. */
void disk_sync_add(struct disk_sync *sync, const struct disk_part *part);

/*
 * Sends the round off. Many files become one syncfs() for each folder, which costs less than a
 * journal commit for each file.
 */
void disk_sync_commit(struct disk_sync *sync);

#endif
