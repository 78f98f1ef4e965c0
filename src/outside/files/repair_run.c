/* The repair in the background of a starting server. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/thread.h"
#include "outside/files/repair.h"

enum { NICE = 10, PATHS_MAX = 4, CLOCK_GRAIN_MS = 100 };

struct repair {
    struct thread *thread;
    atomic_bool is_stopping;
    struct repair_settings settings;
    const char *paths[PATHS_MAX];
    unsigned count;
};

static void log_line(const char *path, const char *what, void *user) {
    log_info("repair", what, log_text("file", path));
}

static void run(void *arg) {
    struct repair *repair = arg;
    struct repair_result result = {0};
    for (unsigned i = 0; i < repair->count; i++) {
        int err = repair_folder(repair->paths[i], &repair->settings, &result);
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

int repair_start(struct repair **out, const char *const *paths, unsigned count,
                 repair_recording_fn *on_recording, void *user) {
    struct repair *repair = mem_alloc(sizeof *repair);
    repair->settings = (struct repair_settings){.is_stopping = &repair->is_stopping,
                                                .before_ms = clock_wall_ms() - CLOCK_GRAIN_MS,
                                                .on_line = log_line,
                                                .on_recording = on_recording,
                                                .user = user};
    repair->count = count < PATHS_MAX ? count : PATHS_MAX;
    for (unsigned i = 0; i < repair->count; i++)
        repair->paths[i] = paths[i];
    int err = thread_start(&repair->thread, "repair", NICE, run, repair);
    if (err) {
        mem_free(repair);
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
    mem_free(repair);
}
