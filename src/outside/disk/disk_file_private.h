/*
 * What disk_file.c (bytes and parts) and disk_note.c (what happened to the recording) share.
 * Private to them.
 */
#ifndef OUTSIDE_DISK_FILE_PRIVATE_H
#define OUTSIDE_DISK_FILE_PRIVATE_H

#include "base/list.h"
#include "outside/disk/disk_file.h"
#include "outside/disk/disk_part.h"
#include "outside/disk/disk_thread.h"

#include <stdatomic.h>

struct disk_files {
    struct disk_thread *thread;
    struct disk_finish *finish;
    struct list all;
    /* Those whose header or sidecar lags behind, the longest waiting first. */
    struct list due;
};

struct disk_file {
    struct list all; /* in files->all */
    struct list due; /* in files->due */
    int64_t due_ms;
    struct disk_files *files;
    struct recording_info info; /* for the next part; owns its texts */
    enum record_format format;
    struct disk_part *part; /* NULL: nothing is open */
    unsigned parts;         /* opened so far */
    char folder[TEXT_NAME_SIZE];
    uint64_t limit_bytes; /* of one part */
    uint16_t frame_bytes; /* 1 for streams */
    uint64_t
        past_bytes; /* of finished parts, silence included: where in time the next one begins */
    int64_t past_paused_ms;
    uint64_t lost_bytes; /* refused by the disk, to be made up by silence */
    int64_t retry_ms;    /* after a failure: not before */
    unsigned tries;      /* failures in a row; 0 = all is well */
    bool is_paused;
    int64_t paused_from_ms;
    atomic_bool is_broken;
};

static inline struct disk_stats *disk_file_stats(const struct disk_file *file) {
    return &file->files->thread->stats;
}

/* The longest a part may get, in whole sample frames. */
uint64_t disk_file_part_limit(const struct disk_settings *settings, enum record_format format,
                              uint16_t frame_bytes);

void disk_file_on_zeros(struct disk_file *file, uint64_t bytes);

/* The same for what was lost; what could not be written stays lost. */
int disk_file_make_up_lost(struct disk_file *file);

/* at_ms 0: where its samples end. */
void disk_file_close_part(struct disk_file *file, const char *end, int64_t at_ms);

void disk_file_on_failure(struct disk_file *file, int err, uint64_t lost_bytes);
void disk_file_set_due(struct disk_file *file);
void disk_file_finish(struct disk_file *file, const char *end, int64_t at_ms);

/* The first mail makes the file known to its thread. */
void disk_file_adopt(struct disk_file *file);

#endif
