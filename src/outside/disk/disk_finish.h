/*
 * What follows a file's last byte, on a thread of its own at low priority: it is made durable, its SHA-256 is taken, its sidecar
 * written, its lock released.
 */
#ifndef OUTSIDE_DISK_FINISH_H
#define OUTSIDE_DISK_FINISH_H

#include "outside/disk/disk_part.h"

struct disk_finish;

int disk_finish_open(struct disk_finish **out, struct disk *disk);

/* Takes the part over; its way ends on the disk thread, where it is reported and freed. */
void disk_finish_send(struct disk_finish *finish, struct disk_part *part);

/* Any thread: the process wants to end. Long checksums are left to the next start. */
void disk_finish_hurry(struct disk_finish *finish);

/* When nothing is under way any more: ends the thread, and frees. NULL is fine. */
void disk_finish_end(struct disk_finish *finish);
void disk_finish_close(struct disk_finish *finish);

#endif
