#include "outside/files/run_mark.h"

#include "base/buf.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MODE = 0640 };

struct run_mark {
    int fd;
};

static int open_mark(const char *root, int flags) {
    struct buf path = {0};
    buf_printf(&path, "%s/prosa.run", root);
    char *text = buf_take_text(&path);
    int fd = open(text, flags | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    mem_free(text);
    return fd;
}

/* As if it were as old as can be: nothing is learnt from it about the time. */
static void forget_time(int fd) {
    static const struct timespec never[2] = {{0}, {0}};
    futimens(fd, never);
}

static int make_mark(const char *root) {
    struct stat before;
    bool is_known = stat(root, &before) == 0;
    int fd = open_mark(root, O_RDWR | O_CREAT);
    if (fd >= 0 && is_known)
        utimensat(AT_FDCWD, root, (struct timespec[2]){before.st_atim, before.st_mtim}, 0);
    return fd;
}

int run_mark_open(struct run_mark **out, const char *root) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = make_mark(root);
    if (fd < 0)
        return errno;
    /* Without locks in the file system nobody finds the server by it, and all else works. */
    fcntl(fd, F_SETLK, &lock);
    *out = mem_alloc(sizeof **out);
    (*out)->fd = fd;
    run_mark_say(*out, SLICE("running"));
    return 0;
}

void run_mark_close(struct run_mark *mark) {
    if (!mark)
        return;
    close(mark->fd);
    mem_free(mark);
}

/* Padded to one length and written at once, so that no reader sees parts of two lines. */
void run_mark_say(struct run_mark *mark, struct slice line) {
    char text[RUN_MARK_LINE_SIZE];
    snprintf(text, sizeof text, "%-*.*s", RUN_MARK_LINE_SIZE - 1, (int)line.len, line.ptr);
    text[RUN_MARK_LINE_SIZE - 1] = '\n';
    if (pwrite(mark->fd, text, sizeof text, 0) >= 0)
        forget_time(mark->fd);
}

pid_t run_mark_find(const char *root, char line[RUN_MARK_LINE_SIZE]) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = open_mark(root, O_RDONLY);
    if (fd < 0)
        return 0;
    bool is_held = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    ssize_t n = pread(fd, line, RUN_MARK_LINE_SIZE - 1, 0);
    close(fd);
    line[n > 0 ? n : 0] = '\0';
    size_t len = strcspn(line, "\n");
    while (len > 0 && line[len - 1] == ' ')
        len--;
    line[len] = '\0';
    return is_held ? lock.l_pid : 0;
}
