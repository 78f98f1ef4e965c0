/*
 * What a crash left behind is made whole: headers that lag, frames cut short, totals never written, sidecars without an end. Files
 * that a running server has locked are left alone; doing it twice changes nothing.
 */
#ifndef OUTSIDE_REPAIR_H
#define OUTSIDE_REPAIR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct sidecar;

struct repair_config {
    bool dry_run;                   /* only say what would be done */
    const atomic_bool *is_stopping; /* may be NULL: looked at between files */
    int64_t
        before_ms; /* Unix time: files without a byte are removed only when last touched before it */
    void (*on_line)(void *arg, const char *path,
                    const char *what); /* for each file that was not as it should be */
    void (*on_sidecar)(
        void *arg, const char *folder,
        const struct sidecar *); /* made, completed, of the last week, or ended as "empty" and
                                    removed with its file; may be NULL */
    void *arg;
};

struct repair_result {
    uint64_t files;    /* looked at */
    uint64_t repaired; /* files and sidecars changed or made */
    uint64_t removed;  /* recordings that never got a byte */
    uint64_t locked;   /* in use, left alone */
    uint64_t failed;   /* could not be read or written, or are not what their name says */
};

/* Every recording below the folder, newest first. An errno when the folder itself cannot be read. */
int repair_folder(const char *path, const struct repair_config *config,
                  struct repair_result *result);

/*
 * The same in the background, on a thread of low priority; what it does goes to the log. on_sidecar (may be NULL) is called on that
 * thread, with the name of the folder that the file lies in.
 */
struct repair;
typedef void repair_sidecar_fn(void *arg, const char *folder, const struct sidecar *);
int repair_start(struct repair **out, const char *const *paths, unsigned count,
                 repair_sidecar_fn *on_sidecar, void *arg);
void repair_stop(struct repair *repair); /* soon, between two files; NULL is fine */

#endif
