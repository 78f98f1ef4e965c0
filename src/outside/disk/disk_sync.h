/*
 * AUDIO_FSYNC=interval: makes open recordings durable every few seconds, on a thread of its own
 * because the disk may take its time.
 */
#ifndef OUTSIDE_DISK_SYNC_H
#define OUTSIDE_DISK_SYNC_H

#include "outside/disk/disk_part.h"

struct disk_sync;

int disk_sync_open(struct disk_sync **out, struct disk_thread *thread);
void disk_sync_end(struct disk_sync *sync); /* ends the thread; NULL is fine */
void disk_sync_close(struct disk_sync *sync);

/* On the disk thread. False: it is still busy with the last round, so this one is left out. */
bool disk_sync_try_start(struct disk_sync *sync);

/* One file of the round that has begun. */
void disk_sync_add(struct disk_sync *sync, const struct disk_part *part);

/*
 * Ends the round. Many files become one syncfs for each folder: a journal commit a file would cost
 * more than it all.
 */
void disk_sync_commit(struct disk_sync *sync);

#endif
