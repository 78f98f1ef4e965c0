#include "outside/files/storage.h"

#include "base/mem.h"
#include "outside/files/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_MODE = 0750, ROOT = STORAGE_KINDS, FOLDERS };

struct storage {
    char *paths[FOLDERS]; /* of each kind, and the root */
    int fds[FOLDERS];
};

bool storage_try_lock(int fd) {
    return flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}

static int open_locked(const char *path, int *fd) {
    int err = file_make_folders(slice_from(path));
    if (err)
        return err;
    *fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*fd < 0)
        return errno;
    return storage_try_lock(*fd) ? 0 : EBUSY;
}

static char *join(const char *folder, const char *name) {
    struct buf path = {0};
    buf_printf(&path, "%s/%s", folder, name);
    return buf_take_text(&path);
}

int storage_open(struct storage **out, const struct storage_settings *settings, char *why,
                 size_t why_size) {
    struct storage *storage = mem_alloc(sizeof *storage);
    storage->paths[STORAGE_AUDIO] =
        settings->audio ? mem_copy_text(settings->audio) : join(settings->root, "egress/audio");
    storage->paths[STORAGE_VIDEO] =
        settings->video ? mem_copy_text(settings->video) : join(settings->root, "egress/video");
    storage->paths[STORAGE_LOGS] = join(settings->root, "pipeline-logs");
    storage->paths[ROOT] = mem_copy_text(settings->root);
    for (int i = 0; i < FOLDERS; i++)
        storage->fds[i] = -1;

    const char *path = NULL;
    int err = 0;
    for (int i = ROOT; i >= 0 && !err; i--) { /* the root first */
        path = storage->paths[i];
        err = open_locked(path, &storage->fds[i]);
    }
    if (err) {
        snprintf(why, why_size, "%s: %s", path,
                 err == EBUSY ? "another running server uses this folder" : strerror(err));
        storage_close(storage);
        return err;
    }
    *out = storage;
    return 0;
}

void storage_close(struct storage *storage) {
    if (!storage)
        return;
    for (int i = 0; i < FOLDERS; i++) {
        if (storage->fds[i] >= 0)
            close(storage->fds[i]);
        mem_free(storage->paths[i]);
    }
    mem_free(storage);
}

int storage_dir(const struct storage *storage, enum storage_kind kind) {
    return storage->fds[kind];
}

void storage_file_name(char out[STORAGE_FILE_SIZE], int64_t started_ms, struct slice room,
                       struct slice participant, struct slice track) {
    char time[TEXT_ISO_SIZE];
    text_iso_time(started_ms, time);
    for (char *colon = time; (colon = strchr(colon, ':'));)
        *colon = '-';
    char names[3][TEXT_NAME_SIZE];
    text_reduce(room, names[0]);
    text_reduce(participant, names[1]);
    text_reduce(track, names[2]);
    snprintf(out, STORAGE_FILE_SIZE, "%s_%s_%s_%s", time, names[0], names[1], names[2]);
}

void storage_folder_name(char out[TEXT_NAME_SIZE], struct slice meeting) {
    text_reduce_unique(meeting, out);
}

static int open_folder(int parent, const char *name, int *fd) {
    *fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return *fd < 0 ? errno : 0;
}

/* A kind's folder was deleted: makes it again, under the same descriptor. */
static int revive(const struct storage *storage, enum storage_kind kind) {
    int fd = -1;
    int err = open_locked(storage->paths[kind], &fd);
    if (!err && dup3(fd, storage->fds[kind], O_CLOEXEC) < 0)
        err = errno;
    if (fd >= 0)
        close(fd);
    return err;
}

static int make_folder(const struct storage *storage, enum storage_kind kind, const char *name) {
    if (mkdirat(storage->fds[kind], name, FOLDER_MODE) == 0 || errno == EEXIST)
        return 0;
    if (errno != ENOENT)
        return errno;
    int err = revive(storage, kind);
    if (err)
        return err;
    return mkdirat(storage->fds[kind], name, FOLDER_MODE) && errno != EEXIST ? errno : 0;
}

int storage_open_folder(const struct storage *storage, enum storage_kind kind, const char *name,
                        bool make, int *fd) {
    int err = open_folder(storage->fds[kind], name, fd);
    if (err != ENOENT || !make)
        return err;
    err = make_folder(storage, kind, name);
    return err ? err : open_folder(storage->fds[kind], name, fd);
}

static bool is_component(struct slice name) {
    return name.len > 0 && name.len < STORAGE_FILE_SIZE && !slice_is_equal(name, SLICE(".")) &&
           !slice_is_equal(name, SLICE("..")) && slice_find_byte(name, '/') == name.len &&
           slice_find_byte(name, '\0') == name.len;
}

bool storage_split_path(struct slice path, char folder[STORAGE_FILE_SIZE],
                        char file[STORAGE_FILE_SIZE]) {
    struct slice first;
    if (!slice_cut(&path, '/', &first) || !is_component(first) || !is_component(path))
        return false;
    snprintf(folder, STORAGE_FILE_SIZE, "%.*s", SLICE_ARG(first));
    snprintf(file, STORAGE_FILE_SIZE, "%.*s", SLICE_ARG(path));
    return true;
}

int storage_open_file(const struct storage *storage, enum storage_kind kind, struct slice path,
                      int *fd) {
    char folder[STORAGE_FILE_SIZE], file[STORAGE_FILE_SIZE];
    if (!storage_split_path(path, folder, file))
        return EINVAL;
    int folder_fd;
    int err = open_folder(storage->fds[kind], folder, &folder_fd);
    if (err)
        return err;
    *fd = openat(folder_fd, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    err = *fd < 0 ? errno : 0;
    close(folder_fd);
    return err;
}
