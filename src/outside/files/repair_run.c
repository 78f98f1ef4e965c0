/* The repair in the background of a starting server, and as a command. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/thread.h"
#include "outside/files/repair.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* YOUNG_MS: a writer may have created a younger file and not locked it yet. */
enum { NICE = 10, PATHS_MAX = 4, CLOCK_GRAIN_MS = 100, YOUNG_MS = 10000 };

struct repair {
    struct thread *thread;
    atomic_bool is_stopping;
    int64_t before_ms;
    char *paths[PATHS_MAX];
    unsigned count;
    repair_recording_fn *on_recording;
    void *user;
};

static void log_line(const char *path, const char *what, void *user) {
    log_info("repair", what, log_text("file", path));
}

static void run(void *arg) {
    struct repair *repair = arg;
    struct repair_result result = {0};
    const struct repair_settings settings = {.is_stopping = &repair->is_stopping,
                                             .before_ms = repair->before_ms,
                                             .on_line = log_line,
                                             .on_recording = repair->on_recording,
                                             .user = repair->user};
    for (unsigned i = 0; i < repair->count; i++) {
        int err = repair_folder(repair->paths[i], &settings, &result);
        if (err)
            log_warn("repair", "cannot read a folder", log_text("folder", repair->paths[i]),
                     log_errno(err));
    }
    if (result.repaired || result.removed || result.failed)
        log_info(
            "repair", "repaired recordings of an earlier run",
            log_int("files", (int64_t)result.files), log_int("repaired", (int64_t)result.repaired),
            log_int("removed", (int64_t)result.removed), log_int("failed", (int64_t)result.failed));
}

static void release(struct repair *repair) {
    for (unsigned i = 0; i < repair->count; i++)
        mem_free(repair->paths[i]);
    mem_free(repair);
}

int repair_start(struct repair **out, const char *const *paths, unsigned count,
                 repair_recording_fn *on_recording, void *user) {
    struct repair *repair = mem_alloc(sizeof *repair);
    repair->on_recording = on_recording;
    repair->user = user;
    repair->before_ms = clock_wall_ms() - CLOCK_GRAIN_MS;
    repair->count = count < PATHS_MAX ? count : PATHS_MAX;
    for (unsigned i = 0; i < repair->count; i++)
        repair->paths[i] = mem_copy_text(paths[i]);
    int err = thread_start(&repair->thread, "repair", NICE, run, repair);
    if (err) {
        release(repair);
        return err;
    }
    *out = repair;
    return 0;
}

void repair_stop(struct repair *repair) {
    if (!repair)
        return;
    atomic_store(&repair->is_stopping, true);
    thread_join(repair->thread);
    release(repair);
}

static void print_line(const char *path, const char *what, void *user) {
    printf("%s: %s\n", path, what);
}

int repair_main(int argc, char **argv) {
    struct repair_settings settings = {.before_ms = clock_wall_ms() - YOUNG_MS,
                                       .on_line = print_line};
    const char *folder = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--dry-run") == 0)
            settings.dry_run = true;
        else if (argv[i][0] != '-' && !folder)
            folder = argv[i];
        else
            folder = NULL, i = argc;
    }
    if (!folder) {
        fprintf(stderr, "usage: prosa repair DIR [--dry-run]\n");
        return 2;
    }
    struct repair_result result = {0};
    int err = repair_folder(folder, &settings, &result);
    if (err) {
        fprintf(stderr, "%s: %s\n", folder, strerror(err));
        return 1;
    }
    printf("%" PRIu64 " files, %" PRIu64 " %s, %" PRIu64 " removed, %" PRIu64 " in use, %" PRIu64
           " failed\n",
           result.files, result.repaired, settings.dry_run ? "to repair" : "repaired",
           result.removed, result.locked, result.failed);
    return result.failed ? 1 : 0;
}
