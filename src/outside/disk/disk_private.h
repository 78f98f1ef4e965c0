/* The disk thread's inside, shared by the files that make it up. Everything here runs on that thread unless it says otherwise. */
#ifndef OUTSIDE_DISK_PRIVATE_H
#define OUTSIDE_DISK_PRIVATE_H

#include "base/list.h"
#include "net/mailbox.h"
#include "net/timer.h"
#include "outside/disk/disk.h"

struct disk_file;
struct disk_finish;
struct disk_log;
struct disk_part;
struct disk_sync;
struct encode;
struct station;

struct disk {
    struct disk_config config;
    struct disk_stats stats;
    struct station *station;
    struct disk_log *log;
    struct disk_sync *sync;     /* NULL unless AUDIO_FSYNC=interval */
    struct disk_finish *finish; /* what follows a file's last byte, on its own thread */
    struct encode *encode;      /* NULL: nothing is ever encoded */
    struct list files;          /* every disk_file */
    struct list due;            /* files whose header lags behind, the longest waiting first */
    size_t finishing;           /* parts under way with `finish` */
    struct timer beat;          /* headers, logs, fsync: runs while there is anything to do */
    int64_t impatient_ms;       /* while closing: from then on checksums are left out; monotonic */
    struct timer patience;      /* runs while closing */
    struct timer watch;         /* free space */
    int64_t sync_ms;            /* when files were last given to `sync` */
    bool is_closing;
};

/* Any thread. */
const struct disk_config *disk_configured(const struct disk *disk);
void disk_send(struct disk *disk, struct mail *mail);

void disk_count(atomic_uint_fast64_t *counter, uint64_t add); /* relaxed, any thread */

/* There is something for the next beat. */
void disk_wake(struct disk *disk);

/* A part is done with: the last one lets a closing disk end. */
void disk_on_finished(struct disk *disk);

#endif
