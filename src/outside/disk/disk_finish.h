/*
 * What follows a file's last byte, on a thread of its own at low priority: it is made durable, its
 * SHA-256 is taken, its sidecar written, its lock released.
 */
#ifndef OUTSIDE_DISK_FINISH_H
#define OUTSIDE_DISK_FINISH_H

#include "outside/disk/disk_part.h"

struct disk_finish;

/* on_idle is called on the disk thread each time the last part that was under way is done. */
int disk_finish_open(struct disk_finish **out, struct disk_thread *thread,
                     void (*on_idle)(void *user), void *user);

/*
 * On the disk thread. Takes the part over; it comes back to the disk thread, where it is reported
 * and freed.
 */
void disk_finish_send(struct disk_finish *finish, struct disk_part *part);

/* On the disk thread: whether no part is under way. */
bool disk_finish_is_idle(const struct disk_finish *finish);

/* Any thread: the process wants to end. Long checksums are left to the next start. */
void disk_finish_hurry(struct disk_finish *finish);

/* When no part is under way: ends the thread, and frees. NULL is fine. */
void disk_finish_end(struct disk_finish *finish);
void disk_finish_close(struct disk_finish *finish);

#endif
