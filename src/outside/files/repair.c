#include "outside/files/repair.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/rand.h"
#include "outside/files/file.h"
#include "outside/files/format.h"
#include "outside/files/sidecar.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 4, DRAFT_AGE_MS = 60000, TIME_LEN = 24 };
#define RECENT_MS (INT64_C(7) * 24 * 3600 * 1000)

struct repair_job { /* one file under repair */
    const struct repair_settings *settings;
    struct repair_result *result;
    int folder_fd;
    const char *folder; /* path */
    unsigned depth;     /* of the folder; 0 is the one that is repaired */
    const char *name;
    const struct format *format;
    int fd;
    struct stat stat;
    struct media media;
};

static char *path_of(const struct repair_job *job) {
    struct buf path = {0};
    buf_printf(&path, "%s/%s", job->folder, job->name);
    return buf_take_text(&path);
}

static void say(const struct repair_job *job, const char *what) {
    char *path = path_of(job);
    if (job->settings->on_line)
        job->settings->on_line(path, what, job->settings->user);
    mem_free(path);
}

static void say_failure(const struct repair_job *job, int err) {
    job->result->failed++;
    say(job, err == EINVAL ? "is not of the format in its name; not changed" : strerror(err));
}

static int64_t modified_ms(const struct stat *stat) {
    return (int64_t)stat->st_mtim.tv_sec * 1000 + stat->st_mtim.tv_nsec / 1000000;
}

/* "2026-11-22T12-00-00.000Z_..." */
static bool parse_name_time(const char *name, int64_t *at_ms) {
    char time[TIME_LEN + 1];
    if (strlen(name) <= TIME_LEN)
        return false;
    snprintf(time, sizeof time, "%s", name);
    time[13] = time[16] = ':';
    return text_parse_iso_time(slice_from(time), at_ms);
}

/* Names may contain the separator. They are told apart only when there are exactly three. */
static void guess_names(const char *file, struct recording_info *out) {
    const char *dot = strrchr(file, '.');
    struct slice rest = slice_of(file, (size_t)(dot - file)), room, participant;
    if (rest.len > TIME_LEN && rest.ptr[TIME_LEN] == '_')
        rest = slice_skip(rest, TIME_LEN + 1);
    struct slice tail = rest;
    bool is_clear = slice_cut(&tail, '_', &room) && slice_cut(&tail, '_', &participant) &&
                    slice_find_byte(tail, '_') == tail.len;
    out->room = is_clear ? room : SLICE_NONE;
    out->participant = is_clear ? participant : SLICE_NONE;
    out->track = is_clear ? tail : rest;
}

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* "<stem>_p3.wav" gives 3 and the name of the part before, any other name 1. */
static unsigned parse_part(const char *name, char before[STORAGE_FILE_SIZE]) {
    const char *dot = strrchr(name, '.'), *at = dot;
    uint64_t part;
    while (at > name && at[-1] >= '0' && at[-1] <= '9')
        at--;
    if (at < name + 2 || at[-1] != 'p' || at[-2] != '_' ||
        !slice_to_uint(slice_of(at, (size_t)(dot - at)), UINT16_MAX, &part) || part < 2)
        return 1;
    int stem = (int)(at - 2 - name);
    if (part == 2)
        snprintf(before, STORAGE_FILE_SIZE, "%.*s%s", stem, name, dot);
    else
        snprintf(before, STORAGE_FILE_SIZE, "%.*s_p%u%s", stem, name, (unsigned)part - 1, dot);
    return (unsigned)part;
}

/*
 * When the part ended. Its sidecar may not say so yet, because the newest file is repaired first.
 */
static int64_t find_end_ms(const struct repair_job *job, const char *file,
                           struct sidecar *sidecar) {
    struct recording_info *info = &sidecar->info;
    if (info->ended_ms)
        return info->ended_ms;
    int fd = openat(job->folder_fd, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return info->started_ms;
    struct stat stat;
    struct media media = {0};
    if (fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) &&
        !job->format->repair(fd, (uint64_t)stat.st_size, true, &media) && media.rate_hz > 0) {
        sidecar->frames = media.frames;
        info->rate_hz = media.rate_hz;
    }
    close(fd);
    return info->started_ms + sidecar_duration_ms(sidecar) + sidecar->paused_ms;
}

/*
 * Describes a later part after the sidecar of the part before: the same recording, from its end on.
 */
static bool follow_part(const struct repair_job *job, struct sidecar *out) {
    char before_name[STORAGE_FILE_SIZE];
    struct sidecar before;
    unsigned part = parse_part(job->name, before_name);
    if (part == 1 || sidecar_load(job->folder_fd, before_name, &before))
        return false;
    struct recording_info info = before.info;
    info.sha256 = info.end = SLICE_NONE;
    info.part = part;
    info.started_ms = find_end_ms(job, before_name, &before);
    info.rate_hz = info.channels = 0;
    info.ended_ms = 0;
    info.bytes = 0;
    recording_info_own(&info);
    *out = (struct sidecar){.info = info};
    sidecar_free(&before);
    return true;
}

static void guess_recording(const struct repair_job *job, struct sidecar *out) {
    char id[RAND_UUID_SIZE];
    rand_uuid(id);
    struct recording_info info = {.id = slice_from(id),
                                  .meeting = slice_from(base_name(job->folder)),
                                  .format = slice_from(job->format->name),
                                  .part = 1};
    guess_names(job->name, &info);
    if (!parse_name_time(job->name, &info.started_ms))
        info.started_ms = modified_ms(&job->stat);
    if (job->format->is_video)
        info.ended_ms = modified_ms(&job->stat);
    recording_info_own(&info);
    *out = (struct sidecar){.info = info};
}

/* Without a sidecar: from the part before, or else from the file's name, folder and times. */
static void make_sidecar(const struct repair_job *job, struct sidecar *out) {
    if (!follow_part(job, out))
        guess_recording(job, out);
    snprintf(out->file, sizeof out->file, "%s", job->name);
}

static int complete_sidecar(const struct repair_job *job, struct sidecar *sidecar) {
    const struct media *media = &job->media;
    struct recording_info *info = &sidecar->info;
    info->bytes = media->bytes;
    sidecar->frames = media->frames;
    if (media->rate_hz > 0) {
        info->rate_hz = media->rate_hz;
        info->channels = media->channels;
    }
    if (info->end.len == 0)
        recording_info_set(&info->end, SLICE("crash"));
    if (!info->ended_ms)
        info->ended_ms = job->format->is_video
                             ? modified_ms(&job->stat)
                             : info->started_ms + sidecar_duration_ms(sidecar) + sidecar->paused_ms;
    char sum[FILE_SUM_SIZE];
    int err = file_checksum(job->fd, media->offset, media->bytes, job->settings->is_stopping, sum);
    if (err)
        return err;
    recording_info_set(&info->sha256, slice_from(sum));
    return sidecar_save(job->folder_fd, sidecar, true);
}

/*
 * Only for files where recordings are made: others have no "<folder>/<file>" below the audio
 * folder.
 */
static void tell_recording(const struct repair_job *job, struct sidecar *sidecar) {
    if (!job->settings->on_recording || job->settings->dry_run || job->depth != 1)
        return;
    char path[SIDECAR_PATH_SIZE];
    snprintf(sidecar->file, sizeof sidecar->file, "%s", job->name);
    const struct recording_info info = sidecar_describe(sidecar, base_name(job->folder), path);
    job->settings->on_recording(&info, job->settings->user);
}

/* Whether the sidecar is complete and agrees with the file. */
static bool is_complete(const struct repair_job *job, const struct sidecar *sidecar) {
    const struct recording_info *info = &sidecar->info;
    return info->end.len > 0 && info->sha256.len > 0 && info->bytes == job->media.bytes &&
           !job->media.is_changed;
}

static void repair_sidecar(struct repair_job *job) {
    struct sidecar sidecar;
    int err = sidecar_load(job->folder_fd, job->name, &sidecar);
    bool is_new = err == ENOENT || err == EINVAL;
    if (err && !is_new) {
        say_failure(job, err);
        return;
    }
    if (!is_new && is_complete(job, &sidecar)) {
        /* Told again for a week: an earlier server may have died before it stored the row. */
        if (modified_ms(&job->stat) >= job->settings->before_ms - RECENT_MS)
            tell_recording(job, &sidecar);
        sidecar_free(&sidecar);
        return;
    }
    if (is_new)
        make_sidecar(job, &sidecar);
    err = job->settings->dry_run ? 0 : complete_sidecar(job, &sidecar);
    if (!err)
        tell_recording(job, &sidecar);
    sidecar_free(&sidecar);
    if (err == ECANCELED)
        return;
    if (err) {
        say_failure(job, err);
        return;
    }
    job->result->repaired++;
    say(job, is_new ? "sidecar made" : "sidecar completed");
}

/* Without this its row in the database would never end. */
static void tell_removed(const struct repair_job *job) {
    struct sidecar sidecar;
    if (sidecar_load(job->folder_fd, job->name, &sidecar))
        return;
    struct recording_info *info = &sidecar.info;
    recording_info_set(&info->end, SLICE("empty"));
    recording_info_set(&info->sha256, SLICE_NONE);
    info->bytes = sidecar.frames = 0;
    if (!info->ended_ms)
        info->ended_ms = info->started_ms;
    tell_recording(job, &sidecar);
    sidecar_free(&sidecar);
}

/* The process died between creating the file and its first byte: there is nothing to keep. */
static void remove_empty(struct repair_job *job) {
    if (modified_ms(&job->stat) >= job->settings->before_ms)
        return;
    if (!job->settings->dry_run && unlinkat(job->folder_fd, job->name, 0)) {
        say_failure(job, errno);
        return;
    }
    tell_removed(job);
    char sidecar[STORAGE_FILE_SIZE];
    sidecar_file_name(sidecar, job->name);
    if (!job->settings->dry_run)
        unlinkat(job->folder_fd, sidecar, 0);
    job->result->removed++;
    say(job, "removed: it is empty");
}

/*
 * Whether the file is finished and whole, as its sidecar says. What others have put behind it is
 * left alone.
 */
static bool is_finished(struct repair_job *job) {
    struct sidecar sidecar;
    struct media media = {0};
    uint64_t file_bytes = (uint64_t)job->stat.st_size;
    if (sidecar_load(job->folder_fd, job->name, &sidecar))
        return false;
    const struct recording_info *info = &sidecar.info;
    bool is_ended = info->end.len > 0 && info->sha256.len > 0;
    uint64_t said_bytes = info->bytes;
    sidecar_free(&sidecar);
    if (!is_ended || job->format->repair(job->fd, file_bytes, true, &media))
        return false;
    if (media.is_changed && media.offset + said_bytes < file_bytes &&
        job->format->repair(job->fd, media.offset + said_bytes, true, &media))
        return false;
    job->media = media;
    return !media.is_changed && media.bytes == said_bytes;
}

static void repair_open_file(struct repair_job *job) {
    const bool dry = job->settings->dry_run;
    int err = 0;
    if (!is_finished(job))
        err = job->format->repair(job->fd, (uint64_t)job->stat.st_size, dry, &job->media);
    if (!err && job->media.is_changed && !dry && fsync(job->fd))
        err = errno;
    if (err) {
        say_failure(job, err);
        return;
    }
    if (job->media.is_empty) {
        remove_empty(job);
        return;
    }
    if (job->media.is_changed) {
        job->result->repaired++;
        say(job, "repaired");
    }
    repair_sidecar(job);
}

static void repair_file(struct repair_job *job) {
    int mode = job->settings->dry_run ? O_RDONLY : O_RDWR;
    job->fd = openat(job->folder_fd, job->name, mode | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (job->fd < 0) {
        if (errno != ENOENT)
            say_failure(job, errno);
        return;
    }
    job->result->files++;
    /* fstat() comes after the lock: from then on no writer changes the length. */
    if (!storage_try_lock(job->fd))
        job->result->locked++;
    else if (fstat(job->fd, &job->stat))
        say_failure(job, errno);
    else if (S_ISREG(job->stat.st_mode))
        repair_open_file(job);
    close(job->fd);
}

struct repair_entry {
    char *name;
    int64_t modified_ms;
    bool is_folder;
};

static int compare_entries(const void *a, const void *b) {
    const struct repair_entry *left = a, *right = b;
    if (left->is_folder != right->is_folder)
        return left->is_folder ? 1 : -1;
    if (left->modified_ms != right->modified_ms)
        return left->modified_ms < right->modified_ms ? 1 : -1;
    return strcmp(left->name, right->name);
}

/* A sidecar that was being written when the process died. */
static bool is_old_draft(const char *name, int64_t at_ms) {
    return name[0] == '.' && slice_has_suffix(slice_from(name), SLICE(".json.new")) &&
           at_ms < clock_wall_ms() - DRAFT_AGE_MS;
}

static void list_entry(const struct repair_settings *settings, int folder_fd, const char *name,
                       struct buf *out) {
    struct stat stat;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
        fstatat(folder_fd, name, &stat, AT_SYMLINK_NOFOLLOW))
        return;
    struct repair_entry entry = {.modified_ms = modified_ms(&stat),
                                 .is_folder = S_ISDIR(stat.st_mode)};
    if (entry.is_folder || (S_ISREG(stat.st_mode) && format_of_file(name))) {
        entry.name = mem_copy_text(name);
        buf_add(out, &entry, sizeof entry);
    } else if (S_ISREG(stat.st_mode) && !settings->dry_run &&
               is_old_draft(name, entry.modified_ms)) {
        unlinkat(folder_fd, name, 0);
    }
}

/* Appends a struct repair_entry for each file and folder: files first, the newest of them first. */
static int list_folder(const struct repair_settings *settings, int folder_fd, struct buf *out) {
    DIR *dir;
    int err = file_open_dir(folder_fd, &dir);
    if (err)
        return err;
    for (struct dirent *entry; (entry = readdir(dir));)
        list_entry(settings, folder_fd, entry->d_name, out);
    closedir(dir);
    if (out->len > 0)
        qsort(out->data, out->len / sizeof(struct repair_entry), sizeof(struct repair_entry),
              compare_entries);
    return 0;
}

static bool is_stopping(const struct repair_settings *settings) {
    return settings->is_stopping && atomic_load(settings->is_stopping);
}

static int repair_below(int parent_fd, const char *name, const char *path, unsigned depth,
                        const struct repair_settings *settings, struct repair_result *result) {
    int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (depth > 0 ? O_NOFOLLOW : 0);
    int fd = openat(parent_fd, name, flags);
    if (fd < 0)
        return errno;
    struct buf listing = {0};
    int err = list_folder(settings, fd, &listing);
    const struct repair_entry *entries = (const void *)listing.data;
    for (size_t i = 0; i < listing.len / sizeof *entries; i++) {
        struct repair_job job = {.settings = settings,
                                 .result = result,
                                 .folder_fd = fd,
                                 .folder = path,
                                 .depth = depth,
                                 .name = entries[i].name,
                                 .format = format_of_file(entries[i].name)};
        if (!entries[i].is_folder && !is_stopping(settings)) {
            repair_file(&job);
        } else if (depth < DEPTH_MAX && !is_stopping(settings)) {
            char *below = path_of(&job);
            repair_below(fd, job.name, below, depth + 1, settings, result);
            mem_free(below);
        }
        mem_free(entries[i].name);
    }
    buf_free(&listing);
    close(fd);
    return err;
}

int repair_folder(const char *path, const struct repair_settings *settings,
                  struct repair_result *result) {
    return repair_below(AT_FDCWD, path, path, 0, settings, result);
}
