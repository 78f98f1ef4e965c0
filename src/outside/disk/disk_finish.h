/*
 * Finishes files after their last byte, on a thread of its own at low priority: fsync, SHA-256, the
 * last sidecar, and the lock's release.
 */
#ifndef OUTSIDE_DISK_FINISH_H
#define OUTSIDE_DISK_FINISH_H

#include "outside/disk/disk_part.h"

struct disk_finish;

/* on_idle is called on the disk thread each time no part is left. */
int disk_finish_open(struct disk_finish **out, struct disk_thread *thread,
                     void (*on_idle)(void *user), void *user);

/*
 * On the disk thread. The part now belongs to the finisher. It is reported and freed on the disk
 * thread.
 */
void disk_finish_send(struct disk_finish *finish, struct disk_part *part);

/* On the disk thread: whether every part that was sent is done. */
bool disk_finish_is_idle(const struct disk_finish *finish);

/* Any thread: skips fsync and unfinished checksums from now on, because the process ends. */
void disk_finish_hurry(struct disk_finish *finish);

/* Ends the thread. Only when idle; NULL is fine. */
void disk_finish_close(struct disk_finish *finish);

#endif
