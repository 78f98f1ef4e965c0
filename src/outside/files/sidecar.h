/* Everything known about one recorded file, and the .json beside it. */
#ifndef OUTSIDE_SIDECAR_H
#define OUTSIDE_SIDECAR_H

#include "base/buf.h"
#include "base/slice.h"
#include "outside/files/recording_info.h"
#include "outside/files/storage.h"

#include <stdbool.h>
#include <stdint.h>

enum sidecar_cause { GAP_NETWORK, GAP_DISK, GAP_NONE /* zeros that came: not a gap */ };

struct sidecar_gap { /* silence that we put in */
    uint64_t at;     /* sample frames from the file's start */
    uint64_t frames;
    enum sidecar_cause cause;
};

struct sidecar_pause {      /* time that is not in the file */
    uint64_t at;            /* sample frames from the file's start */
    int64_t from_ms, to_ms; /* Unix time; to_ms 0: not over */
};

/* The lists keep the first ones; the totals count all. */
enum { SIDECAR_LIST_MAX = 1000 };

struct sidecar {
    /* Owns its texts. path and duration_ms are left to sidecar_describe(). */
    struct recording_info info;
    char file[STORAGE_FILE_SIZE];
    uint64_t frames;  /* sample frames; 0 for video */
    int64_t drift_ms; /* how far the sender's clock fell behind ours */
    struct sidecar_gap *gaps;
    size_t gap_count;
    uint64_t gaps_total, gap_frames;
    struct sidecar_pause *pauses;
    size_t pause_count;
    uint64_t pauses_total;
    int64_t paused_ms;
};

void sidecar_free(struct sidecar *sidecar); /* what it holds, not the struct */

void sidecar_add_gap(struct sidecar *sidecar, uint64_t at, uint64_t frames,
                     enum sidecar_cause cause);
/* Network gaps that come to be known later: what lies behind `at` moves. `frames` of a gap begin at
 * `at`, or end there and are taken back. */
void sidecar_insert_gap(struct sidecar *sidecar, uint64_t at, uint64_t frames);
void sidecar_remove_gap(struct sidecar *sidecar, uint64_t at, uint64_t frames);
void sidecar_add_pause(struct sidecar *sidecar, uint64_t at, int64_t from_ms);
void sidecar_end_pause(struct sidecar *sidecar, int64_t from_ms, int64_t to_ms);
/* The last pause, which is over, ended so much later than was said. */
void sidecar_move_pause_end(struct sidecar *sidecar, int64_t by_ms);

/* From the first sample to the last, without pauses. */
int64_t sidecar_duration_ms(const struct sidecar *sidecar);

/*
 * The file's description with its path, "<folder>/<file>", and its duration. Borrows the sidecar's
 * texts and `path`.
 */
enum { SIDECAR_PATH_SIZE = TEXT_NAME_SIZE + STORAGE_FILE_SIZE };
struct recording_info sidecar_describe(const struct sidecar *sidecar, const char *folder,
                                       char path[SIDECAR_PATH_SIZE]);

void sidecar_write_json(struct buf *out, const struct sidecar *sidecar);

/* EINVAL: not a sidecar. */
int sidecar_parse_json(struct slice json, struct sidecar *out);

/* "<name>.json" for the file "<name>.<ending>". */
void sidecar_file_name(char out[STORAGE_FILE_SIZE], const char *file);

/* Writes the .json beside its file, whole or not at all. */
int sidecar_save(int folder_fd, const struct sidecar *sidecar, bool sync);

/*
 * Sets the meeting in the sidecar of the recording at "<folder>/<file>", whole or not at all;
 * writes nothing when it is set already. EBUSY: the file is locked. Waits for the disk.
 */
int sidecar_set_meeting(const struct storage *storage, enum storage_kind kind, struct slice path,
                        struct slice meeting);

/* ENOENT, EINVAL, or an error of reading. */
int sidecar_load(int folder_fd, const char *file, struct sidecar *out);

#endif
