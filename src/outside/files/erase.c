#include "outside/files/erase.h"

#include "base/buf.h"
#include "outside/files/file.h"
#include "outside/files/format.h"
#include "outside/files/sidecar.h"
#include "outside/files/storage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOG_MAX_BYTES = 256 << 20, EDGE_MS = 5000 };

static int unlink_file(int folder_fd, const char *name, uint64_t *bytes) {
    int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno;
    struct stat stat;
    int err = storage_try_lock(fd) ? 0 : EBUSY;
    if (!err && fstat(fd, &stat))
        err = errno;
    if (!err && unlinkat(folder_fd, name, 0))
        err = errno;
    if (!err)
        *bytes += (uint64_t)stat.st_size;
    close(fd);
    return err;
}

static int erase_in(int folder_fd, const char *file, struct erased *erased) {
    char sidecar[STORAGE_FILE_SIZE];
    int err = unlink_file(folder_fd, file, &erased->bytes);
    if (err && err != ENOENT)
        return err;
    erased->files += !err;
    sidecar_file_name(sidecar, file);
    if (unlinkat(folder_fd, sidecar, 0) == 0)
        erased->sidecars++;
    else if (errno != ENOENT)
        return errno;
    return 0;
}

int erase_recording(const struct storage *storage, const struct recording_info *recording,
                    struct erased *erased) {
    char folder[STORAGE_FILE_SIZE], file[STORAGE_FILE_SIZE];
    if (!storage_split_path(recording->path, folder, file))
        return EINVAL;
    enum storage_kind kind = format_is_video(recording->format) ? STORAGE_VIDEO : STORAGE_AUDIO;
    int folder_fd;
    int err = storage_open_folder(storage, kind, folder, false, &folder_fd);
    if (err)
        return err == ENOENT ? 0 : err;
    err = erase_in(folder_fd, file, erased);
    close(folder_fd);
    if (!err)
        unlinkat(storage_dir(storage, kind), folder, AT_REMOVEDIR); /* only when it is empty */
    return err;
}

/* "<ISO> meetingId=<m> participant=<p> track=<t> ..." */
static bool is_line_of(struct slice line, const struct recording_info *recording,
                       const char *track) {
    struct slice time, word;
    int64_t at_ms;
    if (!slice_cut(&line, ' ', &time) || !text_parse_iso_time(time, &at_ms) ||
        at_ms < recording->started_ms - EDGE_MS || at_ms > recording->ended_ms + EDGE_MS)
        return false;
    while (slice_cut(&line, ' ', &word))
        if (slice_has_prefix(word, SLICE("track=")))
            return slice_is_equal(slice_skip(word, 6), slice_from(track));
    return false;
}

static uint64_t keep_lines(struct slice text, const struct recording_info *recording,
                           struct buf *kept) {
    char track[TEXT_NAME_SIZE];
    text_reduce(recording->track, track);
    uint64_t gone = 0;
    while (text.len > 0) {
        size_t len = slice_find_byte(text, '\n');
        struct slice line = slice_take(text, len);
        text = slice_skip(text, len + 1);
        if (is_line_of(line, recording, track)) {
            gone++;
        } else {
            buf_add_slice(kept, line);
            buf_add_byte(kept, '\n');
        }
    }
    return gone;
}

int erase_log_lines(const struct storage *storage, const struct recording_info *recording,
                    struct erased *erased) {
    char folder[STORAGE_FILE_SIZE], file[STORAGE_FILE_SIZE], name[STORAGE_FILE_SIZE + 4];
    if (!storage_split_path(recording->path, folder, file))
        return EINVAL;
    snprintf(name, sizeof name, "%s.log", folder);
    int dir = storage_dir(storage, STORAGE_LOGS);
    int fd = openat(dir, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : errno;
    struct buf text = {0}, kept = {0};
    int err = flock(fd, LOCK_EX) && errno != ENOLCK && errno != EOPNOTSUPP ? errno : 0;
    if (!err)
        err = file_read_all(fd, LOG_MAX_BYTES, &text);
    uint64_t gone = err ? 0 : keep_lines(buf_slice(&text), recording, &kept);
    /* Rewritten in place, under the lock that the disk thread takes for each append, so that it
     * remains the same file for other writers. */
    if (gone > 0 && kept.len > 0)
        err = ftruncate(fd, 0) ? errno : file_write_at(fd, kept.data, kept.len, 0);
    else if (gone > 0 && unlinkat(dir, name, 0))
        err = errno;
    if (!err)
        erased->log_lines += gone;
    close(fd);
    buf_free(&text);
    buf_free(&kept);
    return err;
}

int erase_old_logs(const struct storage *storage, int64_t before_ms, struct erased *erased) {
    DIR *dir;
    int fd = storage_dir(storage, STORAGE_LOGS);
    int err = file_open_dir(fd, &dir);
    if (err)
        return err;
    for (struct dirent *entry; (entry = readdir(dir));) {
        struct stat stat;
        if (!slice_has_suffix(slice_from(entry->d_name), SLICE(".log")) ||
            fstatat(fd, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) || !S_ISREG(stat.st_mode) ||
            (int64_t)stat.st_mtim.tv_sec * 1000 >= before_ms)
            continue;
        if (unlink_file(fd, entry->d_name, &erased->bytes) == 0)
            erased->files++;
    }
    closedir(dir);
    return 0;
}
