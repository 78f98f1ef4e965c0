#include "outside/disk/disk_part.h"

#include "base/mem.h"
#include "outside/disk/disk_port.h"
#include "outside/disk/disk_private.h"
#include "outside/files/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FILE_MODE = 0640, NAME_TRIES = 1000, CHAIN_MAX = 64 };

static const struct {
    const char *name, *ending;
    bool is_video;
} formats[] = {
    [RECORD_WAV] = {"wav", "wav", false},    [RECORD_FLAC] = {"flac", "flac", false},
    [RECORD_OPUS] = {"opus", "opus", false}, [RECORD_OFF] = {"off", "off", false},
    [RECORD_H264] = {"h264", "h264", true},  [RECORD_IVF] = {"ivf", "ivf", true},
};

const char *record_format_name(enum record_format format) {
    return formats[format].name;
}

bool record_format_is_video(enum record_format format) {
    return formats[format].is_video;
}

uint64_t disk_part_frames(const struct disk_part *part) {
    return part->format == RECORD_WAV ? part->bytes / part->wav.frame_bytes : part->info.frames;
}

static int write_header(const struct disk_part *part, uint64_t bytes) {
    if (part->format != RECORD_WAV)
        return 0;
    uint8_t header[WAV_HEADER_MAX];
    size_t len = wav_write_header(header, part->disk->config.wav_layout, &part->wav, bytes);
    return file_write_at(part->fd, header, len, 0);
}

/* Recordings of two formats would share a sidecar: the name must be free with every ending. */
static bool is_name_taken(int folder_fd, const char *file) {
    char other[STORAGE_FILE_SIZE];
    int stem = (int)(strrchr(file, '.') - file);
    sidecar_file_name(other, file);
    bool is_taken = faccessat(folder_fd, other, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    for (size_t i = 0; i < ARRAY_LEN(formats) && !is_taken; i++) {
        snprintf(other, sizeof other, "%.*s.%s", stem, file, formats[i].ending);
        is_taken = faccessat(folder_fd, other, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    }
    return is_taken;
}

static int create(struct disk_part *part, int folder_fd, const struct disk_part_name *name) {
    struct sidecar *info = &part->info;
    int err = EEXIST;
    for (int64_t later = 0; later < NAME_TRIES && err == EEXIST; later++) {
        char stem[STORAGE_FILE_SIZE], suffix[16] = "";
        storage_file_name(stem, name->named_ms + later, slice_from(info->room),
                          slice_from(info->participant), slice_from(info->track));
        if (name->part > 1)
            snprintf(suffix, sizeof suffix, "_p%u", name->part);
        int len = snprintf(info->file, sizeof info->file, "%s%s.%s", stem, suffix,
                           formats[name->format].ending);
        assert(len > 0 && (size_t)len < sizeof info->file - sizeof ".json.new");
        if (is_name_taken(folder_fd, info->file))
            continue;
        part->fd = openat(folder_fd, info->file, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                          FILE_MODE);
        err = part->fd < 0 ? errno : 0;
    }
    return err;
}

/* A lock that somebody else got first (a repair that came by) is soon free again, and no reason not to record. */
static int start(struct disk_part *part, int folder_fd) {
    storage_try_lock(part->fd);
    int err = write_header(part, 0);
    if (err) {
        unlinkat(folder_fd, part->info.file, 0);
        close(part->fd);
    }
    return err;
}

static int try_save_info(struct disk_part *part, int folder_fd) {
    part->info.bytes = part->bytes;
    part->info.frames = disk_part_frames(part);
    int err = sidecar_save(folder_fd, &part->info, false);
    part->is_info_dirty = err != 0;
    if (err)
        disk_count(&part->disk->stats.errors, 1);
    return err;
}

int disk_part_open(struct disk_part **out, struct disk *disk, const struct disk_part_name *name,
                   struct sidecar *info) {
    struct disk_part *part = mem_alloc(sizeof *part);
    part->disk = disk;
    part->info = *info;
    part->format = name->format;
    part->kind = name->kind;
    if (part->format == RECORD_WAV) {
        part->wav = wav_format_s16(info->rate_hz, (uint16_t)info->channels);
        part->head_bytes = wav_header_bytes(disk->config.wav_layout);
    }
    snprintf(part->folder, sizeof part->folder, "%s", name->folder);

    int folder_fd;
    int err = storage_open_folder(disk->config.storage, name->kind, name->folder, true, &folder_fd);
    if (!err) {
        err = create(part, folder_fd, name);
        if (!err)
            err = start(part, folder_fd);
        if (!err)
            try_save_info(part, folder_fd);
        close(folder_fd);
    }
    if (err) {
        mem_free(part);
        return err;
    }
    part->is_unsynced = true;
    *info = (struct sidecar){0};
    *out = part;
    return 0;
}

/* What a failed write left behind a whole frame would shift everything after it. */
static void cut_to_length(const struct disk_part *part) {
    if (ftruncate(part->fd, (off_t)(part->head_bytes + part->bytes)))
        disk_count(&part->disk->stats.errors, 1);
}

int disk_part_write(struct disk_part *part, const struct block *chain, uint64_t *written) {
    struct iovec iov[CHAIN_MAX];
    int count = 0;
    for (const struct block *block = chain; block; block = block->next) {
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
    disk_count(&part->disk->stats.written_bytes, total);
    disk_count(&part->disk->stats.writes, 1);
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
    if (err)
        return err;
    part->said_bytes = part->bytes;
    part->is_unsynced = true;
    return 0;
}

int disk_part_save_info(struct disk_part *part) {
    int folder_fd;
    int err = storage_open_folder(part->disk->config.storage, part->kind, part->folder, false,
                                  &folder_fd);
    if (err) {
        part->is_info_dirty = true;
        disk_count(&part->disk->stats.errors, 1);
        return err;
    }
    err = try_save_info(part, folder_fd);
    close(folder_fd);
    return err;
}

bool disk_part_is_vanished(const struct disk_part *part) {
    struct stat stat;
    return fstat(part->fd, &stat) == 0 && stat.st_nlink == 0;
}

void disk_part_report(const struct disk_part *part) {
    const struct disk_config *config = &part->disk->config;
    if (!config->on_report)
        return;
    const struct sidecar *info = &part->info;
    char path[TEXT_NAME_SIZE + STORAGE_FILE_SIZE];
    snprintf(path, sizeof path, "%s/%s", part->folder, info->file);
    const struct disk_report report = {
        .what = info->end ? DISK_FILE_CLOSED : DISK_FILE_OPENED,
        .recording = slice_from(info->recording),
        .meeting = slice_from(info->meeting),
        .room = slice_from(info->room),
        .participant = slice_from(info->participant),
        .name = slice_from(info->name),
        .track = slice_from(info->track),
        .path = path,
        .folder = storage_path(config->storage, part->kind),
        .is_video = info->is_video,
        .format = info->format,
        .part = info->part,
        .rate_hz = info->rate_hz,
        .channels = info->channels,
        .started_ms = info->started_ms,
        .ended_ms = info->ended_ms,
        .bytes = info->bytes,
        .duration_ms = (uint64_t)sidecar_duration_ms(info),
        .sha256 = info->sha256,
        .end = info->end,
    };
    config->on_report(&report, config->arg);
}

void disk_part_free(struct disk_part *part) {
    if (part->fd >= 0)
        close(part->fd);
    sidecar_free(&part->info);
    mem_free(part);
}
