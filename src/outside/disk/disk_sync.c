#include "outside/disk/disk_sync.h"

#include "base/log.h"
#include "base/mem.h"
#include "net/station.h"
#include "outside/disk/disk_thread.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

enum { SINGLE_MAX = 16 };

struct disk_sync {
    struct disk_thread *thread;
    struct station *station;
    /* The round: from its start to its commit the disk thread's, then the sync thread's. */
    struct mail mail;
    int fds[SINGLE_MAX]; /* duplicates, because a file may be closed meanwhile */
    size_t count;        /* of files, including those beyond fds */
    bool in_folder[STORAGE_KINDS];
    atomic_bool is_busy; /* it is the sync thread's */
};

static void note_result(struct disk_sync *sync, int result) {
    if (result == 0)
        return;
    disk_count(&sync->thread->stats.errors, 1);
    log_warn("disk", "cannot sync recordings", log_errno(errno));
}

static void disk_sync_deliver_round(struct mail *mail, void *owner) {
    struct disk_sync *sync = owner;
    bool is_single = sync->count <= SINGLE_MAX;
    for (size_t i = 0; i < sync->count && i < SINGLE_MAX; i++) {
        if (is_single)
            note_result(sync, fdatasync(sync->fds[i]));
        close(sync->fds[i]);
    }
    for (int kind = 0; kind < STORAGE_KINDS && !is_single; kind++)
        if (sync->in_folder[kind])
            note_result(sync, syncfs(storage_dir(sync->thread->settings.storage, kind)));
    atomic_store(&sync->is_busy, false);
}

int disk_sync_open(struct disk_sync **out, struct disk_thread *thread) {
    struct disk_sync *sync = mem_alloc(sizeof *sync);
    sync->thread = thread;
    int err = station_open(&sync->station, sync);
    if (!err)
        err = station_start(sync->station, "sync", 0);
    if (err) {
        disk_sync_close(sync);
        return err;
    }
    *out = sync;
    return 0;
}

void disk_sync_close(struct disk_sync *sync) {
    if (!sync)
        return;
    station_close(sync->station);
    mem_free(sync);
}

bool disk_sync_try_start(struct disk_sync *sync) {
    if (atomic_load(&sync->is_busy))
        return false;
    sync->count = 0;
    memset(sync->in_folder, 0, sizeof sync->in_folder);
    return true;
}

void disk_sync_add(struct disk_sync *sync, const struct disk_part *part) {
    if (sync->count < SINGLE_MAX) {
        int fd = fcntl(part->fd, F_DUPFD_CLOEXEC, 0);
        if (fd < 0)
            return;
        sync->fds[sync->count] = fd;
    }
    sync->count++;
    sync->in_folder[part->kind] = true;
}

void disk_sync_commit(struct disk_sync *sync) {
    if (sync->count == 0)
        return;
    atomic_store(&sync->is_busy, true);
    sync->mail.deliver = disk_sync_deliver_round;
    station_send(sync->station, &sync->mail);
}
