#include "outside/disk/disk_sync.h"

#include "base/log.h"
#include "base/macros.h"
#include "base/mem.h"
#include "net/station.h"
#include "outside/disk/disk_thread.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <unistd.h>

enum { SINGLE_MAX = 16 };

struct disk_sync {
    struct disk_thread *thread;
    struct station *station;
    struct sync_round *round; /* being gathered */
    atomic_bool is_busy;
};

struct sync_round {
    struct mail mail;
    int fds[SINGLE_MAX]; /* duplicates, because a file may be closed meanwhile */
    size_t count;        /* of files, including those beyond fds */
    bool in_folder[STORAGE_KINDS];
};

static void note_result(struct disk_sync *sync, int result) {
    if (result == 0)
        return;
    disk_count(&sync->thread->stats.errors, 1);
    log_warn("disk", "cannot sync recordings", log_errno(errno));
}

static void disk_sync_deliver_round(struct mail *mail, void *owner) {
    struct sync_round *round = CONTAINER_OF(mail, struct sync_round, mail);
    struct disk_sync *sync = owner;
    bool is_single = round->count <= SINGLE_MAX;
    for (size_t i = 0; i < round->count && i < SINGLE_MAX; i++) {
        if (is_single)
            note_result(sync, fdatasync(round->fds[i]));
        close(round->fds[i]);
    }
    for (int kind = 0; kind < STORAGE_KINDS && !is_single; kind++)
        if (round->in_folder[kind])
            note_result(sync, syncfs(storage_dir(sync->thread->settings.storage, kind)));
    mem_free(round);
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
    sync->round = mem_alloc(sizeof *sync->round);
    return true;
}

void disk_sync_add(struct disk_sync *sync, const struct disk_part *part) {
    struct sync_round *round = sync->round;
    if (round->count < SINGLE_MAX) {
        int fd = fcntl(part->fd, F_DUPFD_CLOEXEC, 0);
        if (fd < 0)
            return;
        round->fds[round->count] = fd;
    }
    round->count++;
    round->in_folder[part->kind] = true;
}

void disk_sync_commit(struct disk_sync *sync) {
    struct sync_round *round = sync->round;
    sync->round = NULL;
    if (round->count == 0) {
        mem_free(round);
        return;
    }
    atomic_store(&sync->is_busy, true);
    round->mail.deliver = disk_sync_deliver_round;
    station_send(sync->station, &round->mail);
}
