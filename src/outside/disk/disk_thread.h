/*
 * The disk thread itself, for what runs on it or sends to it: mail, beat, settings, counters, and
 * the way from one worker to another.
 */
#ifndef OUTSIDE_DISK_THREAD_H
#define OUTSIDE_DISK_THREAD_H

#include "base/list.h"
#include "net/mailbox.h"
#include "net/timer.h"
#include "outside/disk/disk_settings.h"
#include "outside/disk/disk_stats.h"

struct disk_finish;
struct disk_log;
struct encode_pool;
struct station;

struct disk_thread {
    struct disk_settings settings;
    struct disk_stats stats;
    struct station *station;
    /* For headers, logs and fsync; runs while there is anything to do. */
    struct timer beat;
    timer_fn *on_beat;
    void *user;
    /* Every recording, and those whose header or sidecar is out of date, the longest waiting first;
     * both belong to disk_file.c. */
    struct list files, due_files;
    struct disk_log *log;
    struct disk_finish *finish;
    /* NULL: nothing is ever encoded. */
    struct encode_pool *encode_pool;
};

/* Opens its station; mail is delivered to `user`. The thread runs from station_start() on. */
int disk_thread_open(struct disk_thread *thread, const struct disk_settings *settings,
                     timer_fn *on_beat, void *user);

void disk_thread_send(struct disk_thread *thread, struct mail *mail); /* any thread */

/* On the disk thread: starts the beat if it does not run. */
void disk_thread_wake(struct disk_thread *thread);

#endif
