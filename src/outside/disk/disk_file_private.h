/* What disk_file.c (bytes and parts) and disk_note.c (notes) share. */
#ifndef OUTSIDE_DISK_FILE_PRIVATE_H
#define OUTSIDE_DISK_FILE_PRIVATE_H

#include "outside/disk/disk_file.h"
#include "outside/disk/disk_part.h"
#include "outside/disk/disk_thread.h"

#include <stdatomic.h>

struct disk_file {
    struct disk_thread *thread;
    struct list all; /* in thread->files */
    struct list due; /* in thread->due_files */
    int64_t due_ms;
    struct recording_info info; /* for the next part; owns its texts */
    enum record_format format;
    struct disk_part *part; /* NULL: nothing is open */
    unsigned parts;         /* opened so far */
    char folder[TEXT_NAME_SIZE];
    uint64_t limit_bytes; /* of one part */
    uint16_t frame_bytes; /* 1 for streams */
    uint64_t past_bytes;  /* of finished parts, silence included: the start time of the next one */
    int64_t past_paused_ms;
    int64_t named_ms; /* the time in the names of its parts */
    uint64_t lost_bytes; /* could not be written, to be replaced by silence */
    uint64_t owed_bytes; /* of gaps that could not be taken back; the next is shorter */
    int64_t retry_ms;    /* after a failure: not before */
    unsigned tries;      /* failures in a row */
    bool is_paused, has_resumed;
    int64_t paused_from_ms;
    atomic_bool is_broken;
};

/* Sets the bytes of a sample frame, and the most bytes that a part may have in whole frames. */
void disk_file_set_frame_bytes(struct disk_file *file, uint32_t channels);

void disk_file_on_zeros(struct disk_file *file, uint64_t bytes);

/* Whether it can be written now; opens a part if none is open. */
bool disk_file_is_ready(struct disk_file *file);

/* Puts a gap of so many bytes before the last tail_bytes, or (negative) takes it back. */
void disk_file_on_shift(struct disk_file *file, uint64_t tail_bytes, int64_t bytes);

/* Appends zeros after what was lost before them. What cannot be written counts as lost. */
int disk_file_make_up(struct disk_file *file, uint64_t bytes, enum sidecar_cause cause);

/* After an attempt to write: counts, and sets the file due. */
void disk_file_on_written(struct disk_file *file, int err, uint64_t lost_bytes);

/* Appends silence for lost_bytes; what cannot be written remains in it. */
int disk_file_make_up_lost(struct disk_file *file);

/* at_ms 0: the time at which its samples end. */
void disk_file_close_part(struct disk_file *file, const char *end, int64_t at_ms);

void disk_file_on_failure(struct disk_file *file, int err, uint64_t lost_bytes);
void disk_file_set_due(struct disk_file *file);
void disk_file_finish(struct disk_file *file, const char *end, int64_t at_ms);

/* Lists the file on its thread, at its first mail. */
void disk_file_adopt(struct disk_file *file);

#endif
