#include "outside/disk/disk_part.h"

#include "base/mem.h"
#include "outside/disk/disk_port.h"
#include "outside/disk/disk_thread.h"
#include "outside/files/file.h"
#include "outside/files/format.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FILE_MODE = 0640, NAME_TRIES = 1000, CHAIN_MAX = 64 };

uint64_t disk_part_frames(const struct disk_part *part) {
    return part->format == RECORD_WAV ? part->bytes / part->wav.frame_bytes : part->sidecar.frames;
}

static int write_header(const struct disk_part *part, uint64_t bytes) {
    if (part->format != RECORD_WAV)
        return 0;
    uint8_t header[WAV_HEADER_MAX];
    size_t len = wav_write_header(header, part->thread->settings.wav_layout, &part->wav, bytes);
    return file_write_at(part->fd, header, len, 0);
}

/* Whether the name is taken with any ending: recordings of two formats would share a sidecar. */
static bool is_name_taken(int folder_fd, const char *file) {
    char other[STORAGE_FILE_SIZE];
    int stem = (int)(strrchr(file, '.') - file);
    sidecar_file_name(other, file);
    bool is_taken = faccessat(folder_fd, other, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    for (enum record_format i = 0; i < RECORD_FORMATS && !is_taken; i++) {
        snprintf(other, sizeof other, "%.*s.%s", stem, file, format_of(i)->name);
        is_taken = faccessat(folder_fd, other, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    }
    return is_taken;
}

static int create(struct disk_part *part, int folder_fd, int64_t named_ms) {
    const struct recording_info *info = &part->sidecar.info;
    char *file = part->sidecar.file;
    int err = EEXIST;
    for (int64_t later = 0; later < NAME_TRIES && err == EEXIST; later++) {
        char stem[STORAGE_FILE_SIZE], suffix[16] = "";
        storage_file_name(stem, named_ms + later, info->room, info->participant, info->track);
        if (info->part > 1)
            snprintf(suffix, sizeof suffix, "_p%u", info->part);
        int len = snprintf(file, STORAGE_FILE_SIZE, "%s%s.%s", stem, suffix,
                           format_of(part->format)->name);
        assert(len > 0 && (size_t)len < STORAGE_FILE_SIZE - sizeof ".json.new");
        if (is_name_taken(folder_fd, file))
            continue;
        part->fd =
            openat(folder_fd, file, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
        err = part->fd < 0 ? errno : 0;
    }
    if (err)
        return err;
    /* A failed lock is no reason not to record: a repair holds it for a moment only. */
    storage_try_lock(part->fd);
    err = write_header(part, 0);
    if (err)
        unlinkat(folder_fd, file, 0);
    return err;
}

static struct disk_part *part_new(struct disk_thread *thread,
                                  const struct disk_part_settings *settings) {
    struct disk_part *part = mem_alloc(sizeof *part);
    const struct recording_info *info = settings->info;
    const struct format *format = format_find(info->format);
    part->thread = thread;
    part->fd = -1;
    part->format = format->id;
    part->kind = format->is_video ? STORAGE_VIDEO : STORAGE_AUDIO;
    if (part->format == RECORD_WAV) {
        part->wav = wav_format_s16(info->rate_hz, (uint16_t)info->channels);
        part->head_bytes = wav_header_bytes(thread->settings.wav_layout);
    }
    snprintf(part->folder, sizeof part->folder, "%s", settings->folder);
    part->sidecar.info = *info;
    recording_info_own(&part->sidecar.info);
    if (settings->paused_from_ms)
        sidecar_add_pause(&part->sidecar, 0, settings->paused_from_ms);
    return part;
}

int disk_part_open(struct disk_part **out, struct disk_thread *thread,
                   const struct disk_part_settings *settings) {
    struct disk_part *part = part_new(thread, settings);
    int folder_fd;
    int err =
        storage_open_folder(thread->settings.storage, part->kind, part->folder, true, &folder_fd);
    if (!err) {
        err = create(part, folder_fd, settings->named_ms);
        close(folder_fd);
    }
    if (err) {
        disk_part_free(part);
        return err;
    }
    part->is_unsynced = true;
    if (disk_part_save_sidecar(part, false))
        disk_count(&thread->stats.errors, 1);
    *out = part;
    return 0;
}

/*
 * Removes the part of a frame that a failed write left behind: it would shift all samples after it.
 */
static void cut_to_length(const struct disk_part *part) {
    if (ftruncate(part->fd, (off_t)(part->head_bytes + part->bytes)))
        disk_count(&part->thread->stats.errors, 1);
}

int disk_part_write(struct disk_part *part, const struct disk_block *chain, uint64_t *written) {
    struct iovec iov[CHAIN_MAX];
    int count = 0;
    for (const struct disk_block *block = chain; block; block = block->next) {
        assert(count < CHAIN_MAX);
        iov[count].iov_base = (void *)(uintptr_t)block->data;
        iov[count++].iov_len = block->len;
    }
    uint64_t total = 0;
    int err = 0;
    for (int first = 0; first < count;) {
        ssize_t n = pwritev(part->fd, iov + first, count - first,
                            (off_t)(part->head_bytes + part->bytes + total));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            err = n < 0 ? errno : EIO;
            break;
        }
        total += (uint64_t)n;
        for (size_t left = (size_t)n; left > 0 && first < count;) {
            size_t step = left < iov[first].iov_len ? left : iov[first].iov_len;
            iov[first].iov_base = (char *)iov[first].iov_base + step;
            iov[first].iov_len -= step;
            left -= step;
            if (iov[first].iov_len == 0)
                first++;
        }
    }
    if (err && part->format == RECORD_WAV)
        total -= total % part->wav.frame_bytes;
    part->bytes += total;
    part->is_unsynced = true;
    *written = total;
    disk_count(&part->thread->stats.written_bytes, total);
    disk_count(&part->thread->stats.writes, 1);
    if (err)
        cut_to_length(part);
    return err;
}

int disk_part_extend(struct disk_part *part, uint64_t bytes) {
    if (ftruncate(part->fd, (off_t)(part->head_bytes + part->bytes + bytes)))
        return errno;
    part->bytes += bytes;
    part->is_unsynced = true;
    return 0;
}

int disk_part_patch(struct disk_part *part, uint64_t offset, const void *bytes, size_t len) {
    assert(offset + len <= part->bytes);
    part->is_unsynced = true;
    return file_write_at(part->fd, bytes, len, part->head_bytes + offset);
}

int disk_part_refresh(struct disk_part *part) {
    if (part->said_bytes == part->bytes)
        return 0;
    int err = write_header(part, part->bytes);
    if (!err) {
        part->said_bytes = part->bytes;
        part->is_unsynced = true;
    }
    return err;
}

int disk_part_save_sidecar(struct disk_part *part, bool sync) {
    int folder_fd;
    int err = storage_open_folder(part->thread->settings.storage, part->kind, part->folder, false,
                                  &folder_fd);
    if (!err) {
        part->sidecar.info.bytes = part->bytes;
        part->sidecar.frames = disk_part_frames(part);
        err = sidecar_save(folder_fd, &part->sidecar, sync);
        if (sync && !err && fsync(folder_fd))
            err = errno;
        close(folder_fd);
    }
    part->is_sidecar_stale = err != 0;
    return err;
}

bool disk_part_is_vanished(const struct disk_part *part) {
    struct stat stat;
    return fstat(part->fd, &stat) == 0 && stat.st_nlink == 0;
}

void disk_part_report(const struct disk_part *part) {
    const struct disk_settings *settings = &part->thread->settings;
    if (!settings->on_report)
        return;
    char path[SIDECAR_PATH_SIZE];
    const struct recording_info info = sidecar_describe(&part->sidecar, part->folder, path);
    settings->on_report(&info, settings->user);
}

void disk_part_free(struct disk_part *part) {
    if (part->fd >= 0)
        close(part->fd);
    sidecar_free(&part->sidecar);
    mem_free(part);
}
