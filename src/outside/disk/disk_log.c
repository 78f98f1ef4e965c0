#include "outside/disk/disk_log.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/macros.h"
#include "base/map.h"
#include "base/mem.h"
#include "outside/disk/disk_port.h"
#include "outside/disk/disk_thread.h"
#include "outside/files/file.h"
#include "outside/files/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GATHER_MS = 1000, GATHER_BYTES = 64 * 1024, FILE_MODE = 0640 };

struct disk_log {
    struct disk_thread *thread;
    struct map files; /* name -> struct gathered */
    bool is_failing;
};

struct gathered {
    char name[TEXT_NAME_SIZE];
    struct buf lines;
    uint64_t count;
    int64_t since_ms;
};

struct log_line {
    struct mail mail;
    struct disk_port *port;
    char name[TEXT_NAME_SIZE];
    size_t len;
    char text[];
};

/*
 * Opens under the lock that erasing takes as well, so that no line is added to a file that is being
 * rewritten or was just deleted.
 */
static int open_locked(struct disk_log *log, const char *name, int *out) {
    for (;;) {
        int fd = openat(storage_dir(log->thread->settings.storage, STORAGE_LOGS), name,
                        O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
        if (fd < 0)
            return errno;
        struct stat stat;
        flock(fd, LOCK_EX); /* a failure is fine: without locks there is no erasing to wait for */
        *out = fd;
        if (fstat(fd, &stat) || stat.st_nlink > 0)
            return 0;
        close(fd);
    }
}

static int append(struct disk_log *log, const struct gathered *gathered) {
    char name[TEXT_NAME_SIZE + 4];
    snprintf(name, sizeof name, "%s.log", gathered->name);
    int fd;
    int err = open_locked(log, name, &fd);
    if (err)
        return err;
    err = file_write_all(fd, buf_slice(&gathered->lines));
    if (close(fd) && !err)
        err = errno;
    return err;
}

static void flush(struct disk_log *log, struct gathered *gathered) {
    struct disk_stats *stats = &log->thread->stats;
    int err = append(log, gathered);
    if (err) {
        disk_count(&stats->errors, 1);
        if (!log->is_failing)
            log_error("disk", "cannot write pipeline logs; lines are lost", log_errno(err));
    } else {
        disk_count(&stats->log_lines, gathered->count);
    }
    log->is_failing = err != 0;
    buf_free(&gathered->lines);
    gathered->count = 0;
}

static struct gathered *find_or_add(struct disk_log *log, const char *name) {
    struct gathered *gathered = map_find(&log->files, slice_from(name));
    if (!gathered) {
        gathered = mem_alloc(sizeof *gathered);
        snprintf(gathered->name, sizeof gathered->name, "%s", name);
        map_set(&log->files, slice_from(name), gathered);
    }
    return gathered;
}

static void disk_log_deliver_line(struct mail *mail, void *owner) {
    struct log_line *line = CONTAINER_OF(mail, struct log_line, mail);
    struct disk_log *log = disk_port_thread(line->port)->log;
    struct gathered *gathered = find_or_add(log, line->name);
    if (gathered->lines.len == 0)
        gathered->since_ms = clock_mono_ms();
    buf_add(&gathered->lines, line->text, line->len);
    gathered->count++;
    disk_port_leave(line->port, line->len);
    if (gathered->lines.len >= GATHER_BYTES)
        flush(log, gathered);
    disk_thread_wake(log->thread);
    mem_free(line);
}

void disk_log_send(struct disk_port *port, struct slice meeting, struct slice text) {
    struct disk_thread *thread = disk_port_thread(port);
    if (!disk_port_try_enter_early(port, text.len + 1)) {
        struct disk_stats *stats = &thread->stats;
        if (atomic_fetch_add(&stats->lost_lines, 1) == 0)
            log_warn("disk", "disk too slow: pipeline logs lose lines; audio is still queued",
                     log_int("queueBytes", (int64_t)atomic_load(&stats->queued_bytes)));
        return;
    }
    struct log_line *line = mem_alloc(sizeof *line + text.len + 1);
    line->mail.deliver = disk_log_deliver_line;
    line->port = port;
    storage_folder_name(line->name, meeting);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        line->text[i] = c < ' ' || c == 0x7f ? ' ' : (char)c;
    }
    line->text[text.len] = '\n';
    line->len = text.len + 1;
    disk_thread_send(thread, &line->mail);
}

struct disk_log *disk_log_new(struct disk_thread *thread) {
    struct disk_log *log = mem_alloc(sizeof *log);
    log->thread = thread;
    map_init(&log->files, 0);
    return log;
}

/* Frees each entry with its lines, so that meetings that are over take no memory. */
static bool write_older_than(struct disk_log *log, int64_t since_ms) {
    MAP_EACH(&log->files, at) {
        struct gathered *gathered = at.value;
        if (gathered->lines.len > 0 && gathered->since_ms > since_ms)
            continue;
        if (gathered->lines.len > 0)
            flush(log, gathered);
        map_remove(&log->files, at.key);
        mem_free(gathered);
    }
    return log->files.len > 0;
}

bool disk_log_beat(struct disk_log *log, int64_t now_ms) {
    return write_older_than(log, now_ms - GATHER_MS);
}

void disk_log_free(struct disk_log *log) {
    if (!log)
        return;
    write_older_than(log, INT64_MAX);
    map_free(&log->files);
    mem_free(log);
}
