#include "outside/disk/disk_finish.h"

#include "base/log.h"
#include "base/macros.h"
#include "base/mem.h"
#include "net/station.h"
#include "outside/disk/disk_thread.h"
#include "outside/files/file.h"
#include "outside/files/format.h"

#include <errno.h>
#include <unistd.h>

enum { NICE = 10, SAVE_TRIES = 3 };

struct disk_finish {
    struct disk_thread *thread;
    struct station *station;
    size_t under_way; /* the disk thread's */
    void (*on_idle)(void *user);
    void *user;
    atomic_bool is_hurried;
};

static void note_error(const struct disk_part *part, const char *message, int err) {
    disk_count(&part->thread->stats.errors, 1);
    log_warn("disk", message, log_text("file", part->sidecar.file), log_errno(err));
}

/* Cuts a stream that lost bytes behind its last whole frame. */
static void cut_broken(struct disk_part *part) {
    const struct format *format = format_of(part->format);
    struct media media;
    int err = format->repair(part->fd, part->bytes, false, &media);
    if (err) {
        note_error(part, "cannot repair a broken recording", err);
        return;
    }
    part->bytes = part->sidecar.info.bytes = media.bytes;
    if (!format->is_video)
        part->sidecar.frames = media.frames;
}

static void save_sidecar(struct disk_part *part, bool sync) {
    int err = disk_part_save_sidecar(part, sync);
    for (int tries = 1; err && tries < SAVE_TRIES; tries++)
        err = disk_part_save_sidecar(part, sync);
    if (err)
        note_error(part, "cannot write a sidecar; the next start will make it", err);
}

static void finish_part(struct disk_finish *finish, struct disk_part *part) {
    bool sync =
        part->thread->settings.fsync != DISK_FSYNC_NONE && !atomic_load(&finish->is_hurried);
    if (part->is_broken)
        cut_broken(part);
    if (sync && fdatasync(part->fd))
        note_error(part, "cannot sync a recording", errno);
    char sum[FILE_SUM_SIZE];
    int err = file_checksum(part->fd, part->head_bytes, part->bytes, &finish->is_hurried, sum);
    if (!err)
        recording_info_set(&part->sidecar.info.sha256, slice_from(sum));
    else if (err != ECANCELED)
        note_error(part, "cannot read a finished recording", err);
    if (!part->is_header_stale) /* a sidecar without an end makes the next start repair the file */
        save_sidecar(part, sync);
    if (close(part->fd))
        note_error(part, "cannot close a recording", errno);
    part->fd = -1;
}

static void disk_finish_deliver_finished(struct mail *mail, void *owner) {
    struct disk_part *part = CONTAINER_OF(mail, struct disk_part, mail);
    struct disk_finish *finish = part->thread->finish;
    disk_part_report(part);
    disk_part_free(part);
    if (--finish->under_way == 0)
        finish->on_idle(finish->user);
}

static void disk_finish_deliver_part(struct mail *mail, void *owner) {
    struct disk_part *part = CONTAINER_OF(mail, struct disk_part, mail);
    finish_part(owner, part);
    part->mail.deliver = disk_finish_deliver_finished;
    disk_thread_send(part->thread, &part->mail);
}

int disk_finish_open(struct disk_finish **out, struct disk_thread *thread,
                     void (*on_idle)(void *user), void *user) {
    struct disk_finish *finish = mem_alloc(sizeof *finish);
    finish->thread = thread;
    finish->on_idle = on_idle;
    finish->user = user;
    int err = station_open(&finish->station, finish);
    if (!err)
        err = station_start(finish->station, "finish", NICE);
    if (err) {
        disk_finish_close(finish);
        return err;
    }
    *out = finish;
    return 0;
}

void disk_finish_send(struct disk_finish *finish, struct disk_part *part) {
    finish->under_way++;
    part->mail.deliver = disk_finish_deliver_part;
    station_send(finish->station, &part->mail);
}

bool disk_finish_is_idle(const struct disk_finish *finish) {
    return finish->under_way == 0;
}

void disk_finish_hurry(struct disk_finish *finish) {
    atomic_store(&finish->is_hurried, true);
}

void disk_finish_close(struct disk_finish *finish) {
    if (!finish)
        return;
    station_close(finish->station);
    mem_free(finish);
}
