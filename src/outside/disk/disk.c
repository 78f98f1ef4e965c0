#include "outside/disk/disk.h"

#include "base/clock.h"
#include "base/counter.h"
#include "base/log.h"
#include "base/mem.h"
#include "outside/disk/disk_file.h"
#include "outside/disk/disk_finish.h"
#include "outside/disk/disk_log.h"
#include "outside/disk/disk_sync.h"
#include "outside/disk/disk_private.h"
#include "outside/disk/encode.h"
#include "net/station.h"
#include "outside/files/storage.h"

#include <assert.h>
#include <errno.h>
#include <sys/statvfs.h>
#include <uv.h>

/* At the end, checksums get this long; what is left to do then is left to the next start. */
enum { GATHER_MS = 10, BEAT_MS = 250, WATCH_MS = 1000, PATIENCE_MS = 1500 };

void disk_config_init(struct disk_config *config) {
    *config = (struct disk_config){
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

const struct disk_config *disk_configured(const struct disk *disk) {
    return &disk->config;
}

struct disk_stats *disk_stats(struct disk *disk) {
    return &disk->stats;
}

void disk_send(struct disk *disk, struct mail *mail) {
    station_send(disk->station, mail);
}

size_t disk_depth(struct disk *disk) {
    return station_depth(disk->station);
}

unsigned disk_encoded_tracks(struct disk *disk) {
    return disk->encode ? encode_tracks(disk->encode) : 0;
}

void disk_count(atomic_uint_fast64_t *counter, uint64_t add) {
    atomic_fetch_add_explicit(counter, add, memory_order_relaxed);
}

static void sync_files(struct disk *disk, int64_t now_ms) {
    if (!disk->sync || now_ms - disk->sync_ms < disk->config.fsync_ms ||
        !disk_sync_try_start(disk->sync))
        return;
    disk->sync_ms = now_ms;
    LIST_EACH(&disk->files, node) {
        disk_file_sync(disk_file_of_all(node), disk->sync);
    }
    disk_sync_commit(disk->sync);
}

static void on_beat(void *arg) {
    struct disk *disk = arg;
    int64_t now_ms = clock_mono_ms();
    while (!list_is_empty(&disk->due) && disk_file_on_due(disk_file_of_due(disk->due.next), now_ms))
        ;
    sync_files(disk, now_ms);
    bool has_lines = disk_log_beat(disk->log, now_ms);
    if (!has_lines && list_is_empty(&disk->files))
        timer_stop(&disk->beat);
}

void disk_wake(struct disk *disk) {
    if (!timer_is_running(&disk->beat))
        timer_start(station_loop(disk->station), &disk->beat, BEAT_MS, BEAT_MS, on_beat, disk);
}

/* Bytes left for us in the fullest folder; UINT64_MAX when nobody can tell. */
static uint64_t free_bytes(const struct disk *disk) {
    uint64_t least = UINT64_MAX;
    for (int kind = 0; kind < STORAGE_KINDS; kind++) {
        struct statvfs fs;
        if (fstatvfs(storage_dir(disk->config.storage, kind), &fs))
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
        log_error("disk", "too little room is left: new recordings wait until there is more",
                  log_int("freeMiB", mib));
    else if (space == DISK_SPACE_WARN)
        log_warn("disk", "room for recordings gets short", log_int("freeMiB", mib));
    else
        log_info("disk", "there is room for recordings again", log_int("freeMiB", mib));
}

static void on_watch(void *arg) {
    struct disk *disk = arg;
    uint64_t left = free_bytes(disk);
    enum disk_space space = DISK_SPACE_OK;
    if (left < disk->config.min_free_bytes)
        space = DISK_SPACE_FULL;
    else if (left < disk->config.warn_free_bytes)
        space = DISK_SPACE_WARN;
    atomic_store(&disk->stats.free_bytes, left);
    if (atomic_exchange(&disk->stats.space, space) != space)
        log_space(space, left);
}

static void end_if_done(struct disk *disk) {
    if (!disk->is_closing || disk->finishing > 0)
        return;
    timer_stop(&disk->patience);
    station_stop(disk->station);
}

void disk_on_finished(struct disk *disk) {
    assert(disk->finishing > 0);
    disk->finishing--;
    end_if_done(disk);
}

static void on_impatient(void *arg) {
    struct disk *disk = arg;
    if (clock_mono_ms() >= disk->impatient_ms)
        disk_finish_hurry(disk->finish);
}

static void deliver_stop(struct mail *mail, void *owner) {
    struct disk *disk = owner;
    timer_stop(&disk->watch);
    timer_stop(&disk->beat);
    while (!list_is_empty(&disk->files))
        disk_file_finish(disk_file_of_all(disk->files.next), "shutdown", clock_wall_ms());
    disk->is_closing = true;
    /* By the clock, not the loop's: a write that took long may just have ended, and the loop not know it. */
    disk->impatient_ms = clock_mono_ms() + PATIENCE_MS;
    timer_start(station_loop(disk->station), &disk->patience, BEAT_MS, BEAT_MS, on_impatient, disk);
    end_if_done(disk);
    mem_free(mail);
}

static int start(struct disk *disk) {
    int err = station_open(&disk->station, disk);
    if (!err)
        station_gather(disk->station, GATHER_MS);
    if (!err)
        err = disk_finish_open(&disk->finish, disk);
    if (!err && disk->config.fsync == DISK_FSYNC_INTERVAL)
        err = disk_sync_open(&disk->sync, disk);
    const struct encode_config encode = {.threads = disk->config.encode_threads,
                                         .max_tracks = disk->config.encode_max,
                                         .opus_bps = disk->config.opus_bps};
    if (!err && encode.threads > 0 && encode.max_tracks > 0)
        err = encode_open(&disk->encode, disk, &encode);
    if (err)
        return err;
    disk->log = disk_log_new(disk);
    if (disk->config.min_free_bytes > 0 || disk->config.warn_free_bytes > 0) {
        on_watch(disk);
        timer_start(station_loop(disk->station), &disk->watch, WATCH_MS, WATCH_MS, on_watch, disk);
    }
    err = station_start(disk->station, "disk", 0);
    if (err)
        timer_stop(&disk->watch);
    return err;
}

static void release(struct disk *disk) {
    encode_close(disk->encode);
    station_end(disk->station);
    disk_finish_end(disk->finish);
    disk_sync_end(disk->sync);
    station_close(disk->station);
    encode_free(disk->encode);
    disk_finish_close(disk->finish);
    disk_sync_close(disk->sync);
    if (disk->log)
        disk_log_free(disk->log);
    mem_free(disk);
}

int disk_open(struct disk **out, const struct disk_config *config) {
    struct disk *disk = mem_alloc(sizeof *disk);
    disk->config = *config;
    list_init(&disk->files);
    list_init(&disk->due);
    disk->sync_ms = clock_mono_ms();
    int err = start(disk);
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
    encode_close(disk->encode);
    struct mail *stop = mem_alloc(sizeof *stop);
    stop->deliver = deliver_stop;
    disk_send(disk, stop);
    station_wait(disk->station);
    release(disk);
}

#define AT(member) offsetof(struct disk_stats, member)

static const struct counter counters[] = {
    {"prosa_disk_queue_bytes", "Audio that waits for the disk.", COUNTER_GAUGE, AT(queued_bytes),
     .is_atomic = true},
    {"prosa_disk_written_bytes_total", "Bytes written; digital silence needs none.", COUNTER_SUM,
     AT(written_bytes), .is_atomic = true},
    {"prosa_disk_writes_total", "Writes.", COUNTER_SUM, AT(writes), .is_atomic = true},
    {"prosa_disk_errors_total", "Failed system calls on recordings.", COUNTER_SUM, AT(errors),
     .is_atomic = true},
    {"prosa_disk_lost_bytes_total", "Audio lost to a full queue or a failing disk.", COUNTER_SUM,
     AT(gap_bytes), .is_atomic = true},
    {"prosa_disk_open_files", "Recordings being written.", COUNTER_GAUGE, AT(open_files),
     .is_atomic = true},
    {"prosa_disk_free_bytes", "Room left where it is least.", COUNTER_GAUGE, AT(free_bytes),
     .is_atomic = true},
    {"prosa_pipeline_log_lines_total", "Lines of pipeline logs.", COUNTER_SUM, AT(log_lines),
     .is_atomic = true},
    {"prosa_pipeline_log_lines_lost_total",
     "Lines of pipeline logs given up before any audio, the disk being too slow.", COUNTER_SUM,
     AT(lost_lines), .is_atomic = true},
};

const struct counter_table disk_counters = {counters, ARRAY_LEN(counters)};
