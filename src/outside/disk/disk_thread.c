#include "outside/disk/disk_thread.h"

#include "net/station.h"

enum { GATHER_MS = 10, BEAT_MS = 250 };

int disk_thread_open(struct disk_thread *thread, const struct disk_settings *settings,
                     timer_fn *on_beat, void *user) {
    thread->settings = *settings;
    thread->on_beat = on_beat;
    thread->user = user;
    list_init(&thread->files);
    list_init(&thread->due_files);
    int err = station_open(&thread->station, user);
    if (!err)
        station_gather(thread->station, GATHER_MS);
    return err;
}

void disk_thread_send(struct disk_thread *thread, struct mail *mail) {
    station_send(thread->station, mail);
}

void disk_thread_wake(struct disk_thread *thread) {
    if (!timer_is_running(&thread->beat))
        timer_start(station_loop(thread->station), &thread->beat, BEAT_MS, BEAT_MS, thread->on_beat,
                    thread->user);
}
