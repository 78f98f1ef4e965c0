/*
 * The storage folder: where each kind of file lies, how untrusted names become paths, and who holds
 * the lock.
 *
 *   <audio>/<meeting>/<time>_<room>_<participant>_<track>.wav   and its sidecar .json
 *   <video>/<meeting>/...
 *   <root>/pipeline-logs/<meeting>.log
 *   <root>/prosa.db, <root>/secrets, <root>/prosa.run (run_mark.h)
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
 * Makes the folders (mode 0750) and locks each of them until storage_close() or the process's end.
 * EBUSY: another running server has locked one. On failure `why` is a sentence that names the
 * folder.
 */
int storage_open(struct storage **out, const struct storage_settings *settings, char *why,
                 size_t why_size);
void storage_close(struct storage *storage); /* NULL is allowed */

/* Descriptor of a kind's folder, for the *at functions. Any thread: it never changes. */
int storage_dir(const struct storage *storage, enum storage_kind kind);

enum { STORAGE_FILE_SIZE = 256 };

/*
 * A recording's file name without its ending: ISO time with '-' for ':', and three reduced names.
 */
void storage_file_name(char out[STORAGE_FILE_SIZE], int64_t started_ms, struct slice room,
                       struct slice participant, struct slice track);

/* Name of a meeting's folder, and of its pipeline log without ".log". */
void storage_folder_name(char out[TEXT_NAME_SIZE], struct slice meeting);

/*
 * Opens the folder `name` (from storage_folder_name) below that of `kind`; `make` creates a missing
 * one. Follows no symbolic link. The caller closes *fd.
 */
int storage_open_folder(const struct storage *storage, enum storage_kind kind, const char *name,
                        bool make, int *fd);

/* Takes "<folder>/<file>" apart. False for a path of another form. */
bool storage_split_path(struct slice path, char folder[STORAGE_FILE_SIZE],
                        char file[STORAGE_FILE_SIZE]);

/*
 * Opens "<folder>/<file>" below the folder of `kind` for reading. EINVAL: a path of another form.
 */
int storage_open_file(const struct storage *storage, enum storage_kind kind, struct slice path,
                      int *fd);

/*
 * Takes an exclusive advisory lock on an open file or folder. True as well when the file system has
 * no locks.
 */
bool storage_try_lock(int fd);

#endif
