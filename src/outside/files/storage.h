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

struct storage_settings {
    const char *root;  /* "storage" */
    const char *audio; /* EGRESS_AUDIO_OUTPUT_DIR; NULL: <root>/egress/audio */
    const char *video; /* EGRESS_VIDEO_OUTPUT_DIR; NULL: <root>/egress/video */
};

struct storage;

/*
 * Makes the folders (mode 0750) and locks each of them until storage_close or the process's end.
 * EBUSY: another running server holds one of them. On failure `why` is one sentence that names the
 * folder.
 */
int storage_open(struct storage **out, const struct storage_settings *config, char *why,
                 size_t why_size);
void storage_close(struct storage *storage); /* NULL is allowed */

/* For the *at functions. Constant after open, so any thread may ask. */
int storage_dir(const struct storage *storage, enum storage_kind kind);

enum { STORAGE_FILE_SIZE = 256 };

/*
 * A recording's file name without its ending: ISO time with '-' for ':', and three reduced names.
 */
void storage_file_name(char out[STORAGE_FILE_SIZE], int64_t started_ms, struct slice room,
                       struct slice participant, struct slice track);

/* What a meeting's folder is called, and its pipeline log without ".log". */
void storage_folder_name(char out[TEXT_NAME_SIZE], struct slice meeting);

/*
 * Opens the folder `name` (from storage_folder_name) beneath that of `kind`, makes it if asked and
 * missing; follows no symbolic link. *fd is the caller's to close.
 */
int storage_open_folder(const struct storage *storage, enum storage_kind kind, const char *name,
                        bool make, int *fd);

/*
 * Opens for reading by a path below the folder of `kind`: "<folder>/<file>"; any other shape is
 * EINVAL.
 */
int storage_open_file(const struct storage *storage, enum storage_kind kind, struct slice path,
                      int *fd);

/*
 * Exclusive advisory lock on an open file or folder: true when we have it, or when the file system
 * knows no locks.
 */
bool storage_try_lock(int fd);

#endif
