#include "outside/disk/disk.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/station.h"
#include "outside/disk/disk_file.h"
#include "outside/disk/disk_finish.h"
#include "outside/disk/disk_log.h"
#include "outside/disk/disk_sync.h"
#include "outside/disk/disk_thread.h"
#include "outside/disk/encode_pool.h"
#include "outside/files/storage.h"

#include <assert.h>
#include <sys/statvfs.h>
#include <uv.h>

/*
 * When the server ends, checksums get PATIENCE_MS. The next start's repair computes those that are
 * missing.
 */
enum { WATCH_MS = 1000, PATIENCE_MS = 1500, PATIENCE_LOOK_MS = 250 };

struct disk {
    struct disk_thread thread;
    struct disk_sync *sync; /* NULL unless AUDIO_FSYNC=interval */
    int64_t sync_ms;        /* its last round */
    struct timer watch;     /* free space */
    bool is_closing;
    struct timer patience; /* while closing */
    int64_t impatient_ms;  /* the monotonic time from which on checksums are left out */
};

void disk_settings_init(struct disk_settings *settings) {
    *settings = (struct disk_settings){
        .queue_bytes = 256u << 20,
        .header_ms = 2000,
        .fsync = DISK_FSYNC_INTERVAL,
        .fsync_ms = 5000,
        .wav_layout = WAV_CANONICAL,
        .min_free_bytes = UINT64_C(1) << 30,
        .warn_free_bytes = UINT64_C(5) << 30,
        .retry_ms = 1000,
        .encode_threads = uv_available_parallelism() > 1 ? 2 : 1,
        .encode_max = 64,
        .opus_bps = 32000,
    };
}

struct disk_port *disk_new_port(struct disk *disk) {
    return disk_port_new(&disk->thread);
}

void disk_log(struct disk_port *port, struct slice meeting, struct slice line) {
    disk_log_send(port, meeting, line);
}

struct disk_stats *disk_stats(struct disk *disk) {
    return &disk->thread.stats;
}

size_t disk_depth(struct disk *disk) {
    return station_depth(disk->thread.station);
}

static void sync_files(struct disk *disk, int64_t now_ms) {
    if (!disk->sync || now_ms - disk->sync_ms < disk->thread.settings.fsync_ms ||
        !disk_sync_try_start(disk->sync))
        return;
    disk->sync_ms = now_ms;
    disk_files_sync(&disk->thread, disk->sync);
    disk_sync_commit(disk->sync);
}

static void disk_on_beat(void *user) {
    struct disk *disk = user;
    int64_t now_ms = clock_mono_ms();
    disk_files_beat(&disk->thread, now_ms);
    sync_files(disk, now_ms);
    bool has_lines = disk_log_beat(disk->thread.log, now_ms);
    if (!has_lines && list_is_empty(&disk->thread.files))
        timer_stop(&disk->thread.beat);
}

/* Free bytes in the fullest folder; UINT64_MAX when no file system tells. */
static uint64_t free_bytes(const struct disk *disk) {
    uint64_t least = UINT64_MAX;
    for (int kind = 0; kind < STORAGE_KINDS; kind++) {
        struct statvfs fs;
        if (fstatvfs(storage_dir(disk->thread.settings.storage, kind), &fs))
            continue;
        uint64_t left = (uint64_t)fs.f_bavail * fs.f_frsize;
        if (left < least)
            least = left;
    }
    return least;
}

static void log_space(enum disk_space space, uint64_t left) {
    int64_t mib = (int64_t)(left >> 20);
    if (space == DISK_SPACE_FULL)
        log_error("disk", "disk full: new recordings wait for free space", log_int("freeMiB", mib));
    else if (space == DISK_SPACE_WARN)
        log_warn("disk", "disk space for recordings is low", log_int("freeMiB", mib));
    else
        log_info("disk", "enough disk space for recordings again", log_int("freeMiB", mib));
}

static void disk_on_watch(void *user) {
    struct disk *disk = user;
    uint64_t left = free_bytes(disk);
    enum disk_space space = DISK_SPACE_OK;
    if (left < disk->thread.settings.min_free_bytes)
        space = DISK_SPACE_FULL;
    else if (left < disk->thread.settings.warn_free_bytes)
        space = DISK_SPACE_WARN;
    atomic_store(&disk->thread.stats.free_bytes, left);
    if (atomic_exchange(&disk->thread.stats.space, space) != space)
        log_space(space, left);
}

static void end_if_done(void *user) {
    struct disk *disk = user;
    if (!disk->is_closing || !disk_finish_is_idle(disk->thread.finish))
        return;
    timer_stop(&disk->patience);
    station_stop(disk->thread.station);
}

static void disk_on_impatient(void *user) {
    struct disk *disk = user;
    if (clock_mono_ms() >= disk->impatient_ms)
        disk_finish_hurry(disk->thread.finish);
}

static void disk_deliver_stop(struct mail *mail, void *owner) {
    struct disk *disk = owner;
    timer_stop(&disk->watch);
    timer_stop(&disk->thread.beat);
    disk_files_end(&disk->thread, "shutdown", clock_wall_ms());
    disk->is_closing = true;
    /* Not the loop's time: it is old when a long write has just ended. */
    disk->impatient_ms = clock_mono_ms() + PATIENCE_MS;
    timer_start(station_loop(disk->thread.station), &disk->patience, PATIENCE_LOOK_MS,
                PATIENCE_LOOK_MS, disk_on_impatient, disk);
    end_if_done(disk);
    mem_free(mail);
}

static int open_helpers(struct disk *disk) {
    struct disk_thread *thread = &disk->thread;
    thread->log = disk_log_new(thread);
    int err = disk_finish_open(&thread->finish, thread, end_if_done, disk);
    if (!err && thread->settings.fsync == DISK_FSYNC_INTERVAL)
        err = disk_sync_open(&disk->sync, thread);
    if (!err && thread->settings.encode_threads > 0 && thread->settings.encode_max > 0)
        err = encode_pool_open(&thread->encode_pool, thread);
    return err;
}

static int start(struct disk *disk, const struct disk_settings *settings) {
    int err = disk_thread_open(&disk->thread, settings, disk_on_beat, disk);
    if (!err)
        err = open_helpers(disk);
    if (err)
        return err;
    if (settings->min_free_bytes > 0 || settings->warn_free_bytes > 0) {
        disk_on_watch(disk);
        timer_start(station_loop(disk->thread.station), &disk->watch, WATCH_MS, WATCH_MS,
                    disk_on_watch, disk);
    }
    err = station_start(disk->thread.station, "disk", 0);
    if (err)
        timer_stop(&disk->watch);
    return err;
}

static void release(struct disk *disk) {
    struct disk_thread *thread = &disk->thread;
    encode_pool_close(thread->encode_pool);
    station_end(thread->station);
    disk_finish_close(thread->finish);
    disk_sync_close(disk->sync);
    station_close(thread->station);
    assert(list_is_empty(&thread->files));
    encode_pool_free(thread->encode_pool);
    disk_log_free(thread->log);
    mem_free(disk);
}

int disk_open(struct disk **out, const struct disk_settings *settings) {
    struct disk *disk = mem_alloc(sizeof *disk);
    disk->sync_ms = clock_mono_ms();
    int err = start(disk, settings);
    if (err) {
        release(disk);
        return err;
    }
    *out = disk;
    return 0;
}

void disk_close(struct disk *disk) {
    if (!disk)
        return;
    encode_pool_close(disk->thread.encode_pool);
    struct mail *stop = mem_alloc(sizeof *stop);
    stop->deliver = disk_deliver_stop;
    disk_thread_send(&disk->thread, stop);
    station_wait(disk->thread.station);
    release(disk);
}
