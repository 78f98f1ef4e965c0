/* The owner of the disk thread and of everything that works for it. */
#ifndef OUTSIDE_DISK_PRIVATE_H
#define OUTSIDE_DISK_PRIVATE_H

#include "base/macros.h"
#include "outside/disk/disk.h"
#include "outside/disk/disk_thread.h"

struct disk_files;
struct disk_finish;
struct disk_log;
struct disk_sync;
struct encode_pool;

struct disk {
    struct disk_thread thread;
    struct disk_files *files;
    struct disk_log *log;
    struct disk_sync *sync;          /* NULL unless AUDIO_FSYNC=interval */
    struct disk_finish *finish;      /* what follows a file's last byte, on its own thread */
    struct encode_pool *encode_pool; /* NULL: nothing is ever encoded */
    struct timer watch;              /* free space */
    int64_t sync_ms;                 /* the last round of `sync` */
    bool is_closing;
    /* While closing: the monotonic time from which on checksums are left out. */
    int64_t impatient_ms;
    struct timer patience;
};

static inline struct disk *disk_of(struct disk_thread *thread) {
    return CONTAINER_OF(thread, struct disk, thread);
}

#endif
