#include "outside/files/folder_probe.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Cuts the last part off: "a/b" becomes "a", "/a" becomes "/", "a" becomes ".". False: "." and "/"
 * have nothing above them. */
static bool climb(char *path) {
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        path[--len] = '\0';
    if (strcmp(path, "/") == 0 || strcmp(path, ".") == 0)
        return false;
    char *slash = strrchr(path, '/');
    if (!slash)
        strcpy(path, "."); /* of at least one byte */
    else
        slash[slash == path ? 1 : 0] = '\0';
    return true;
}

/* Shortens the path to the nearest thing that can be looked at. 0, or why what lies below it cannot
 * be. */
static int find_nearest(char *path, struct stat *info) {
    int err = 0;
    while (stat(path, info) != 0) {
        err = errno == ENOENT ? err : errno;
        if (!climb(path))
            return err ? err : ENOENT;
    }
    return err ? err : S_ISDIR(info->st_mode) ? 0 : ENOTDIR;
}

/* The folder keeps its times: when something was last written there tells how long the server was
 * away (second_clock). */
static int try_to_write(const char *folder) {
    struct buf path = {0};
    struct stat before;
    bool has_times = stat(folder, &before) == 0;
    buf_printf(&path, "%s/.prosa-probe-%ld", folder, (long)getpid());
    buf_add_byte(&path, '\0');
    int fd = open(path.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int err = fd < 0 ? errno : 0;
    if (fd >= 0) {
        close(fd);
        unlink(path.data);
        if (has_times)
            utimensat(AT_FDCWD, folder, (struct timespec[]){before.st_atim, before.st_mtim}, 0);
    }
    buf_free(&path);
    return err == ENOSPC || err == EDQUOT ? 0 : err;
}

static void explain(struct buf *why, const char *path, int err) {
    unsigned uid = (unsigned)geteuid(), gid = (unsigned)getegid();
    struct stat info;
    buf_printf(why, "%s: %s for the user of this process, uid %u, gid %u", path, strerror(err), uid,
               gid);
    if (stat(path, &info) == 0)
        buf_printf(why, "; it belongs to uid %u, gid %u, mode %04o", (unsigned)info.st_uid,
                   (unsigned)info.st_gid, (unsigned)info.st_mode & 07777u);
    if (err == EACCES || err == EPERM)
        buf_printf(why, ". Give it to that user (chown -R %u:%u %s), or name another place", uid,
                   gid, path);
    else if (err == EROFS)
        buf_add_text(why, ". Mount its file system for writing, or name another place");
    else
        buf_add_text(why, ". Name another place");
}

int folder_probe(const char *folder, struct buf *why) {
    struct stat info;
    char *path = mem_copy_text(*folder ? folder : ".");
    int err = find_nearest(path, &info);
    if (!err)
        err = try_to_write(path);
    if (err)
        explain(why, path, err);
    mem_free(path);
    return err;
}

int folder_probe_file(const char *path, struct buf *why) {
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 && errno != ENOENT && errno != EACCES) {
        int err = errno;
        explain(why, path, err);
        return err;
    }
    bool is_closed = fd < 0 && access(path, F_OK) == 0;
    if (fd >= 0)
        close(fd);
    if (is_closed) {
        explain(why, path, EACCES);
        return EACCES;
    }
    char *folder = mem_copy_text(path);
    climb(folder);
    int err = folder_probe(folder, why);
    mem_free(folder);
    return err;
}
