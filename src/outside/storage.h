/*
 * The storage folder: where each kind of file lies, how untrusted names become paths, and who holds
 * the lock.
 *
 *   <audio>/<meeting>/<time>_<room>_<participant>_<track>.wav   and its sidecar .json
 *   <video>/<meeting>/...
 *   <root>/pipeline-logs/<meeting>.log
 *   <root>/prosa.db, <root>/secrets
 */
#ifndef OUTSIDE_STORAGE_H
#define OUTSIDE_STORAGE_H

#include "base/slice.h"
#include "base/text.h"

enum storage_kind { STORAGE_AUDIO, STORAGE_VIDEO, STORAGE_LOGS, STORAGE_KINDS };

struct storage_config {
    const char *root;  /* "storage" */
    const char *audio; /* EGRESS_AUDIO_OUTPUT_DIR; NULL: <root>/egress/audio */
    const char *video; /* EGRESS_VIDEO_OUTPUT_DIR; NULL: <root>/egress/video */
};

struct storage;

/*
 * Makes the folders (mode 0750 under umask 027) and locks each of them for this process. EBUSY:
 * another running server holds one of them. *path names the folder that failed (borrowed from
 * config or static).
 */
int storage_open(struct storage **out, const struct storage_config *config, const char **path);
void storage_close(struct storage *storage);

/* Readable from any thread; NUL-terminated, as configured. */
const char *storage_path(const struct storage *storage, enum storage_kind kind);
const char *storage_root(const struct storage *storage);
int storage_dir(const struct storage *storage,
                enum storage_kind kind); /* a descriptor for the *at functions */

enum { STORAGE_FILE_SIZE = 224 }; /* "<time>_<room>_<participant>_<track>_p65535.json" fits */

/* The file name without its ending: ISO time with '-' for ':', and three reduced names. */
void storage_file_name(char out[STORAGE_FILE_SIZE], int64_t started_ms, struct slice room,
                       struct slice participant, struct slice track);

/*
 * Opens, beneath the folder of `kind`, the meeting's own folder (made when `make`); follows no
 * symbolic link. *fd is the caller's to close.
 */
int storage_open_meeting(const struct storage *storage, enum storage_kind kind,
                         struct slice meeting, bool make, int *fd);

/* Opens a recording for reading by its path below the folder of `kind` ("<meeting>/<file>"). EINVAL
 * for a path of another shape. */
int storage_open_file(const struct storage *storage, enum storage_kind kind, struct slice path,
                      int *fd);

/* Exclusive advisory lock on an open file: true when we have it (or the file system knows no
 * locks). */
bool storage_try_lock(int fd);

#endif
