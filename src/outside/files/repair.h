/*
 * Repairs what a crash left behind: outdated headers, cut frames, missing totals, sidecars without
 * an end. Files that a running server has locked are skipped. A second run changes nothing.
 */
#ifndef OUTSIDE_REPAIR_H
#define OUTSIDE_REPAIR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct recording_info;

/*
 * Called for each repaired file whose sidecar was made, completed or written in the last week, and
 * for each file that was removed because it is empty (`end` is "empty").
 */
typedef void repair_recording_fn(const struct recording_info *info, void *user);

struct repair_settings {
    /* Only say what would be done. */
    bool dry_run;
    /* Checked between files. May be NULL. */
    const atomic_bool *is_stopping;
    /* Unix time: files without a byte are removed only when last touched before it. */
    int64_t before_ms;
    /* For each file that had to be repaired. May be NULL. */
    void (*on_line)(const char *path, const char *what, void *user);
    /* May be NULL. */
    repair_recording_fn *on_recording;
    void *user;
};

struct repair_result {
    uint64_t files;    /* looked at */
    uint64_t repaired; /* files and sidecars changed or made */
    uint64_t removed;  /* files without a byte */
    uint64_t locked;   /* in use, left alone */
    uint64_t failed;   /* could not be read or written, or are not of their name's format */
};

/*
 * Repairs every recording below the folder, newest first. An errno when the folder itself cannot be
 * read.
 */
int repair_folder(const char *path, const struct repair_settings *settings,
                  struct repair_result *result);

/*
 * The same in the background, on a thread of low priority, with a log line for each file. The paths
 * must outlive it. on_recording (may be NULL) is called on that thread.
 */
struct repair;
int repair_start(struct repair **out, const char *const *paths, unsigned count,
                 repair_recording_fn *on_recording, void *user);
void repair_stop(struct repair *repair); /* returns after the file at work; NULL is fine */

#endif
