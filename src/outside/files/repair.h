/*
 * What a crash left behind is made whole: headers that lag, frames cut short, totals never written,
 * sidecars without an end. Files that a running server has locked are left alone; doing it twice
 * changes nothing.
 */
#ifndef OUTSIDE_REPAIR_H
#define OUTSIDE_REPAIR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct recording_info;

/*
 * Called with what a file holds, once it is whole: its sidecar was made, completed, written in the
 * last week, or has ended as "empty" and was removed with its file.
 */
typedef void repair_recording_fn(const struct recording_info *info, void *user);

struct repair_settings {
    /* Only say what would be done. */
    bool dry_run;
    /* May be NULL: looked at between files. */
    const atomic_bool *is_stopping;
    /* Unix time: files without a byte are removed only when last touched before it. */
    int64_t before_ms;
    /* For each file that was not as it should be. May be NULL. */
    void (*on_line)(const char *path, const char *what, void *user);
    /* May be NULL. */
    repair_recording_fn *on_recording;
    void *user;
};

struct repair_result {
    uint64_t files;    /* looked at */
    uint64_t repaired; /* files and sidecars changed or made */
    uint64_t removed;  /* recordings that never got a byte */
    uint64_t locked;   /* in use, left alone */
    uint64_t failed;   /* could not be read or written, or are not what their name says */
};

/*
 * Every recording below the folder, newest first. An errno when the folder itself cannot be read.
 */
int repair_folder(const char *path, const struct repair_settings *config,
                  struct repair_result *result);

/*
 * The same in the background, on a thread of low priority; what it does goes to the log.
 * on_recording (may be NULL) is called on that thread.
 */
struct repair;
int repair_start(struct repair **out, const char *const *paths, unsigned count,
                 repair_recording_fn *on_recording, void *user);
void repair_stop(struct repair *repair); /* soon, between two files; NULL is fine */

/*
 * prosa repair DIR [--dry-run]. Exit codes: 0 done, 1 some file could not be repaired, 2 wrong
 * usage.
 */
int repair_main(int argc, char **argv);

#endif
